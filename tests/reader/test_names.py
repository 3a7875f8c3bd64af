"""From names to runs: which study, in which order, under which variants' names; and errors that help."""

import os
from pathlib import Path

import pytest
from leftovers import leave, leave_study

from harness.errors import ConfigError, HarnessError, UnknownNameError
from harness.events import Events
from harness.reader import Found, one_run, read_runs


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def labels(found: Found) -> list[tuple[str, int]]:
    return [(run.variant, run.seed) for run in found.runs]


def test_a_file_stands_for_its_newest_study_in_the_order_of_that(runs: Path, tmp_path: Path) -> None:
    wide, base = leave(runs, "wide", 10), leave(runs, "base", 2)
    old = leave(runs, "wide", 11)
    first = leave_study(runs, ["wide"], [old], name="aaaaaaaa", seeds=[11])
    leave_study(runs, ["wide", "base"], [base, wide], name="bbbbbbbb", seeds=[10, 2])
    os.utime(first / "study.json", (1, 1))
    file = tmp_path / "ring.yaml"
    file.write_text(
        "name: ring\ndescription: d\nfigures: [saturation, {name: figure1, rows: 2}]\nseeds: [7]\n"
    )
    found = read_runs([str(file)], runs)
    assert labels(found) == [("wide", 10), ("base", 2)]
    assert (found.name, found.description) == ("ring", "d")
    assert found.figures == {"saturation": {}, "figure1": {"rows": 2}}
    assert found.source == runs / "ring/.studies/bbbbbbbb"
    assert found.seeds == (10, 2)  # of the command that made them
    assert found.command == ("harness", "run", "ring.yaml")
    assert labels(read_runs(["ring"], runs)) == labels(found)


def test_without_an_ended_study_a_file_stands_for_all_its_runs(runs: Path, tmp_path: Path) -> None:
    for variant, seed in (("b", 10), ("b", 9), ("a", 0)):
        leave(runs, variant, seed)
    study = leave_study(runs, ["b", "a"], ended=False)
    file = tmp_path / "ring.yaml"
    file.write_text("name: ring\nvariants: {b: {}, a: {}}\n")
    found = read_runs([str(file)], runs)
    assert labels(found) == [("b", 9), ("b", 10), ("a", 0)]
    assert found.source is None
    assert labels(read_runs([str(study)], runs)) == labels(found)


def test_the_final_of_a_search_is_not_the_newest_study(runs: Path) -> None:
    run, winner = leave(runs, "base", 0), leave(runs, "winner", 1)
    leave_study(runs, ["base"], [run], name="aaaaaaaa")
    final = runs / "ring/.studies/ffffffff"
    final.mkdir(parents=True)
    with Events(final) as events:
        events.write("start", experiment="ring", name="final", parent="../../.sweeps/ring", tags={})
    leave_study(runs, ["winner"], [winner], name="ffffffff")
    assert labels(read_runs(["ring"], runs)) == [("base", 0)]
    assert labels(read_runs([str(final)], runs)) == [("winner", 1)]


def test_a_cell_that_failed_before_it_had_a_folder_is_there_with_the_reason(runs: Path) -> None:
    run = leave(runs, "base", 0)
    study = leave_study(runs, ["base"], [run], {"base/seed1-0123abcd": "no such data"})
    failed = read_runs([str(study)], runs).runs[1]
    assert (failed.variant, failed.seed, failed.status, failed.reason) == (
        "base",
        1,
        "failed",
        "no such data",
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("{runs}/ring/base", [("base", 0), ("base", 1)]),
        ("{runs}/ring", [("base", 0), ("base", 1), ("wide", 0)]),
        ("{runs}", [("base", 0), ("base", 1), ("wide", 0)]),
        ("ring/wide", [("wide", 0)]),
        ("ring/base/seed1", [("base", 1)]),
    ],
)
def test_folders_and_names_stand_for_what_lies_there(
    name: str, expected: list[tuple[str, int]], runs: Path
) -> None:
    for variant, seed in (("base", 0), ("base", 1), ("wide", 0)):
        leave(runs, variant, seed)
    (runs / "ring/.sweeps/ring/trial0000/seed0-00000000").mkdir(parents=True)
    (runs / "ring/.sweeps/ring/trial0000/seed0-00000000/config.yaml").write_text("variant: trial")
    assert labels(read_runs([name.format(runs=runs)], runs)) == expected


def test_variants_of_several_experiments_or_configurations_have_names_of_their_own(runs: Path) -> None:
    one = leave(runs, "base", 0)
    changed = leave(runs, "base", 0, identity={"code": "e" * 64})
    found = read_runs([str(one), str(changed), str(one)], runs)
    assert [run.variant for run in found.runs] == [f"base ({folder.name[-8:]})" for folder in (one, changed)]
    other = leave(runs, "base", 0, experiment="grid")
    found = read_runs([str(one), str(other)], runs)
    assert [run.variant for run in found.runs] == ["ring/base", "grid/base"]
    assert found.name == "ring and grid"
    assert read_runs([str(one)], runs).runs[0].variant == "base"


def test_a_single_run_is_asked_for(runs: Path) -> None:
    leave(runs, "base", 0)
    leave(runs, "base", 0, identity={"code": "e" * 64})
    leave(runs, "base", 1)
    assert one_run("ring/base/seed1", runs).seed == 1
    with pytest.raises(ConfigError, match=r"`ring/base/seed0` is 2 runs \(.*seed0-.*name one"):
        one_run("ring/base/seed0", runs)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rnig", "did you mean `ring`"),
        ("ring/base/seed7", "did you mean `ring/base/seed0`"),
        ("{tmp}/none.yaml", "there is no "),
        ("{tmp}/empty", "there is no run in "),
        ("{tmp}/notes.txt", "is no experiment file"),
        ("{tmp}/broken.yaml", "is no YAML"),
        ("{tmp}/nameless.yaml", "has no `name`"),
        ("{tmp}/other.yaml", "has no runs in .*harness run .*--runs"),
        ("{runs}/ring/bose", "did you mean `.*ring/base`"),
        ("{runs}/ring/.sweeps/ring", "harness report .*/ring/.sweeps/ring"),
        ("{runs}/ring/.sweeps/ring/wide", "harness report .*/ring/.sweeps/ring`"),
    ],
)
def test_an_error_is_one_line_with_the_way_out(name: str, message: str, runs: Path, tmp_path: Path) -> None:
    leave(runs, "base", 0)
    (runs / "ring/.sweeps/ring/wide").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    for file, text in (
        ("notes.txt", "a"), ("broken.yaml", "a: ["), ("nameless.yaml", "a: 1"), ("other.yaml", "name: other"),
    ):  # fmt: skip
        (tmp_path / file).write_text(text)
    with pytest.raises(HarnessError, match=message) as caught:
        read_runs([name.format(tmp=tmp_path, runs=runs)], runs)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ConfigError)


def test_without_any_run_the_way_is_another_folder(runs: Path) -> None:
    with pytest.raises(UnknownNameError, match="--runs"):
        read_runs(["ring"], runs)
    with pytest.raises(ConfigError, match="name an experiment"):
        read_runs([], runs)

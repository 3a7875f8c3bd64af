"""`harness show` and `harness diff`: one run as a person asks after it, and two of them side by side."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leftovers import leave, leave_study

from harness.commands.diff import diff_runs, difference
from harness.commands.facts import document, part
from harness.commands.show import show_run, spread
from harness.files import read_json, write_json
from harness.reader import read_run


def shown(name: Path, capsys: pytest.CaptureFixture[str]) -> str:
    show_run(str(name), Path("none"), None, as_json=False)
    return " ".join(capsys.readouterr().out.split())


def test_a_run_says_what_it_was_how_it_went_and_where_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = leave(tmp_path / "runs", "base", 4)
    text = shown(folder, capsys)
    for said in (
        "ring/base/seed4 finished",
        "network mlp (latent size 8)",
        "penalties r1 (weight 0.5)",
        "training steps 200, batch_size 64",
        "protocol digits classifier, 1,000 images of digits, train split, 10,000 samples, fingerprint",
        "command harness run ring.yaml",
        f"commit {'a' * 40} (branch main)",
        "versions python 3.11.7, torch 2.15.0",
        "200 steps in 60 s, of them 20 s of training",
        "100 9.000 0.5000 10 200 5.000 0.5000 20",  # the curve
        "FID ↓ 5.000 0.1000 0.5000 69.00",  # its last value, with its error, between floor and ceiling
        "? unreliable precision: too few samples",
        "note: a note",
        f"run {folder}",
    ):
        assert said in text


def test_a_failed_run_says_why_and_shows_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(leave(tmp_path / "runs", status="failed", reason="the losses were not finite"), capsys)
    assert "failed the losses were not finite" in text
    assert "100 9.000" in text
    assert "floor" not in text


def test_the_command_behind_a_worker_is_the_one_of_its_study(tmp_path: Path) -> None:
    study = leave_study(tmp_path / "runs", ["base"], ended=False)
    folder = leave(tmp_path / "runs", parent=study)
    provenance = read_json(folder / "provenance.json")
    write_json(folder / "provenance.json", {**provenance, "command": ["harness", "worker", "--led"]})
    from harness.commands.facts import command_of

    assert command_of(read_run(folder)) == ["harness", "run", "ring.yaml"]


def test_the_document_holds_everything_and_is_json(tmp_path: Path) -> None:
    run = read_run(leave(tmp_path, curve={100: float("inf"), 200: 5.0}))
    found = json.loads(json.dumps(document(run), allow_nan=False))
    assert found["values"]["fid"] == 5.0
    assert found["evaluations"]["100"]["eval/fid"] == "nan"
    assert found["provenance"]["git"]["branch"] == "main"
    assert found["seconds_of_training"] == pytest.approx(20.0)


@given(st.lists(st.integers(0, 10**6), min_size=1, unique=True), st.integers(2, 20))
def test_a_long_curve_keeps_its_ends(steps: list[int], most: int) -> None:
    steps = sorted(steps)
    kept = spread(steps, most)
    assert len(kept) == len(set(kept)) == min(most, len(steps))
    assert set(kept) <= set(steps)
    assert kept == sorted(kept)
    assert kept[-1] == steps[-1]
    assert kept[0] == steps[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("hinge", "hinge"),
        ({"name": "mlp", "latent": {"size": 8}, "norm": None}, "mlp (latent size 8)"),
        ([{"name": "r1", "weight": 0.5}, "r2"], "r1 (weight 0.5), r2"),
        ([256, 128], "[256, 128]"),
    ],
)
def test_a_part_is_told_in_a_line(value: object, text: str) -> None:
    assert part(value) == text


def test_two_runs_differ_in_what_was_changed_and_in_nothing_else(tmp_path: Path) -> None:
    one = leave(tmp_path, "base", 0)
    other = leave(tmp_path, "slow", 0, training={"learning_rate": 1e-4}, curve={100: 9.0, 200: 7.5})
    found = difference(read_run(one), read_run(other))
    assert found.sections["configuration"] == {
        "variant": ("base", "slow"),
        "training.learning_rate": (None, 1e-4),
    }
    assert not any(found.sections[name] for name in ("environment", "code", "data", "protocol", "outcome"))
    assert found.comparable is True
    assert found.values["FID"].difference == 2.5
    back = difference(read_run(other), read_run(one))
    assert back.values["FID"].difference == -2.5


def test_values_of_two_protocols_stand_side_by_side_without_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = leave(tmp_path, seed=0)
    other = leave(tmp_path, seed=1, fingerprint="0" * 64, identity={"code": "1" * 64, "data": "2" * 64})
    provenance = read_json(other / "provenance.json")
    provenance["packages"]["torch"] = "2.16.0"
    provenance["git"]["dirty"] = True
    write_json(other / "provenance.json", provenance)
    found = difference(read_run(one), read_run(other))
    assert found.comparable is False
    assert found.sections["environment"] == {"torch": ("2.15.0", "2.16.0")}
    assert set(found.sections["code"]) == {"digest", "uncommitted changes"}
    assert set(found.sections["data"]) == {"digest"}
    assert found.values["FID"].difference is None
    diff_runs(str(one), str(other), tmp_path, None, as_json=False)
    text = capsys.readouterr().out
    assert "not to be compared" in text
    assert "B − A" not in text
    diff_runs(str(one), str(other), tmp_path, None, as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed["comparable"] is False
    assert printed["values"]["FID"] == {"one": 5.0, "other": 5.0, "difference": None}


def test_nothing_different_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(leave(tmp_path))
    diff_runs(folder, folder, tmp_path, None, as_json=False)
    assert "Nothing differs" in capsys.readouterr().out


def test_a_run_without_a_result_has_a_reason_in_place_of_values(tmp_path: Path) -> None:
    failed = leave(tmp_path, seed=1, status="failed", reason="it broke")
    found = difference(read_run(leave(tmp_path, seed=0)), read_run(failed))
    assert found.comparable is None
    assert found.sections["outcome"] == {"status": ("finished", "failed"), "reason": ("", "it broke")}
    assert (found.values["FID"].one, found.values["FID"].other) == (5.0, None)


def test_no_title_is_markup_and_no_name_steers_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [leave(tmp_path / "runs", variant) for variant in ("a", "b\x1b[31m")]
    for folder in folders:
        results = read_json(folder / "results.json")
        results["columns"][0]["title"], results["columns"][1]["title"] = "KID [/x]", "FID [k=5]\u202e"
        results["notes"] = ["\x1b]0;title\x07"]
        write_json(folder / "results.json", results)
        text = shown(folder, capsys)
        assert "KID [/x] ↓" in text
        assert "FID [k=5]\ufffd ↑" in text
        assert "\x1b" not in text
        assert "\x07" not in text
    diff_runs(str(folders[0]), str(folders[1]), Path("none"), None, as_json=False)
    text = capsys.readouterr().out
    assert "KID [/x]" in text
    assert "[k=5]" in text
    assert "\x1b" not in text


def test_what_a_table_leaves_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    long = {10 * step: 9.0 - step / 10 for step in range(1, 31)}
    text = shown(leave(tmp_path, curve=long), capsys)
    assert "10 of 30 evaluations; all with --json" in text
    assert "± se: standard error over the images of this run, not over seeds" in text
    unfinished = shown(leave(tmp_path, "wide", status="failed", reason="no"), capsys)
    assert "eval/" not in unfinished

"""`harness report`: where it goes, what it is of, and that it needs nothing to train with."""

import subprocess
import sys
from pathlib import Path

import pytest
from leftovers import leave, leave_study
from searches import FID, space, trials

from harness.commands.report import drawings, report
from harness.errors import ConfigError, HarnessError
from harness.figures import NothingToDrawError
from harness.sweep_report import Searched, write_sweep_report

WITHOUT_TORCH = """
import sys
from harness.cli import main
try:
    main()
finally:
    heavy = {"torch", "mlflow", "optuna"} & set(sys.modules)
    assert not heavy, heavy
"""


def test_the_report_of_a_study_lies_in_it_and_is_written_without_torch(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    folders = [leave(runs, variant, seed) for variant in ("base", "wide") for seed in (0, 1)]
    study = leave_study(runs, ["base", "wide"], folders, description="two < three")
    arguments = ["report", "ring", "--runs", str(runs)]
    command = [sys.executable, "-c", WITHOUT_TORCH, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{study / 'report.html'}\n"
    text = (study / "report.md").read_text()
    assert "# ring" in text
    assert "two &lt; three" in text
    assert "| base |" in text
    assert (study / "report.html").stat().st_size > 1000


def test_the_report_of_a_search_is_written_again_from_its_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    search = tmp_path / "runs/ring/.sweeps/hunt"
    search.mkdir(parents=True)
    with pytest.raises(ConfigError, match="has no report yet"):
        report([str(search)], tmp_path / "runs", None, None)
    found = trials(6, space(2), seed=3)
    searched = Searched("base", space(2), (FID,), found, {}, "tpe", "none", (0,), "2,000 images.")
    write_sweep_report(search, "hunt", "", [searched], None, "- commit: abc")
    before = (search / "report.md").read_text()
    report([str(search)], tmp_path / "runs", tmp_path / "out", None)
    assert (tmp_path / "out/report.md").read_text() == before
    assert (tmp_path / "out/figures/history.svg").is_file()
    assert capsys.readouterr().out == f"{tmp_path / 'out/report.html'}\n"
    with pytest.raises(ConfigError, match="name it alone"):
        report([str(search), "ring"], tmp_path / "runs", None, None)


def test_a_figure_that_cannot_be_found_or_made_says_so_when_it_is_drawn() -> None:
    found = drawings({"figure2": {}, "figure1": {"rows": "many"}, "saturation": {}})
    with pytest.raises(HarnessError, match="did you mean `figure1`"):
        found["figure2"]([])
    with pytest.raises(ConfigError, match="do not fit"):
        found["figure1"]([])
    with pytest.raises(NothingToDrawError):
        found["saturation"]([])


def test_a_folder_that_cannot_be_written_to_is_said_before_anything_is_drawn(tmp_path: Path) -> None:
    folder = leave(tmp_path / "runs")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="--out"):
        report([str(folder)], tmp_path / "runs", tmp_path / "file" / "out", None)


def test_so_is_a_folder_that_has_the_name_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.report.page.drawings", lambda *_: [])
    folder = leave(tmp_path / "runs")
    (tmp_path / "out" / "report.md").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"report\.md: Is a directory.*--out"):
        report([str(folder)], tmp_path / "runs", tmp_path / "out", None)


def test_a_stopped_experiment_says_what_was_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.report.page.drawings", lambda *_: [])
    runs = tmp_path / "runs"
    leave(runs, "ns")
    leave_study(runs, ["ns", "hinge"], ended=False, seeds=[0, 1])
    file = tmp_path / "mine.yaml"
    file.write_text("name: ring\nseeds: [0, 1]\nvariants: {ns: {}, hinge: {}}\n")
    for name in ("ring", str(file)):
        report([name], runs, tmp_path / "out", None)
        text = (tmp_path / "out/report.md").read_text()
        assert "2 variants, **ns**, **hinge**, with seeds 0 and 1: **1 of 4 trainings have a result**" in text

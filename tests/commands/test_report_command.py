"""`harness report`: where it goes, what it is of, and that it needs nothing to train with."""

import subprocess
import sys
from pathlib import Path

import pytest
from leftovers import leave, leave_study

from harness.commands.report import drawings, report
from harness.errors import ConfigError, HarnessError
from harness.figures import NothingToDrawError

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


def test_the_page_of_a_search_is_made_of_its_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    search = tmp_path / "runs/ring/.sweeps/hunt"
    search.mkdir(parents=True)
    with pytest.raises(ConfigError, match="has no report yet"):
        report([str(search)], tmp_path / "runs", None, None)
    (search / "report.md").write_text("# hunt\n\nThe best trial was number 7.\n")
    (search / "figures").mkdir()
    report([str(search)], tmp_path / "runs", tmp_path / "out", None)
    assert "number 7" in (tmp_path / "out/report.html").read_text()
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

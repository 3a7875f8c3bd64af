"""The report of a study: everything in it, again when something else is asked for, and never a failure."""

from pathlib import Path

import pytest
from folders import events, only_run
from lines import ALL, Train, trainer

from harness.diagnostics import landscape
from harness.figures import Draw
from harness.files import read_json
from harness.report import read_run
from harness.rundir import RunDir

DRAW = "figures=[optimal_discriminator, figure1]"


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    monkeypatch.setattr(landscape, "SAMPLES", 2000)
    return trainer(tmp_path)


def study_folder(tmp_path: Path) -> Path:
    (folder,) = (tmp_path / "runs/line/.studies").iterdir()
    return folder


def test_a_report_holds_table_figures_and_origin_and_is_logged(train: Train, tmp_path: Path) -> None:
    study, listener = train(ALL, DRAW, "description='a < b & $x$ <script>'")
    folder = study_folder(tmp_path)
    assert study.report == folder / "report.md"
    text = study.report.read_text()
    assert text.startswith("# line\n\na &lt; b &amp; $x$ &lt;script&gt;\n\n| | base |")
    for part in (
        "## Diagnostics at the last step",
        r"| V(D, G) | C(G) = V(D*, G) | C(G) − V(D, G) | mean \|D − D*\| |",
        "![D on its way to D*](figures/optimal_discriminator.png)",
        "![The game as in figure 1 of the paper](figures/figure1.png)",
        "fingerprint",
        "- seeds: 0\n",
        "- versions: python 3",
        "- commit: ",
    ):
        assert part in text
    files = [
        f"figures/{name}.{form}" for name in ("optimal_discriminator", "figure1") for form in ("png", "svg")
    ]
    assert all((folder / file).stat().st_size > 1000 for file in files)
    logged = [event["file"] for event in events(folder) if event["kind"] == "artifact"]
    assert logged == ["experiment.yaml", "study.json", "report.md", *files]
    assert listener.warnings == []


def test_without_figures_there_is_a_report_all_the_same(train: Train, tmp_path: Path) -> None:
    study, _ = train()
    text = study.report.read_text()
    assert "| FID ↓ |" in text
    assert "![" not in text
    assert "Diagnostics" not in text


def test_a_figure_that_cannot_be_drawn_is_a_warning(train: Train) -> None:
    study, listener = train("figures=[saturation, 'test_report:broken']")
    assert study.outcomes[0].results
    assert listener.warnings == [
        "figure `saturation`: no finished run has an affine generator at a distance",
        "figure `test_report:broken`: ZeroDivisionError: division by zero",
    ]
    assert "Not drawn: ZeroDivisionError" in study.report.read_text()


def broken() -> Draw:
    """Cannot be drawn."""
    return lambda runs: 1 / 0  # type: ignore[return-value]


def test_it_is_written_again_only_when_another_one_is_asked_for(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train()
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*") if file.is_file()}
    train()
    after = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*") if file.is_file()}
    assert {file for file in before if before[file] != after[file]} == {tmp_path / "experiment.yaml"}

    study, listener = train("figures=[criterion_curve]")
    assert listener.trained == []
    assert len(listener.warnings) == 1
    assert "C(G)" in study.report.read_text()
    monkeypatch.setattr("harness.report._drawing_code", lambda: "newer")
    _, listener = train("figures=[criterion_curve]")
    assert len(listener.warnings) == 1
    assert read_json(study_folder(tmp_path) / "study.json")["runs"]


def test_a_study_of_failures_has_a_report_too(train: Train, tmp_path: Path) -> None:
    study, listener = train("loss=wasserstein", "training.optimizer=sgd", "training.learning_rate=1e30", DRAW)
    assert study.outcomes[0].results is None
    assert "1 of 1 runs have no result" in study.report.read_text()
    assert len(listener.warnings) == 1  # of the run, not of its figures


def test_a_run_is_read_as_figures_see_it(train: Train, tmp_path: Path) -> None:
    train(ALL)
    run = read_run("base", 0, RunDir(only_run(tmp_path / "runs")))
    assert run.finished
    assert run.config["dataset"]["name"] == "gaussian_1d"
    assert [step for step, _ in run.curve("theory/v")] == [0, 10, 20]
    assert [step for step, _ in run.curve("eval/fid")] == [10, 20]
    assert sorted(run.records) == ["figure1", "optimal_discriminator"]
    assert sorted(run.records["figure1"]) == [0, 10, 20]
    assert not read_run("base", 0, RunDir(tmp_path / "nothing")).finished

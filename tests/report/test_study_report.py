"""The report of a study: everything in it, again when something else is asked for, and never a failure."""

from pathlib import Path

import pytest
from folders import events
from lines import ALL, Train, trainer

from harness.diagnostics import landscape
from harness.figures import Draw
from harness.files import read_json

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
    assert study.report == folder / "report.html"
    text = (folder / "report.md").read_text()
    assert text.startswith(
        "# line\n\na &lt; b &amp; $x$ &lt;script&gt;\n\nOne variant, **base**, with seed 0"
    )
    for part in (
        "## Diagnostics at the last step",
        "\n| V(D, G) | -",
        "\n| C(G) = V(D\\*, G) | -",
        "\n| mean \\|D − D\\*\\| | 0.",
        "![D on its way to D\\*](figures/optimal_discriminator.png)",
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
    assert logged[:2] == ["experiment.yaml", "study.json"]
    assert {"report.md", "report.html", "report.csv", "report.json", "report.tex", *files} <= set(logged)
    assert all((folder / file).is_file() for file in logged)
    assert listener.warnings == []


def test_without_any_asked_for_there_is_a_report_all_the_same(train: Train, tmp_path: Path) -> None:
    study, _ = train()
    text = study.report.with_suffix(".md").read_text()
    assert "FID ↓ |" in text
    assert "Diagnostics" not in text
    assert "Not drawn" not in text  # of what nobody asked for


def test_a_figure_that_cannot_be_drawn_is_a_warning(train: Train) -> None:
    study, listener = train("figures=[saturation, 'test_study_report:broken']")
    assert study.outcomes[0].results
    assert listener.warnings == [
        "figure `saturation`: no finished run has an affine generator at a distance",
        "figure `test_study_report:broken`: ZeroDivisionError: division by zero",
    ]
    assert "Not drawn: ZeroDivisionError" in study.report.with_suffix(".md").read_text()


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
    assert "C(G)" in study.report.with_suffix(".md").read_text()
    monkeypatch.setattr("harness.report.key.writing_code", lambda: "newer")
    _, listener = train("figures=[criterion_curve]")
    assert len(listener.warnings) == 1
    assert read_json(study_folder(tmp_path) / "study.json")["runs"]


def test_a_study_of_failures_has_a_report_too(train: Train, tmp_path: Path) -> None:
    study, listener = train("loss=wasserstein", "training.optimizer=sgd", "training.learning_rate=1e30", DRAW)
    assert study.outcomes[0].results is None
    assert "0 of 1 trainings have a result" in study.report.with_suffix(".md").read_text()
    assert len(listener.warnings) == 1  # of the run, not of its figures

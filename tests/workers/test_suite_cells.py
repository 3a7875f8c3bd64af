"""`harness run --jobs`: cells by workers are the cells that one process trains, number for number."""

import json
import shutil
from pathlib import Path
from typing import Any

import optuna
import pytest
from folders import results, run_folders, status, weights
from processes import TINY, Command, clean_environment
from sweeping import runs_in

from harness.queue.slots import tally
from harness.queue.storage import open_storage

TEXT = TINY.replace("metrics: [fid, kid, inception_score, prdc]", "metrics: [fid]") + (
    "variants:\n"
    "  sound: {}\n"
    "  hinged: {loss: hinge}\n"
    "  exploding: {loss: wasserstein, training.optimizer: sgd, training.learning_rate: 1.0e+6}\n"
)


def trained(folder: Path, *arguments: str) -> tuple[dict[str, Any], str]:
    """What `harness run --json` prints in `folder`, where one variant fails."""
    command = Command(("run", "tiny.yaml", "--json", *arguments), folder, clean_environment())
    try:
        done = command.wait(300)
    finally:
        command.end()
    assert done.returncode == 3, done.stderr
    assert done.stderr.splitlines()[-1] == "error: 1 of 3 runs have no result"
    return json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def folders(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    made = tmp_path_factory.mktemp("alone"), tmp_path_factory.mktemp("together")
    for folder in made:
        (folder / "tiny.yaml").write_text(TEXT)
        shutil.copy(empty_store, folder / "mlflow.db")
    return made


@pytest.fixture(scope="module")
def alone(folders: tuple[Path, Path]) -> dict[str, Any]:
    return trained(folders[0])[0]


@pytest.fixture(scope="module")
def together(folders: tuple[Path, Path]) -> tuple[dict[str, Any], str]:
    return trained(folders[1], "--jobs", "2")


def without_times(document: dict[str, Any]) -> list[dict[str, Any]]:
    kept = ("path", "variant", "seed", "reused", "reason")
    return [{key: run[key] for key in kept} for run in document["runs"]]


def test_two_workers_give_what_one_process_gives(
    folders: tuple[Path, Path], alone: dict[str, Any], together: tuple[dict[str, Any], str]
) -> None:
    document, said = together
    assert document["variants"] == alone["variants"]
    assert set(document["variants"]["sound"]) == {"fid"}
    assert document["report"] == alone["report"]
    assert without_times(document) == without_times(alone)
    reasons = {run["variant"]: run["reason"] for run in document["runs"]}
    assert (reasons["sound"], reasons["hinged"]) == ("", "")
    assert "not finite at step" in reasons["exploding"]
    assert f"exploding/seed0 failed: {reasons['exploding']}" in said
    for one, other in zip(*(run_folders(folder / "runs") for folder in folders), strict=True):
        assert one.relative_to(folders[0]) == other.relative_to(folders[1])
        assert status(one)["status"] == status(other)["status"]
        if (one / "results.json").exists():
            assert weights(one) == weights(other)
            assert results(one)["values"] == results(other)["values"]
            assert (other / "model").is_dir()  # exported, as every run of a suite


def test_mlflow_has_the_runs_of_workers_below_the_suite(
    folders: tuple[Path, Path], together: tuple[dict[str, Any], str]
) -> None:
    uri = f"sqlite:///{folders[1] / 'mlflow.db'}"
    (suite,) = runs_in(uri, "suite")
    cells = runs_in(uri, "cell")
    assert len(cells) == 3
    assert {run.data.tags["mlflow.parentRunId"] for run in cells} == {suite.info.run_id}
    assert sorted(run.info.status for run in cells) == ["FAILED", "FINISHED", "FINISHED"]


def test_the_same_command_tries_again_what_failed_and_only_that(
    folders: tuple[Path, Path], together: tuple[dict[str, Any], str]
) -> None:
    before = {file: file.stat().st_mtime_ns for file in folders[1].rglob("results.json")}
    again, _ = trained(folders[1], "--jobs", "2")
    assert {run["variant"]: run["reused"] for run in again["runs"]} == {
        "sound": True,
        "hinged": True,
        "exploding": False,
    }
    assert again["variants"] == together[0]["variants"]
    assert {file: file.stat().st_mtime_ns for file in folders[1].rglob("results.json")} == before
    storage = open_storage(f"sqlite:///{folders[1] / 'optuna.db'}", 1)
    (name,) = optuna.get_all_study_names(storage)
    study = optuna.load_study(storage=storage, study_name=name)
    assert (tally(study).complete, tally(study).failed, tally(study).waiting) == (2, 2, 0)
    cells = [trial.user_attrs["cell"] for trial in study.trials]
    assert sorted(cells) == ["exploding/seed0", "exploding/seed0", "hinged/seed0", "sound/seed0"]
    assert {trial.user_attrs.get("reason") for trial in study.trials if trial.state.name == "FAIL"} == {
        run["reason"] for run in again["runs"] if run["variant"] == "exploding"
    }
    storage.remove_session()
    storage.engine.dispose()

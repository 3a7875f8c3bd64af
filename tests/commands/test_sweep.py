"""`harness sweep`, as people and programs meet it, with its workers: from file to report and MLflow."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from folders import results, run_folders, status
from mlflow import MlflowClient
from mlflow.entities import Run
from processes import TINY, Command, clean_environment
from sweeping import runs_in, study_in

from harness.queue.slots import tally

RATE = "training.learning_rate"
SEARCH = """
search_space:
  training.learning_rate: {choice: {slow: 1.0e-3, fast: 2.0e-3}}
search: {num_samples: 100, every: 30, sampler: grid, pruner: none, trials: 2, final_seeds: 2}
"""
TEXT = (
    TINY.replace("steps: 60,", "steps: 60, learning_rate: 1.0e-9, ema: 0,").replace(
        "metrics: [fid, kid, inception_score, prdc]", "metrics: [fid]"
    )
    + SEARCH
)


@dataclass(frozen=True)
class Folder:
    """One that commands are given in."""

    path: Path

    def harness(self, *arguments: str) -> CompletedProcess[str]:
        command = Command(arguments, self.path, clean_environment())
        try:
            return command.wait(300)
        finally:
            command.end()

    def runs(self, kind: str) -> dict[str, Run]:
        return {str(run.info.run_name): run for run in runs_in(self.tracking, kind)}

    @property
    def tracking(self) -> str:
        return f"sqlite:///{self.path / 'mlflow.db'}"

    @property
    def storage(self) -> str:
        return f"sqlite:///{self.path / 'optuna.db'}"

    @property
    def sweep(self) -> Path:
        return self.path / "runs/tiny/.sweeps/tiny"


@dataclass(frozen=True)
class Ended:
    """A command, what it printed for programs, and MLflow's runs of the search and its trials by then."""

    folder: Folder
    done: CompletedProcess[str]
    document: dict[str, Any]
    parents: dict[str, Run]
    trials: dict[str, Run]


def ended(folder: Folder, *arguments: str) -> Ended:
    done = folder.harness(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)  # and nothing beside it
    return Ended(folder, done, document, folder.runs("sweep"), folder.runs("trial"))


def new_folder(path: Path, store: Path, text: str) -> Folder:
    """With the file where a command without one looks for it."""
    (path / "experiments").mkdir()
    (path / "experiments/baseline.yaml").write_text(text)
    shutil.copy(store, path / "mlflow.db")
    return Folder(path)


@pytest.fixture(scope="module")
def first(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The file, whose generator learns nothing, and one point that does: two workers."""
    return ended(new_folder(tmp_path_factory.mktemp("sweep"), empty_store, TEXT), "sweep", "--jobs", "2")


@pytest.fixture(scope="module")
def second(first: Ended) -> Ended:
    """The same with one trial more, which is a better one."""
    return ended(first.folder, "sweep", "--trials", "3", "--jobs", "1")


def marked(trials: dict[str, Run]) -> list[str]:
    return [name for name, run in trials.items() if run.data.tags.get("harness.best") == "true"]


def test_without_a_file_it_searches_the_baseline_and_says_on_stdout_what_programs_need(first: Ended) -> None:
    document = first.document
    assert (document["study"], document["storage"]) == ("tiny", first.folder.storage)
    base = document["variants"]["base"]
    assert [trial["params"] for trial in base["trials"]] == [{}, {RATE: "slow"}]
    assert [trial["state"] for trial in base["trials"]] == ["complete"] * 2
    assert base["best"] == base["trials"][1]
    assert base["trials"][1]["values"][0] < base["trials"][0]["values"][0]
    assert document["winners"] == {"base": {RATE: 1e-3}}
    assert document["test_split_looked_at"] == 1
    assert document["verdict"] in " ".join(first.done.stderr.split())
    assert f"winner: harness run experiments/baseline.yaml {RATE}=0.001" in first.done.stderr
    assert Path(document["report"]) == (first.folder.sweep / "report.html").relative_to(first.folder.path)


def test_the_winner_was_trained_anew_and_measured_once_on_the_test_split(first: Ended) -> None:
    test = first.document["variants"]["base"]["test"]
    assert test["metric"] == "fid"
    found: dict[str, dict[int, float]] = {"winner": {}, "baseline": {}}
    for name, values in found.items():
        for run in run_folders(first.folder.path / "runs/tiny" / name):
            result = results(run)
            values[result["seed"]] = result["values"]["fid"]
            assert result["num_samples"] == 200  # the experiment's, not that of trials
        # Seed 0 is that of the trials.
        assert set(values) == {1, 2}
        assert test[name]["mean"] == pytest.approx(sum(values.values()) / 2, rel=1e-12)
        assert test[name]["n"] == 2
    trials = run_folders(first.folder.path / "runs")
    splits = {
        str(run.relative_to(first.folder.path / "runs").parts[1]): results(run)["protocol"] for run in trials
    }
    assert splits["winner"] == splits["baseline"]


def test_the_search_is_one_run_in_mlflow_with_its_trials_and_its_final_below(first: Ended) -> None:
    (parent,) = first.parents.values()
    assert parent.info.run_name == "sweep tiny"
    assert parent.info.status == "FINISHED"
    metrics, test = parent.data.metrics, first.document["variants"]["base"]["test"]
    assert (metrics["search/complete"], metrics["search/failed"], metrics["search/pruned"]) == (2, 0, 0)
    assert metrics["test/fid_winner"] == test["winner"]["mean"]
    assert metrics["test/fid_baseline"] == test["baseline"]["mean"]
    assert metrics["best/fid"] == first.document["variants"]["base"]["best"]["values"][0]
    assert parent.data.params["search/sampler"] == "grid"
    assert f"search_space/{RATE}" in parent.data.params
    assert set(first.trials) == {"trial0000", "trial0001"}
    for run in first.trials.values():
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
    (final,) = [run for run in first.folder.runs("suite").values() if run.info.run_name == "final of tiny"]
    assert final.data.tags["mlflow.parentRunId"] == parent.info.run_id
    client = MlflowClient(first.folder.tracking)
    kept = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert {"report.md", "figures", "experiment.yaml"} <= kept
    figures = {file.path for file in client.list_artifacts(parent.info.run_id, "figures")}
    assert "figures/history.png" in figures
    assert status(first.folder.sweep)["status"] == "finished"


def test_the_best_trial_is_marked_and_no_longer_when_another_is_better(first: Ended, second: Ended) -> None:
    assert marked(first.trials) == ["trial0001"]
    assert marked(second.trials) == ["trial0002"]
    assert second.trials["trial0001"].data.tags["harness.best"] == "false"


def test_the_same_command_with_more_trials_goes_on_and_its_final_is_a_second_look(
    first: Ended, second: Ended
) -> None:
    old, new = (each.document["variants"]["base"] for each in (first, second))
    assert new["trials"][:2] == old["trials"]
    assert [trial["params"] for trial in new["trials"][2:]] == [{RATE: "fast"}]
    with study_in(first.folder.storage) as study:
        assert (tally(study).total, tally(study).complete) == (3, 3)
    assert second.document["winners"] == {"base": {RATE: 2e-3}}
    assert second.document["test_split_looked_at"] == 2
    assert "The test split was looked at 2 times" in (first.folder.sweep / "report.md").read_text()
    # The file's own configuration has a result already.
    assert new["test"]["baseline"] == old["test"]["baseline"]
    assert new["test"]["winner"]["mean"] < old["test"]["winner"]["mean"]
    (parent,) = second.parents.values()
    assert parent.info.run_id == next(iter(first.parents.values())).info.run_id
    assert parent.data.metrics["search/complete"] == 3


def test_where_all_is_done_it_only_says_so_again(second: Ended) -> None:
    before = {file: file.stat().st_mtime_ns for file in second.folder.path.rglob("results.json")}
    again = ended(second.folder, "sweep", "--trials", "3")
    assert again.document == second.document
    assert {file: file.stat().st_mtime_ns for file in second.folder.path.rglob("results.json")} == before
    assert marked(again.trials) == ["trial0002"]


def test_every_variant_is_searched_with_the_same_budget_and_the_report_compares_budgets(
    empty_store: Path, tmp_path: Path
) -> None:
    text = TEXT + "variants: {plain: {}, hinged: {loss: hinge}}\n"
    folder = new_folder(tmp_path, empty_store, text)
    refused = folder.harness("sweep")
    assert refused.returncode == 2
    assert (
        "experiments/baseline.yaml has 2 variants: search each of them with --per-variant" in refused.stderr
    )
    short = ("training.steps=20", "search.every=20", "search.final_seeds=1")
    done = ended(folder, "sweep", *short, "--per-variant", "--jobs", "1")
    variants = done.document["variants"]
    assert list(variants) == ["plain", "hinged"]
    assert {len(each["trials"]) for each in variants.values()} == {2}
    for variant in variants:
        trials = sorted(file.name for file in (folder.sweep / variant).glob("trial*"))
        assert trials == ["trial0000", "trial0001"]
    with study_in(folder.storage, "tiny/hinged") as study:
        assert tally(study).complete == 2
    (parent,) = done.parents.values()
    assert parent.data.metrics["hinged/search/complete"] == 2
    assert set(done.trials) == {f"{variant}/trial000{n}" for variant in variants for n in (0, 1)}
    assert (folder.sweep / "figures/expected_best.png").exists()
    report = (folder.sweep / "report.md").read_text()
    assert "expected_best" in report
    for variant in variants:
        assert f"**{variant}**" in report
    assert set(done.document["winners"]) <= set(variants)


def test_where_the_time_is_up_before_the_first_trial_nothing_begins_and_it_says_so(
    empty_store: Path, tmp_path: Path
) -> None:
    folder = new_folder(tmp_path, empty_store, TEXT)
    done = ended(folder, "sweep", "search.seconds=0.001", "--jobs", "1")
    assert done.document["verdict"] == "No trial has a result: none was run."
    assert done.document["winners"] == {}
    assert done.document["test_split_looked_at"] == 0
    with study_in(folder.storage) as study:
        assert (tally(study).waiting, tally(study).total) == (2, 2)
    assert not run_folders(folder.path / "runs")


def test_a_dry_run_says_what_would_be_searched_and_makes_nothing(empty_store: Path, tmp_path: Path) -> None:
    folder = new_folder(tmp_path, empty_store, TEXT)
    (tmp_path / "mlflow.db").unlink()
    done = folder.harness("sweep", "search.trials=7", "--jobs", "3", "--dry-run")
    assert (done.returncode, done.stdout) == (0, "")
    assert "7 trials, 3 workers, sampler grid, pruner none, none started" in done.stderr
    assert RATE in done.stderr
    assert {file.name for file in tmp_path.iterdir() if not file.name.startswith(".output")} == {
        "experiments"
    }

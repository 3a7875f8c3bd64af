"""What MLflow must hold of a run folder, compared point for point."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from folders import events, run_folders
from mlflow import MlflowClient
from mlflow.entities import DatasetInput, LoggedModelOutput, LoggedModelStatus, Run

from harness.config import load_cell
from harness.tracking.mirror import mirrored_run_id


def run_of(client: MlflowClient, folder: Path) -> Run:
    run_id = mirrored_run_id(folder)
    assert run_id
    return client.get_run(run_id)


def datasets_of(run: Run) -> list[DatasetInput]:
    assert run.inputs
    return list(run.inputs.dataset_inputs)


def models_of(run: Run) -> list[LoggedModelOutput]:
    assert run.outputs
    return list(run.outputs.model_outputs)


def metrics_logged(folder: Path) -> dict[str, list[tuple[int, int, float]]]:
    """(time, step, value) of every finite point in the log, by key."""
    points: dict[str, list[tuple[int, int, float]]] = {}
    for event in events(folder):
        for key, value in event["values"].items() if event["kind"] == "metrics" else ():
            if not isinstance(value, str):
                points.setdefault(key, []).append((event["time"], event["step"], value))
    return points


def metrics_sent(client: MlflowClient, run: Run) -> dict[str, list[tuple[int, int, float]]]:
    return {
        key: sorted(
            (point.timestamp, point.step, point.value)
            for point in client.get_metric_history(run.info.run_id, key)
        )
        for key in run.data.metrics
    }


def artifacts(client: MlflowClient, run: Run, path: str | None = None) -> list[str]:
    return [file.path for file in client.list_artifacts(run.info.run_id, path)]


def images_sent(client: MlflowClient, run: Run) -> Counter[tuple[str, int, str]]:
    """How often each (key, step, file type) is there; file names are those that MLflow's image grid reads."""
    found: Counter[tuple[str, int, str]] = Counter()
    for path in artifacts(client, run, "images"):
        key, _, step, _, _, rest = path.removeprefix("images/").split("+", 5)
        found[key, int(step), rest.rpartition(".")[2]] += 1
    return found


def assert_mirrored(client: MlflowClient, runs: Path) -> None:
    """Every study and every cell under `runs` is in MLflow, whole, once, and finished."""
    studies = sorted(file.parent for file in runs.rglob("study.json"))
    cells = run_folders(runs)
    ids = [mirrored_run_id(folder) for folder in (*studies, *cells)]
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    assert sorted(run.info.run_id for run in client.search_runs(experiments)) == sorted(map(str, ids))
    for folder in studies:
        run = run_of(client, folder)
        assert run.info.status == "FINISHED"
        assert metrics_sent(client, run) == metrics_logged(folder)
        assert run.data.tags["harness.kind"] == "suite"
        assert {"experiment.yaml", "study.json"} <= set(artifacts(client, run))
    parents = {mirrored_run_id(folder) for folder in studies}
    for folder in cells:
        assert_cell_mirrored(client, folder, parents)


def assert_cell_mirrored(client: MlflowClient, folder: Path, parents: set[str | None]) -> None:
    run = run_of(client, folder)
    cell = load_cell(folder / "config.yaml")
    results: dict[str, Any] = json.loads((folder / "results.json").read_text())
    assert (run.info.status, run.info.run_name) == ("FINISHED", f"{cell.variant}/seed{cell.seed}")
    tags = run.data.tags
    assert tags["mlflow.parentRunId"] in parents
    assert {key: tags[f"harness.{key}"] for key in ("kind", "variant", "seed", "config_hash", "outcome")} == {
        "kind": "cell",
        "variant": cell.variant,
        "seed": str(cell.seed),
        "config_hash": cell.config_hash,
        "outcome": "finished",
    }
    assert tags["harness.fingerprint"] == results["fingerprint"]
    assert tags["harness.data_digest"] == results["identity"]["data"]
    assert "harness.reason" not in tags
    assert run.data.params == {key: str(value) for key, value in cell.flat().items()}

    assert metrics_sent(client, run) == metrics_logged(folder)
    assert {f"eval/{key}" for key in results["values"]} <= run.data.metrics.keys()
    assert {"train/loss_d", "train/loss_g", "train/d_real", "train/d_fake", "train/images_per_second"} <= (
        run.data.metrics.keys()
    )
    for key, value in results["values"].items():
        assert run.data.metrics[f"eval/{key}"] == value

    assert {"config.yaml", "provenance.json", "results.json", "images"} <= set(artifacts(client, run))
    steps = {event["step"] for event in events(folder) if event["kind"] == "image"}
    assert images_sent(client, run) == {
        ("samples", step, kind): 1 for step in steps for kind in ("png", "webp")
    }
    inputs = [(entry.dataset.name, entry.tags[0].value) for entry in datasets_of(run)]
    assert inputs == [(f"{cell.dataset.name}-train", "training and evaluation")]

    (output,) = models_of(run)
    model = client.get_logged_model(output.model_id)
    assert (model.name, model.status) == ("generator", LoggedModelStatus.READY)
    assert output.step == cell.training.steps
    assert {metric.key: metric.value for metric in model.metrics or ()} == {
        f"eval/{key}": value for key, value in results["values"].items()
    }
    assert "MLmodel" in {file.path for file in client.list_logged_model_artifacts(model.model_id)}

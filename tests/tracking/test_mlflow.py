"""The default store: a run in MLflow is whole, and its generator can be used from there."""

from pathlib import Path

import pytest
import torch
from folders import only_run, results, run_folders
from mirrored import assert_mirrored, metrics_logged, models_of, run_of
from mlflow import MlflowClient
from processes import Harness
from safetensors.torch import load_file

from harness.catalog import build_pair
from harness.config import load_cell
from harness.stats import mean_interval


def test_a_parent_with_its_seeds_holds_everything(tiny: Path, harness: Harness, tmp_path: Path) -> None:
    done = harness("run", str(tiny), "seeds=0,1", MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL="0.05")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mlflow.db").exists()
    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert_mirrored(client, tmp_path / "runs")
    assert not (tmp_path / "mlruns" / "0").exists()  # artifacts are beside the database, in their experiment

    cells = run_folders(tmp_path / "runs")
    assert len(cells) == 2
    for folder in cells:
        assert {"system/cpu_utilization_percentage", "system/system_memory_usage_megabytes"} <= (
            run_of(client, folder).data.metrics.keys()
        )
    (parent,) = (tmp_path / "runs/tiny/.studies").iterdir()
    found = run_of(client, parent).data
    interval = mean_interval([results(folder)["values"]["fid"] for folder in cells])
    assert {name: found.metrics[f"eval/fid_{name}"] for name in ("mean", "std", "low", "high", "n")} == {
        "mean": interval.mean,
        "std": interval.std,
        "low": interval.low,
        "high": interval.high,
        "n": 2,
    }
    assert found.tags["harness.outcome"] == "finished"

    synced = harness("sync")
    assert (synced.returncode, synced.stderr.split()[0]) == (0, "0")


def test_several_variants_have_their_names_before_the_keys(
    tiny: Path, harness: Harness, tmp_path: Path, store: str
) -> None:
    tiny.write_text(tiny.read_text() + "variants: {hinge: {loss: hinge}, plain: {}}\n")
    done = harness("run", str(tiny), "evaluation.metrics=[fid]", "evaluation.every=null")
    assert done.returncode == 0, done.stderr
    (parent,) = (tmp_path / "runs/tiny/.studies").iterdir()
    keys = {f"{variant}/eval/fid_{name}" for variant in ("hinge", "plain") for name in ("mean", "n")}
    assert run_of(MlflowClient(store), parent).data.metrics.keys() == keys
    assert metrics_logged(parent).keys() == keys
    assert_mirrored(MlflowClient(store), tmp_path / "runs")


def test_the_logged_model_draws_the_images_of_the_averaged_generator_without_unpickling(
    tiny: Path, harness: Harness, tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow.pytorch

    assert harness("run", str(tiny), "evaluation.metrics=[fid]").returncode == 0
    folder = only_run(tmp_path / "runs")
    client = MlflowClient(store)
    (output,) = models_of(run_of(client, folder))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    model = mlflow.pytorch.load_model(f"models:/{output.model_id}")

    generator = build_pair(load_cell(folder / "config.yaml"), (1, 8, 8)).generator.eval()
    generator.load_state_dict(load_file(folder / "generator.safetensors"))
    z = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(model(z), generator(z))
    signature = mlflow.models.get_model_info(f"models:/{output.model_id}").signature
    assert signature.inputs.inputs[0].shape == (-1, 8)
    assert signature.outputs.inputs[0].shape == (-1, 1, 8, 8)

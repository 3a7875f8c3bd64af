"""The averaged generator as a model of MLflow: exported once into the run folder, mirrored like the rest."""

import logging
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from harness.tracking.library import import_mlflow

if TYPE_CHECKING:
    from mlflow import MlflowClient

NAME = "generator"


def export_generator(network: nn.Module, z: Tensor, folder: Path) -> None:
    """Write `network` (latents in, images in [-1, 1] out) as an MLflow model folder, with its signature.

    `z` (2, width of its input) is its input example: with one row the exported batch size would be fixed to
    one. The program that torch.export writes needs neither harness nor the network's source to run. The
    folder appears whole or not at all; what an earlier, interrupted export left is replaced.
    """
    import_mlflow()
    import mlflow.pytorch
    from mlflow.models import infer_signature

    z = z.cpu()
    network = network.cpu().eval()
    unfinished = folder.with_name(f".{folder.name}")
    for left in (unfinished, folder):
        shutil.rmtree(left, ignore_errors=True)
    with torch.no_grad(), torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch.export and MLflow about themselves
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        mlflow.pytorch.save_model(
            network,
            path=str(unfinished),
            serialization_format="pt2",
            input_example=z.numpy(),
            signature=infer_signature(z.numpy(), network(z).numpy()),
            # Left to itself MLflow runs the model for 20 s in a fresh process to find them.
            pip_requirements=[f"torch=={torch.__version__.partition('+')[0]}"],
        )
    unfinished.rename(folder)


def mirror_model(client: "MlflowClient", run_id: str, folder: Path, step: int) -> None:
    """Log the model folder as the model "generator" of the run, with the run's metrics of that step."""
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus, Metric

    run = client.get_run(run_id)
    experiment = run.info.experiment_id
    known: list[Any] = client.search_logged_models([experiment], f"source_run_id = '{run_id}'", max_results=1)
    if known and known[0].status == LoggedModelStatus.READY:
        return
    model = (
        known[0]
        if known
        else client.create_logged_model(
            experiment, NAME, run_id, params=dict(run.data.params), model_type="gan"
        )
    )
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=step)])
    measured = [
        Metric(key, point.value, point.timestamp, point.step, model_id=model.model_id, run_id=run_id)
        for key in run.data.metrics
        if key.startswith("eval/")
        for point in client.get_metric_history(run_id, key)
        if point.step == step
    ]
    client.log_batch(run_id, metrics=measured, synchronous=True)
    client.log_model_artifacts(model.model_id, str(folder))
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)

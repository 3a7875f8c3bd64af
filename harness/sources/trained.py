"""Images of a run or a checkpoint: the same ones that its own evaluation drew."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from harness.catalog import build_pair, load_dataset
from harness.config import load_cell
from harness.data.listing import is_run
from harness.errors import CheckpointError, DataError
from harness.files import read_json
from harness.rundir import RunDir
from harness.sources.generator import Sampler
from harness.sources.source import Chunk, Source

CHECKPOINTS = RunDir(Path()).checkpoints.name


def run_of(path: Path) -> RunDir | None:
    """The run that `path` is the folder, a checkpoint or the generator of; else None."""
    folder = path = path.absolute()
    if path.suffix == ".safetensors":
        in_checkpoints = path.parent.name == CHECKPOINTS
        if not in_checkpoints and path.name != RunDir(path.parent).generator.name:
            return None
        folder = path.parent.parent if in_checkpoints else path.parent
    return RunDir(folder) if is_run(_names(folder)) else None


def refuse_part_of_run(folder: Path) -> None:
    """DataError for a folder inside a run: what it holds are no samples, but pictures of many, say."""
    parent = folder.resolve().parent
    if is_run(_names(parent)):
        raise DataError(
            f"folder {folder} is a part of a run: name the run, {parent}, or one of its checkpoints"
        )


def _names(folder: Path) -> set[str]:
    try:
        return {entry.name for entry in folder.iterdir()}
    except OSError:
        return set()


def run_source(
    run: RunDir, path: Path, *, data_root: Path, num_samples: int | None, device: torch.device
) -> Source:
    """`num_samples` images of the generator of a run, or of its checkpoint at `path`; by default as many as
    in the evaluation of the run, and then the same ones.

    The data set of the run is loaded, for the shape and the grey values of its images. DataError where the
    run has no generator yet, CheckpointError where a checkpoint's bytes are not those that were written.
    """
    cell = load_cell(run.config)
    title = f"run {cell.experiment}/{cell.variant}/{run.path.resolve().name}"
    if path.absolute().parent == run.checkpoints:
        title = f"{title}, {path.stem}"
        weights = _of_checkpoint(path)
    else:
        weights = _of_finished(run)
    dataset = load_dataset(cell, data_root)
    pair = build_pair(cell, dataset.shape)
    try:
        pair.generator.load_state_dict(weights)
    except RuntimeError as error:
        raise DataError(
            f"{title}: its weights do not fit network {cell.network.name} of {run.config}; "
            "it was trained by another version of the code"
        ) from error
    sampler = Sampler(
        pair.generator.to(device),
        pair.latent,
        dataset.levels,
        cell.evaluation.batch_size,
        device,
        pair.conditioning,
        dataset.train.labels,
    )
    count = cell.evaluation.num_samples if num_samples is None else num_samples

    def read() -> Iterator[Chunk]:
        for images in sampler.batches(count, seed=cell.seed, purpose="eval"):
            yield Chunk(images)

    # Content stays unknown: images depend on the code of the network and on the device as well.
    return Source(title, count, dataset.shape, read, levels=dataset.levels)


def _of_finished(run: RunDir) -> Mapping[str, Tensor]:
    """The generator that a finished run leaves."""
    if not run.generator.is_file():
        checkpoints = sorted(run.checkpoints.glob("step-*.safetensors"))
        way = (
            f"name a checkpoint, such as {checkpoints[-1]}" if checkpoints else "it has no checkpoint either"
        )
        raise DataError(f"run {run.path} is not finished (status: {run.status()['status']}): {way}")
    try:
        return load(run.generator.read_bytes())
    except (SafetensorError, OSError) as error:
        raise DataError(f"{run.generator} is damaged: {' '.join(str(error).split())}") from error


def _of_checkpoint(path: Path) -> Mapping[str, Tensor]:
    """The averaged generator of a checkpoint, else the generator itself, by the names of its own tensors."""
    manifest = path.with_suffix(".json")
    try:
        data = path.read_bytes()
        if not manifest.is_file():
            raise CheckpointError(
                f"checkpoint {path} was never finished, for it has no manifest: name another"
            )
        if hashlib.sha256(data).hexdigest() != read_json(manifest)["sha256"]:
            raise CheckpointError(f"checkpoint {path} is damaged, by its manifest: name another")
        tensors = load(data)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise CheckpointError(f"checkpoint {path} cannot be read: {' '.join(str(error).split())}") from error
    prefix = "ema/" if any(name.startswith("ema/") for name in tensors) else "generator/"
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

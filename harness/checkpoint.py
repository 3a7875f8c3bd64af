"""Checkpoints that can be trusted: safetensors, a manifest with its SHA-256 written last, two kept."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from harness.errors import CheckpointError
from harness.files import read_json, sha256, write_atomic, write_json

KEPT = 2


@dataclass(frozen=True)
class Checkpoint:
    """A training at one step: its named tensors, and the seconds it took to get there."""

    tensors: dict[str, Tensor]
    step: int
    seconds: float


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, then drop all but the newest two. The caller holds the lock of the run."""
    weights = folder / _name(checkpoint.step)
    tensors = {name: tensor.cpu().contiguous() for name, tensor in checkpoint.tensors.items()}
    # Step and seconds are in the file itself, so that its hash vouches for them too.
    data = save(tensors, {"step": str(checkpoint.step), "seconds": repr(checkpoint.seconds)})
    write_atomic(weights, data)
    # The manifest makes the checkpoint count: a crash before this line leaves the older ones in charge.
    write_json(weights.with_suffix(".json"), {"sha256": hashlib.sha256(data).hexdigest()})
    _tidy(folder)


def newest_good(folder: Path, warn: Callable[[str], None]) -> Checkpoint | None:
    """The newest checkpoint whose bytes are those that were written.

    None where there is no checkpoint at all. A damaged one is reported through `warn` and passed over; if
    every one is damaged, CheckpointError: starting again in silence would hide the loss.
    """
    manifests = sorted(folder.glob("step-*.json"), reverse=True)
    for manifest in manifests:
        try:
            return _read(manifest)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError):
            warn(f"checkpoint {manifest.stem} is damaged and was passed over")
    if manifests:
        raise CheckpointError(
            f"all {len(manifests)} checkpoints in {folder} are damaged; remove it to train from the start"
        )
    return None


def _read(manifest: Path) -> Checkpoint:
    weights = manifest.with_suffix(".safetensors")
    if sha256(weights) != read_json(manifest)["sha256"]:
        raise ValueError("these are not the bytes that were written")
    with safe_open(weights, framework="pt") as file:
        about = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    checkpoint = Checkpoint(tensors, int(about["step"]), float(about["seconds"]))
    if weights.name != _name(checkpoint.step):
        raise ValueError("this is the checkpoint of another step")
    return checkpoint


def _name(step: int) -> str:
    return f"step-{step:09d}.safetensors"


def _tidy(folder: Path) -> None:
    """Drop all but the newest checkpoints, and what killed processes left half written."""
    manifests = sorted(folder.glob("step-*.json"))
    kept = {manifest.stem for manifest in manifests[-KEPT:]}
    for manifest in manifests[:-KEPT]:
        manifest.unlink()  # first, for a manifest without its weights would count as damage
    for file in folder.iterdir():
        if file.stem not in kept:
            file.unlink()

"""Checkpoints that can be trusted: safetensors, a manifest with its SHA-256 written last, two kept."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file, save
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
    """Write a checkpoint, then drop all but the newest two."""
    weights = folder / f"step-{checkpoint.step:09d}.safetensors"
    data = save({name: tensor.cpu().contiguous() for name, tensor in checkpoint.tensors.items()})
    write_atomic(weights, data)
    # The manifest makes the checkpoint count: a crash before this line leaves the older ones in charge.
    record = {
        "step": checkpoint.step,
        "seconds": checkpoint.seconds,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    write_json(weights.with_suffix(".json"), record)
    for manifest in sorted(folder.glob("step-*.json"))[:-KEPT]:
        manifest.unlink()
        manifest.with_suffix(".safetensors").unlink(missing_ok=True)


def newest_good(folder: Path, warn: Callable[[str], None]) -> Checkpoint | None:
    """The newest checkpoint whose bytes are those that were written.

    None where there is no checkpoint at all. A damaged one is reported through `warn` and passed over; if
    every one is damaged, CheckpointError: starting again in silence would hide the loss.
    """
    manifests = sorted(folder.glob("step-*.json"), reverse=True)
    for manifest in manifests:
        try:
            record = read_json(manifest)
            weights = manifest.with_suffix(".safetensors")
            if sha256(weights) == record["sha256"]:
                return Checkpoint(load_file(weights), int(record["step"]), float(record["seconds"]))
        except (OSError, ValueError, KeyError, TypeError):
            pass  # an unreadable manifest is a damaged checkpoint like any other
        warn(f"checkpoint {manifest.stem} is damaged and was passed over")
    if manifests:
        raise CheckpointError(
            f"all {len(manifests)} checkpoints in {folder} are damaged; remove it to train from the start"
        )
    return None

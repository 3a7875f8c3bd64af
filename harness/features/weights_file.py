"""A classifier on disk: safetensors whose header says what it is and how it came to be."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open

from harness import files
from harness.errors import WeightsError
from harness.features.network import Architecture, Classifier, with_state

KEY = "harness.classifier"
"""The one metadata key: safetensors writes several in random order, and equal trainings give equal files."""


class Provenance(BaseModel):
    """The header of a weights file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    dataset: str
    architecture: Architecture
    recipe: dict[str, Any]
    seed: int
    train_digest: str
    """SHA-256 of the training images and labels."""
    test_accuracy: float
    test_size: int
    torch: str


@dataclass(frozen=True)
class Trained:
    """A trained classifier, batch normalisation folded, in evaluation mode."""

    network: Classifier
    provenance: Provenance


def save(trained: Trained, path: Path) -> str:
    """Write `path` atomically and return its SHA-256; equal trainings give equal bytes."""
    header = json.dumps(trained.provenance.model_dump(mode="json"), sort_keys=True)
    state = {name: tensor.cpu().contiguous() for name, tensor in trained.network.state_dict().items()}
    files.write_atomic(path, safetensors.torch.save(state, metadata={KEY: header}))
    return files.sha256(path)


def load(path: Path) -> Trained:
    """Read a file of `save`; anything else is a WeightsError. Runs no code from the file."""
    try:
        with safe_open(path, framework="pt") as file:
            header = (file.metadata() or {}).get(KEY)
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"cannot read {path} as safetensors: {error}") from error
    if header is None:
        raise WeightsError(f"{path} is no file of `harness extractor train`: its header has no `{KEY}`")
    try:
        provenance = Provenance.model_validate_json(header)
        network = with_state(provenance.architecture, state)
    except (ValidationError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise WeightsError(
            f"{path} does not hold the classifier that its header describes: {reason}"
        ) from error
    if not all(tensor.dtype == torch.float32 and tensor.isfinite().all() for tensor in state.values()):
        raise WeightsError(f"{path} holds weights that are not finite float32 numbers")
    return Trained(network, provenance)

"""Features of real images, remembered by what they are: never by a name or a path, which can come to mean
other images."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from harness import files
from harness.features import Extractor
from harness.protocol import VERSION

SKIPPED = "harness.skipped"


@dataclass(frozen=True)
class Entry:
    """What is remembered of a source: digests of its images, sorted, and features (n, width), logits and
    labels in that order; a line for each thing that turned out to be no image."""

    keys: tuple[bytes, ...]
    features: Tensor
    logits: Tensor | None
    labels: Tensor | None
    skipped: tuple[str, ...] = ()


def entry_file(
    cache: Path, content: str, extractor: Extractor, batch_size: int, device: torch.device
) -> Path:
    """Where features are kept: a name made of all that they depend on."""
    parts = [content, extractor.name, extractor.digest, batch_size, device.type, torch.__version__, VERSION]
    return cache / f"features-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}.safetensors"


def recall(file: Path) -> Entry | None:
    """The entry in `file`; None where there is none, or only a broken one, which is then made anew."""
    try:
        with safe_open(file, framework="pt") as stored:
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a mapping)
            skipped = json.loads((stored.metadata() or {})[SKIPPED])
        keys = tuple(row.tobytes() for row in tensors["keys"].numpy())
        return Entry(keys, tensors["features"], tensors.get("logits"), tensors.get("labels"), tuple(skipped))
    except (OSError, SafetensorError, KeyError, ValueError):
        return None


def remember(file: Path, entry: Entry) -> None:
    """Write `entry` so that it is there whole, or not at all."""
    keys = torch.frombuffer(bytearray(b"".join(entry.keys)), dtype=torch.uint8).view(len(entry.keys), -1)
    tensors = {"keys": keys, "features": entry.features, "logits": entry.logits, "labels": entry.labels}
    stored = {name: tensor.contiguous() for name, tensor in tensors.items() if tensor is not None}
    with files.replacing(file) as temporary:
        save_file(stored, temporary, metadata={SKIPPED: json.dumps(entry.skipped)})

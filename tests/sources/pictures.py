"""Image files, made for a test, and what a source gives of them."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from harness.sources import Opening, Source, open_source


def noise(seed: int, *shape: int) -> NDArray[np.uint8]:
    """uint8 of `shape`, the same for a seed."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def fill(
    folder: Path, count: int, *, shape: tuple[int, ...] = (8, 6, 3), first: int = 0
) -> list[NDArray[np.uint8]]:
    """`count` PNG files in `folder`, in the order of their names."""
    folder.mkdir(parents=True, exist_ok=True)
    images = [noise(first + number, *shape) for number in range(count)]
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{first + number:04d}.png")
    return images


def opened(
    what: object, *, skip_bad: bool = False, workers: int = 2, num_samples: int | None = None
) -> Source:
    opening = Opening(Path("unused"), skip_bad=skip_bad, workers=workers, num_samples=num_samples)
    return open_source(what, opening)  # type: ignore[arg-type]


def images_of(source: Source) -> Tensor:
    """All of a source, in its order."""
    return torch.cat([chunk.images for chunk in source.read()])


def labels_of(source: Source) -> list[int]:
    return [int(label) for chunk in source.read() if chunk.labels is not None for label in chunk.labels]


def skipped_of(source: Source) -> list[str]:
    """What was skipped while reading."""
    return [line for chunk in source.read() for line in chunk.skipped]

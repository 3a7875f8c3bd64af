"""Callables that give images, as a user might write them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 6, 5, 3), dtype=np.uint8)
NUMBER = 3


def plain() -> NDArray[np.uint8]:
    return IMAGES


def told(count: int, *, seed: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (count, 1, 6, 5), dtype=np.uint8))


def positional(n: int, seed: int, /) -> Tensor:
    return told(n, seed=seed)


def batches(num_samples: int, seed: int = 7) -> Iterator[Tensor]:
    yield from told(num_samples, seed=seed).split(16)


def endless(seed: int) -> Iterator[Tensor]:
    while True:
        yield told(16, seed=seed)


def short() -> Iterator[NDArray[np.uint8]]:
    yield IMAGES[:16]
    yield IMAGES[16:30]


def nothing() -> Iterator[Tensor]:
    yield from ()


def failing() -> Tensor:
    raise ValueError("no\nweights")


def failing_later() -> Iterator[Tensor]:
    yield told(16, seed=0)
    raise ZeroDivisionError("division by zero")


def floats() -> Tensor:
    return torch.zeros(5, 3, 6, 5)


def float_batches() -> Iterator[Tensor]:
    yield floats()


def needs_more(count: int, checkpoint: str) -> Tensor:
    return told(count, seed=len(checkpoint))


def changing() -> Iterator[Tensor]:
    yield told(16, seed=0)
    yield torch.zeros(4, 1, 7, 7, dtype=torch.uint8)


def pairs() -> Iterator[Any]:
    yield told(16, seed=0), torch.zeros(16)


def text() -> str:
    return "images"


def points(count: int) -> Tensor:
    return torch.zeros(count, 1, 1, 2)

"""Samples as an estimate takes them: checked, as matrices, in an order of their own."""

from collections import Counter
from hashlib import blake2b

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.errors import MetricError
from harness.seeding import derive

Samples = Tensor | NDArray[np.uint8] | NDArray[np.floating]
Singles = NDArray[np.float32]

FEWEST = 40
"""Samples of a side below which there is nothing to fit, choose and judge with."""


def as_tensors(real: Samples, fake: Samples) -> tuple[Tensor, Tensor]:
    """Both sides (n, ...) on the CPU, of one shape and kind, finite; MetricError says what is not."""
    # Arrays are copied: torch warns of read-only ones, which memory maps are.
    x, y = (
        torch.from_numpy(np.array(side)) if isinstance(side, np.ndarray) else side.detach().cpu()
        for side in (real, fake)
    )
    for name, side in (("real", x), ("fake", y)):
        if side.ndim < 2 or 0 in side.shape[1:]:
            raise MetricError(f"criterion: {name} must have shape (n, ...), not {tuple(side.shape)}")
        if len(side) < FEWEST:
            raise MetricError(
                f"criterion: {len(side)} {name} samples are too few, it needs at least {FEWEST} that did not"
                " train the generator; choose a larger held-out split or remove criterion from"
                " evaluation.metrics"
            )
        bad = int((~side.flatten(1).isfinite().all(1)).sum())
        if bad:
            raise MetricError(
                f"criterion: {bad} of {len(side)} {name} rows hold NaN or infinity;"
                " the generator or the feature extractor diverged"
            )
    if x.shape[1:] != y.shape[1:]:
        shapes = f"{tuple(x.shape[1:])} and {tuple(y.shape[1:])}"
        raise MetricError(f"criterion: real and fake samples must have one shape, not {shapes}")
    if x.is_floating_point() != y.is_floating_point():
        raise MetricError(
            f"criterion: real is {x.dtype} and fake is {y.dtype}; round both to the same grid (uint8), or the"
            " rounding alone tells them apart"
        )
    return x, y


def drawn(side: Tensor, count: int, seed: int) -> Tensor:
    """`count` rows of `side` in an order that depends on their content and the seed, not on where they stood.

    A sample that is both real and generated gets the same key on both sides, so that with equal sets it falls
    into one fold on both: in two it would leak, being real where a probe is fitted and generated where it is
    judged. Copies within a side are spread over the folds.
    """
    copies: Counter[bytes] = Counter()
    keys = []
    for row in side.flatten(1).contiguous().numpy():
        content = blake2b(row.tobytes(), digest_size=16).digest()
        copies[content] += 1
        keys.append(derive(seed, content.hex(), copies[content]))
    return side[torch.tensor(keys).argsort()[:count]]


def scaled(x: Tensor, y: Tensor) -> tuple[Singles, Singles]:
    """Both sides (n, width) in float32, shifted and stretched by one number a column, or a channel of images.

    Taken from both sides together, without their labels, in float64: values of 1e6 ± 1 keep their digits.
    """
    axes = (0, 2, 3) if x.ndim == 4 else (0,)
    pooled = torch.cat([x, y]).double()
    mean, std = pooled.mean(axes, keepdim=True), pooled.std(axes, keepdim=True)
    # A constant column's spread is the rounding of its mean, not always 0.
    rounding = 100 * torch.finfo(torch.float64).eps * pooled.abs().amax(axes, keepdim=True)
    std = torch.where(std > rounding, std, torch.ones_like(std))
    whole = ((pooled - mean) / std).flatten(1).float().numpy()
    return whole[: len(x)], whole[len(x) :]

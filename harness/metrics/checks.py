"""What every metric refuses before it computes: a number from bad input would look like any other number."""

from collections.abc import Iterator
from math import isfinite

import torch
from torch import Tensor

from harness.errors import MetricError


def matrix(metric: str, name: str, values: Tensor, *, at_least: int = 1) -> Tensor:
    """`values` back, if it is a matrix (n, width) of finite numbers with n >= `at_least`; else MetricError.

    `metric` and `name` (of the set: real, fake) are for the message.
    """
    if values.ndim != 2 or values.shape[1] == 0:
        raise MetricError(f"{metric}: {name} must have shape (n, width), not {tuple(values.shape)}")
    if len(values) < at_least:
        raise MetricError(
            f"{metric}: {len(values)} {name} samples are too few, it needs at least {at_least};"
            " raise evaluation.num_samples or choose a larger split"
        )
    refuse_non_finite(metric, name, values)
    # Apple's GPUs have no float64.
    return values.detach().cpu() if values.device.type == "mps" else values.detach()


def pair(metric: str, real: Tensor, fake: Tensor, *, at_least: int = 1) -> tuple[Tensor, Tensor]:
    """Both sets checked by `matrix`, of one width, on the device of the first."""
    real = matrix(metric, "real", real, at_least=at_least)
    fake = matrix(metric, "fake", fake, at_least=at_least)
    if real.shape[1] != fake.shape[1]:
        raise MetricError(
            f"{metric}: real has {real.shape[1]} features and fake has {fake.shape[1]};"
            " use one extractor for both"
        )
    return real, fake.to(real.device)


def refuse_non_finite(metric: str, name: str, values: Tensor) -> None:
    """MetricError with the number of rows of `values` (n, ...) that hold NaN or infinity."""
    if not values.is_floating_point():
        return
    # A finite sum of magnitudes proves the rows finite without a mask as large as the data.
    suspects = ~values.flatten(1).sum(1, dtype=torch.float64).isfinite()
    rows = int((~values[suspects].flatten(1).isfinite().all(1)).sum()) if bool(suspects.any()) else 0
    if rows:
        raise MetricError(
            f"{metric}: {rows} of {len(values)} {name} rows hold NaN or infinity;"
            " the generator or the feature extractor diverged"
        )


def finite(metric: str, value: float) -> float:
    """`value` back; MetricError if it overflowed: features near the largest float are no features."""
    if not isfinite(value):
        raise MetricError(f"{metric}: the features are too large for float64 (result {value})")
    return value


def slices(count: int, size: int) -> Iterator[slice]:
    """Consecutive slices of at most `size` that cover range(count)."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))

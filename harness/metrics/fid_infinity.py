"""FID of infinitely many generated images, extrapolated (Chong and Forsyth 2020, "Effectively unbiased FID").

FID of N images is biased upwards by b / N to first order, and b depends on the generator, so that ranks can
change with N. Here FID is taken at several counts N_k, evenly spaced up to all images, and a line is fitted
to it in 1 / N by least squares; its value at 1 / N = 0 is FID infinity.

The reference is the same at every N_k, as in the paper: the bias from *its* finite size, of the same order,
stays in the value. Compare only values of one reference.
"""

from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from harness.columns import Column
from harness.errors import MetricError
from harness.metrics import checks
from harness.metrics.covariance import Gaussian
from harness.metrics.frechet import distance
from harness.metrics.frechet_error import influences
from harness.metrics.inputs import Metric, MetricInputs, Values
from harness.metrics.ordering import shuffled
from harness.seeding import generator

NAME = "fid_infinity"

STRAIGHT, CURVED = 4, 2
"""Samples per feature from which FID is nearly linear in 1 / N, and below which it is far from it.

With 400 independent features the extrapolation takes off 2 % too much of the bias from 4 up, 6 % from 2.5 up
and 16 % from 1.25 up, which is 10 standard errors. Features whose variances decay act as if they were fewer.
"""


@dataclass(frozen=True)
class Extrapolation:
    """FID at infinitely many samples, which may be below 0 where the distributions are nearly equal; its
    standard error (None where either side has fewer samples than features); the counts, and FID at each."""

    value: float
    standard_error: float | None
    counts: tuple[int, ...]
    distances: tuple[float, ...]


def fid_infinity(
    *,
    points: Annotated[int, Field(ge=3, description="sample counts that the line is fitted to")] = 15,
    smallest: Annotated[int, Field(ge=2, description="the least of them")] | None = None,
) -> Metric:
    """FID extrapolated to infinitely many generated images (Chong and Forsyth 2020)."""

    def compute(inputs: MetricInputs) -> Values:
        real, fake = inputs.reference.features, inputs.fake.features
        found = extrapolate(real, fake, points=points, smallest=smallest, seed=inputs.seed)
        values = {NAME: found.value}
        if found.standard_error is not None:
            values[f"{NAME}_se"] = found.standard_error
        counted = (len(real), found.counts[0], real.shape[1])
        if reason := _too_few(*counted):
            return Values(values, unreliable={NAME: reason})
        return Values(values, _notes(*counted[1:]))

    return Metric((Column(NAME, "FID∞", "lower"),), compute)


def extrapolate(
    real: Tensor, fake: Tensor, *, points: int = 15, smallest: int | None = None, seed: int = 0
) -> Extrapolation:
    """FID infinity of features (n, width) and (m, width), in squared feature units.

    `smallest` is a tenth of the fake samples unless given, as in the paper, but at least four times the
    width, below which the line bends, and at most half of the samples.

    The subsets are consecutive parts of one shuffled circle of the samples, so that all serve about equally
    often: with nested subsets the variance would be up to twice as large. The same samples in any order and
    the same seed give the same value.

    The standard error has two parts. The line's own, from its residuals, is what is usually printed; it is
    half to two thirds of the true spread, for the subsets share their samples and all share the reference.
    What they share comes from the influence of every sample on the value (see `frechet_error`). Some of the
    spread is in both, so that together they read up to a quarter too high. The bend is in neither.
    """
    x, y = checks.pair(NAME, real, fake, at_least=2)
    counts = _counts(len(y), x.shape[1], points, smallest)
    y = shuffled(y, generator(seed, NAME))
    a = Gaussian.of(x)
    weights = _weights_at_zero(counts)
    shares = torch.zeros(len(y), dtype=torch.float64, device=y.device)  # of every sample in the value
    found = torch.empty_like(weights)
    start = 0
    for point, count in enumerate(counts):
        subset = torch.arange(start, start + count, device=y.device) % len(y)
        found[point] = distance(a, Gaussian.of(y[subset]))
        shares[subset] += float(weights[point]) / count
        start += count
    error = _sampling_variance(x, a, y, shares)
    if error is not None:
        error = checks.finite(NAME, (error + _residual_variance(counts, found)) ** 0.5)
    return Extrapolation(float(weights @ found), error, counts, tuple(found.tolist()))


def _counts(available: int, width: int, points: int, smallest: int | None) -> tuple[int, ...]:
    if smallest is None:
        smallest = max(2, min(max(available // 10, STRAIGHT * width), available // 2))
    if available - smallest < points - 1:
        raise MetricError(
            f"{NAME}: {available} fake samples are too few for {points} counts from {smallest} up;"
            " raise evaluation.num_samples, or lower smallest or points"
        )
    step = (available - smallest) / (points - 1)
    return tuple(round(smallest + step * point) for point in range(points))


def _weights_at_zero(counts: tuple[int, ...]) -> Tensor:
    """The least-squares line through (1 / N_k, f_k) is, at 0, a sum of the f_k with these weights."""
    inverse, centred = _inverse(counts)
    return 1 / len(counts) - inverse.mean() * centred / centred.square().sum()


def _residual_variance(counts: tuple[int, ...], found: Tensor) -> float:
    """Of the line's value at 0, were the points independent."""
    _, centred = _inverse(counts)
    slope = centred @ found / centred.square().sum()
    residuals = found - found.mean() - slope * centred
    spread = residuals.square().sum() / (len(counts) - 2)
    return float(spread * _weights_at_zero(counts).square().sum())


def _inverse(counts: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    inverse = 1 / torch.tensor(counts, dtype=torch.float64)
    return inverse, inverse - inverse.mean()


def _sampling_variance(x: Tensor, a: Gaussian, y: Tensor, shares: Tensor) -> float | None:
    """Of the value over new samples of both sides, to first order; y in the order of `shares`."""
    b = Gaussian.of(y)
    if a.covariance is None or b.covariance is None:
        return None
    of_reference = influences(x, a, b).square().sum() / (len(x) * (len(x) - 1))
    return float(of_reference + (shares * influences(y, b, a)).square().sum())


def _too_few(reference: int, smallest: int, width: int) -> str | None:
    if reference < width:
        return (
            f"{reference} reference samples are fewer than the {width} features: the covariance is singular"
        )
    if smallest < CURVED * width:
        return (
            f"the smallest of its subsets, {smallest} fake samples, is fewer than {CURVED} times the {width}"
            " features, where FID is far from linear in 1 / N"
        )
    return None


def _notes(smallest: int, width: int) -> tuple[str, ...]:
    if smallest >= STRAIGHT * width:
        return ()
    return (
        f"FID∞: the smallest of its subsets, {smallest} samples, is fewer than {STRAIGHT} times the {width}"
        " features; FID bends there, which its standard error leaves out",
    )

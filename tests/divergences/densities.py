"""Log densities and samplers that the tests of quadrature and of Monte Carlo share."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.divergences import LogDensity

Array = NDArray[np.float64]

RING = [(2 * math.cos(angle), 2 * math.sin(angle)) for angle in np.arange(8) * math.tau / 8]
"""Centres of 8 modes on a circle of radius 2."""


def normal(*mean: float, sigma: float = 1.0) -> LogDensity:
    """N(mean, sigma² I)."""
    return mixture([mean], sigma=sigma)


def mixture(
    means: Sequence[Sequence[float]], weights: Sequence[float] | None = None, *, sigma: float = 1.0
) -> LogDensity:
    """sum_k weights_k N(means_k, sigma² I); equal weights unless given."""
    centres = np.array(means, dtype=np.float64)
    shares = np.full(len(centres), 1 / len(centres)) if weights is None else np.array(weights)
    constants = np.log(shares) - centres.shape[1] * math.log(sigma * math.sqrt(math.tau))

    def log_density(x: Array) -> Array:
        sums = np.full(len(x), -np.inf)
        for centre, constant in zip(centres, constants, strict=True):
            sums = np.logaddexp(sums, constant - ((x - centre) ** 2).sum(1) / (2 * sigma**2))
        return sums

    return log_density


def uniform(low: float, high: float) -> LogDensity:
    """U[low, high] on the line."""

    def log_density(x: Array) -> Array:
        inside = (x[:, 0] >= low) & (x[:, 0] <= high)
        return np.where(inside, -math.log(high - low), -np.inf)

    return log_density

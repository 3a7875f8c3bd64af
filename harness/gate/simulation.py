"""The whole rule on simulated seeds: how often it cries wolf, and what it finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, sqrt
from typing import TYPE_CHECKING, Literal

from harness.gate.contrast import Moments, p_above

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Noise = Literal["normal", "right-skewed", "left-skewed"]

SHAPE = 0.5
"""Sigma of the shifted lognormal noise: skewness 1.75."""


@dataclass(frozen=True)
class Rates:
    """Shares of the simulated sequences of looks by their outcome, and the mean of fresh seeds they took."""

    regression: float
    passed: float
    inconclusive: float
    seeds: float


def standard_noise(noise: Noise, size: tuple[int, int], random: "np.random.Generator") -> "Array":
    """Draws of mean 0 and variance 1."""
    import numpy as np

    normal = random.standard_normal(size)
    if noise == "normal":
        return normal
    skewed: Array = np.expm1(SHAPE * normal - SHAPE**2 / 2) / sqrt(expm1(SHAPE**2))
    return skewed if noise == "right-skewed" else -skewed


def simulate(
    baseline: "Array",
    fresh: "Array",
    *,
    coefficient_of_variation: float,
    change: float,
    margin: float,
    looks: Sequence[int],
    alpha: float,
) -> Rates:
    """The rule for a metric where lower is better, under a relative margin (0.15 for "15%").

    baseline (simulations, seeds) and fresh (simulations, at least the last look) are standard noise; the
    spread grows with the mean. alpha: of all looks together.
    """
    import numpy as np

    base = 1 + coefficient_of_variation * baseline
    new = (1 + change) * (1 + coefficient_of_variation * fresh[:, : looks[-1]])
    one = Moments(base.mean(1), base.var(1, ddof=1), base.shape[1])
    level = alpha / len(looks)
    undecided = np.arange(len(new))
    regression = passed = seeds = 0
    for look in looks:
        seen = new[undecided, :look]
        against = Moments(one.mean[undecided], one.variance[undecided], one.n)
        p = p_above(Moments(seen.mean(1), seen.var(1, ddof=1), look), against, 1 + margin)
        decided = (p < level) | (p > 1 - level)
        regression += int((p < level).sum())
        passed += int((p > 1 - level).sum())
        seeds += look * int(decided.sum())
        undecided = undecided[~decided]
    seeds += looks[-1] * len(undecided)
    total = len(new)
    return Rates(regression / total, passed / total, len(undecided) / total, seeds / total)

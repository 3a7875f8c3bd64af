"""The mean of values over training seeds, and its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, isfinite, sqrt

from harness.stats.numbers import ROUNDING


@dataclass(frozen=True)
class Interval:
    """Mean of n values, their standard deviation (n - 1) and the confidence interval of the mean.

    One value has a mean and nothing else: std, low and high are None.
    """

    mean: float
    std: float | None
    low: float | None
    high: float | None
    n: int


def mean_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Student's t interval of the mean at confidence `level`, in (0, 1).

    Not a bootstrap: under 20 values the percentile bootstrap is far too narrow. ValueError for no values and
    for NaN or infinity, which are outcomes to report and not numbers to average.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), not {level}")
    numbers = [float(value) for value in values]
    n = len(numbers)
    if n == 0:
        raise ValueError("no values to average")
    bad = sum(not isfinite(number) for number in numbers)
    if bad:
        raise ValueError(f"{bad} of {n} values are NaN or infinite")
    mean = fsum(numbers) / n
    if n == 1:
        return Interval(mean, None, None, None, n)
    if max(numbers) - min(numbers) <= ROUNDING * max(map(abs, numbers)):
        # Equal values: what their mean is off by is no spread.
        return Interval(mean, 0.0, mean, mean, n)
    std = sqrt(fsum((number - mean) ** 2 for number in numbers) / (n - 1))
    # Imported here because scipy takes longer to import than all else in this layer.
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, (1 + level) / 2)) * std / sqrt(n)
    return Interval(mean, std, mean - half, mean + half, n)

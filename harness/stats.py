"""Statistics over training seeds, and over the trials of a search."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, isfinite, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


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
    std = sqrt(fsum((number - mean) ** 2 for number in numbers) / (n - 1))
    # Imported here because scipy takes longer to import than all else in this layer.
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, (1 + level) / 2)) * std / sqrt(n)
    return Interval(mean, std, mean - half, mean + half, n)


def expected_best(
    values: Sequence[float], budgets: Sequence[int], higher_is_better: bool = False
) -> list[float]:
    """The best value that k of these n trials are expected to hold, for every k of `budgets`.

    The k are drawn without replacement, which makes it exact and unbiased: of the values in order, best
    first, number i is the best of a draw with probability C(n - i, k - 1) / C(n, k). Lucic et al. 2018
    compare GANs by it, Dodge et al. 2019 ("Show Your Work") give the formula with replacement, whose bias
    Tang et al. 2020 found. It holds for independent trials, so for random search; with a
    sampler that learns it says what these trials would have given in another order.

    A failed trial is budget spent: hand in a value for it, the worst that any trial of the comparison has, or
    that of an untrained generator. Left out it would make a search that often fails look good. ValueError for
    no values, for NaN or infinity and for budgets outside 1..n.
    """
    ordered = _best_first(values, budgets, higher_is_better)
    return [float(best) for best in _shares(ordered.size, budgets) @ ordered]


def expected_best_intervals(
    values: Sequence[float],
    budgets: Sequence[int],
    higher_is_better: bool = False,
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> list[tuple[float, float]]:
    """Percentile bootstrap over the trials, (low, high) of `expected_best` for every budget.

    No resample is better than the best trial there was, so for k near n the interval is too narrow on the
    side of the better values. Errors are those of `expected_best`.
    """
    import numpy as np

    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), not {level}")
    ordered = _best_first(values, budgets, higher_is_better)
    shares = _shares(ordered.size, budgets)
    # Values are in order, so sorted places of a resample are its values in order.
    places = np.random.default_rng(seed).integers(ordered.size, size=(resamples, ordered.size))
    means = ordered[np.sort(places, axis=1)] @ shares.T
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _best_first(values: Sequence[float], budgets: Sequence[int], higher_is_better: bool) -> "Array":
    import numpy as np

    numbers = np.sort(np.asarray(values, dtype=np.float64))
    if numbers.size == 0:
        raise ValueError("no values to choose from")
    if bad := int(np.sum(~np.isfinite(numbers))):
        raise ValueError(f"{bad} of {numbers.size} values are NaN or infinite")
    if wrong := [budget for budget in budgets if not 1 <= budget <= numbers.size]:
        raise ValueError(f"budgets lie in 1..{numbers.size}, not {wrong[0]}")
    return numbers[::-1] if higher_is_better else numbers


def _shares(n: int, budgets: Sequence[int]) -> "Array":
    """[budgets, n]: how often place i of n, from 1, is the best of k. No factor is above 1, so nothing
    overflows, and C(n - i - 1, k - 1) / C(n - i, k - 1) = (n - i - k + 1) / (n - i)."""
    import numpy as np

    places = np.arange(1, n, dtype=np.float64)
    rows = [
        np.cumprod(np.concatenate(([k / n], np.maximum(n - places - k + 1, 0) / (n - places))))
        for k in budgets
    ]
    return np.array(rows, dtype=np.float64).reshape(len(budgets), n)

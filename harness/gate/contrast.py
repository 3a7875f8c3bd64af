"""The Welch test of a change of the mean against a margin, and the interval that inverts it.

Tested is mean_fresh - factor * mean_baseline - offset: factor 1 + margin for a relative margin, offset for
one in the metric's unit. The baseline's mean is an estimate, too, so its variance counts with factor squared
(Welch 1938, Satterthwaite 1946): a margin of "15% of what the baseline's mean happened to be" would be tested
as if that mean were known. All functions take arrays of moments as well as numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import atan, fsum, pi, sqrt, tan
from typing import Any

from harness.stats.numbers import ROUNDING

POINTS = 513
"""Angles at which an interval is looked for before it is bisected."""


@dataclass(frozen=True)
class Moments:
    """Mean, variance (n - 1) and number of the values of one side: numbers, or arrays of one shape."""

    mean: Any
    variance: Any
    n: Any


def moments(values: Sequence[float]) -> Moments:
    """Of at least one value; the variance of one value, and of equal values, is 0."""
    n = len(values)
    mean = fsum(values) / n
    if max(values) - min(values) <= ROUNDING * max(map(abs, values)):
        return Moments(values[0], 0.0, n)
    return Moments(mean, fsum((value - mean) ** 2 for value in values) / (n - 1), n)


def p_above(fresh: Moments, baseline: Moments, factor: Any = 1.0, offset: Any = 0.0) -> Any:
    """One-sided p of "the fresh mean is at most factor * the baseline's + offset". At least 2 values a side.

    Where neither side has a spread there is no t statistic, and p is that of the exact permutation test:
    one order of the seeds in (n + m choose n) puts all fresh ones on one side.
    """
    return _p(fresh, baseline, factor, offset, 1)


def p_below(fresh: Moments, baseline: Moments, factor: Any = 1.0, offset: Any = 0.0) -> Any:
    """One-sided p of "the fresh mean is at least factor * the baseline's + offset"; see `p_above`."""
    return _p(fresh, baseline, factor, offset, -1)


def _p(fresh: Moments, baseline: Moments, factor: Any, offset: Any, sign: int) -> Any:
    import numpy as np
    from scipy.special import stdtr

    one = np.asarray(fresh.variance, float) / fresh.n
    other = np.square(factor) * baseline.variance / baseline.n
    excess = sign * (fresh.mean - factor * baseline.mean - offset)
    total = one + other
    spread = total > 0
    safe = np.where(spread, total, 1.0)
    # Shares, not squares of variances, which underflow where values are tiny.
    freedom = 1 / np.where(
        spread, (one / safe) ** 2 / (fresh.n - 1) + (other / safe) ** 2 / (baseline.n - 1), 1.0
    )
    p = stdtr(freedom, -excess / np.sqrt(safe))
    if np.all(spread):
        return p
    rare = _rarest(fresh, baseline)
    size = np.abs(fresh.mean) + np.abs(factor * baseline.mean) + np.abs(offset)
    at = np.abs(excess) <= ROUNDING * size
    return np.where(spread, p, np.where(at, 0.5, np.where(excess > 0, rare, 1 - rare)))


def _rarest(fresh: Moments, baseline: Moments) -> Any:
    """The smallest p of a permutation test: one in all ways to choose the fresh seeds."""
    from scipy.special import binom

    return 1 / binom(fresh.n + baseline.n, fresh.n)


def difference_interval(fresh: Moments, baseline: Moments, alpha: float) -> tuple[float | None, float | None]:
    """The differences of the means that neither `p_above` nor `p_below` rejects at `alpha`."""
    from scipy.special import stdtrit

    one, other = float(fresh.variance) / fresh.n, float(baseline.variance) / baseline.n
    difference = float(fresh.mean - baseline.mean)
    if one + other == 0:
        certain = float(_rarest(fresh, baseline)) < alpha
        return (difference, difference) if certain else (None, None)
    share = one / (one + other)
    freedom = 1 / (share**2 / (fresh.n - 1) + (1 - share) ** 2 / (baseline.n - 1))
    half = float(-stdtrit(freedom, alpha) * sqrt(one + other))
    return difference - half, difference + half


def ratio_interval(
    fresh: Moments, baseline: Moments, alpha: float, tested: float
) -> tuple[float | None, float | None]:
    """The factors that neither `p_above` nor `p_below` rejects at `alpha`: Fieller's interval (1954) with
    Welch's degrees of freedom at every factor. The baseline's mean must be positive. None for an unbounded
    side: below, where the fresh mean is not surely positive; above, where the baseline's is not.

    `tested` is the factor of the margin. The degrees of freedom change with the factor, so with two or three
    seeds a rejected factor can lie between two that are not. Where `tested` is rejected the interval ends
    before it, so that it never contradicts the test.
    """
    import numpy as np
    from scipy.special import stdtr

    mean, base = float(fresh.mean), float(baseline.mean)
    one, other = float(fresh.variance / fresh.n), float(baseline.variance / baseline.n)
    if one + other == 0:
        certain = float(_rarest(fresh, baseline)) < alpha
        return (mean / base, mean / base) if certain else (None, None)
    # A factor is scale * tan(angle): all of the line, at a resolution that suits it.
    scale = (abs(mean) + sqrt(one)) / base or 1.0
    found, margin = atan(mean / base / scale), atan(tested / scale)

    def end(p: Callable[..., Any], limit: float, bounded: bool) -> float | None:
        """The factor farthest from the found one towards the angle `limit` that `p` does not reject."""

        def rejected(angle: Any) -> Any:
            return p(fresh, baseline, scale * np.tan(angle)) < alpha

        if min(found, limit) <= margin <= max(found, limit) and rejected(margin):
            limit = margin
        elif not bounded:
            return None
        angles = np.linspace(found, limit, POINTS)
        kept = int(np.flatnonzero(~rejected(angles[:-1]))[-1])
        inside, outside = float(angles[kept]), float(angles[kept + 1])
        while inside != (middle := (inside + outside) / 2) != outside:
            inside, outside = (inside, middle) if rejected(middle) else (middle, outside)
        return float(scale * tan(inside))

    def surely_positive(value: float, variance: float, n: Any) -> bool:
        return value > 0 and (variance == 0 or stdtr(n - 1, -value / sqrt(variance)) < alpha)

    if mean >= 0:
        low = end(p_above, 0.0, surely_positive(mean, one, fresh.n) or mean == one == 0)
    else:
        low = end(p_above, -pi / 2, surely_positive(base, other, baseline.n))
    return low, end(p_below, pi / 2, surely_positive(base, other, baseline.n))

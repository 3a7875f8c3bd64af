"""How probably a run of one variant is better than a run of another."""

from collections.abc import Callable, Sequence
from math import sqrt

from harness.stats.interval import Interval
from harness.stats.numbers import finite

HALVINGS = 60
"""Of an interval within 0..1: more than a double can tell apart."""


def probability_of_improvement(
    one: Sequence[float], other: Sequence[float], higher_is_better: bool, level: float = 0.95
) -> Interval:
    """P(a value of `one` is better than one of `other`), ties counting half, with its interval.

    mean: U / mn of Mann and Whitney, the share of all pairs in which `one` is better (Agarwal et al. 2021
    report it over runs); low, high: see `score_interval`; they are None where a group has one value; std:
    None; n: values in both groups. The groups are taken as independent. For runs paired by seed, which tend
    to go up and down together if at all, the interval is rather too wide than too narrow. ValueError for an
    empty group, for NaN or infinity and for a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), not {level}")
    first, second = finite(one), finite(other)
    m, n = len(first), len(second)
    # Whole numbers: two points for a better value, one for an equal one.
    points = sum((a > b) - (a < b) + 1 for a in first for b in second)
    share = (points if higher_is_better else 2 * m * n - points) / (2 * m * n)
    if min(m, n) < 2:
        return Interval(share, None, None, None, m + n)
    from scipy.special import stdtrit

    low, high = score_interval(share, m, n, float(stdtrit(m + n - 2, (1 + level) / 2)))
    return Interval(share, None, low, high, m + n)


def score_interval(share: float, m: int, n: int, quantile: float) -> tuple[float, float]:
    """All probabilities t with |share - t| <= quantile · √V(t): Newcombe's method 5.

    Newcombe 2006, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic,
    part 2" (Statistics in Medicine 25:559): V is the variance of Hanley and McNeil (1982) with the mean of
    both sizes for each, V(t) = t(1 - t)[1 + s((1 - t)/(2 - t) + t/(1 + t))] / mn, s = (m + n)/2 - 1. It is
    taken at the bound, not at the estimate, so complete separation, which is common with few seeds, has an
    interval like any other: there the variances of DeLong and of Brunner and Munzel are 0, and the latter's
    interval on the logit scale covers a probability of 0.95 in 22 to 27 % of cases with 3 seeds a side.

    The quantile of `probability_of_improvement` is Student's with m + n - 2 degrees of freedom. With the
    normal one, Newcombe's, 3 against 3 would leave out one half at every complete separation: 10 % of cases
    where nothing differs. With Student's it covers in 94 % or more of cases, in nearly all with 3 a side
    (simulations of 2 to 20 values a side, probabilities of 0.5, 0.8 and 0.95, normal and skewed, spreads
    alike and 3 to 1).
    """
    pairs, s = m * n, (m + n) / 2 - 1

    def inside(t: float) -> bool:
        variance = t * (1 - t) * (1 + s * ((1 - t) / (2 - t) + t / (1 + t))) / pairs
        return abs(share - t) <= quantile * sqrt(variance)

    return _last_inside(inside, share, 0.0), _last_inside(inside, share, 1.0)


def _last_inside(inside: Callable[[float], bool], start: float, end: float) -> float:
    """The border between `start`, which is inside, and `end`."""
    if start == end or inside(end):
        return end
    for _ in range(HALVINGS):
        middle = (start + end) / 2
        start, end = (middle, end) if inside(middle) else (start, middle)
    return start

"""Two variants over the seeds both have: tests of the mean difference, value by value."""

from collections.abc import Sequence
from math import fsum, sqrt

from harness.stats.numbers import ROUNDING, finite, scaled


def paired_t(one: Sequence[float], other: Sequence[float]) -> float:
    """Two-sided p of the paired t test: that the differences, which are roughly normal, have mean 0.

    Where all differences are equal there is no t statistic: p is 1 if they are 0, else 2^(1 - n), that of
    `sign_flip`. ValueError for fewer than 2 pairs, for two lengths and for NaN or infinity.
    """
    differences = _differences(one, other, fewest=2)
    n = len(differences)
    mean = fsum(differences) / n
    if max(differences) - min(differences) <= ROUNDING:
        return 1.0 if abs(mean) <= ROUNDING else 2.0 ** (1 - n)
    from scipy.special import stdtr

    error = sqrt(fsum((difference - mean) ** 2 for difference in differences) / (n - 1) / n)
    return min(1.0, 2 * float(stdtr(n - 1, -abs(mean) / error)))


def sign_flip(one: Sequence[float], other: Sequence[float]) -> float:
    """Exact two-sided p of the paired permutation test of the mean difference.

    Under no difference every sign of every difference is as likely as the other (Fisher 1935, "The Design of
    Experiments"): p is the share of all 2^n sign patterns with a sum at least as far from 0. It is
    never below 2^(1 - n), so it cannot reach 5 % under 6 pairs. All patterns are counted, none drawn.
    ValueError for no pairs or more than 40, for two lengths and for NaN or infinity.
    """
    from harness.stats.enumeration import MOST, sign_patterns_at_least

    differences = _differences(one, other, fewest=1)
    n = len(differences)
    if n > MOST:
        raise ValueError(f"{n} pairs are too many to enumerate, the most is {MOST}: use the paired t test")
    reached = abs(fsum(differences)) - n * ROUNDING
    if reached <= 0:
        return 1.0
    # The patterns come in pairs of opposite sums: one tail is as large as the other.
    return sign_patterns_at_least(differences, reached) / float(2 ** (n - 1))


def _differences(one: Sequence[float], other: Sequence[float], fewest: int) -> list[float]:
    if len(one) != len(other):
        raise ValueError(f"{len(one)} values cannot be paired with {len(other)}")
    first, second = scaled(finite(one, fewest), finite(other, fewest))
    return [a - b for a, b in zip(first, second, strict=True)]

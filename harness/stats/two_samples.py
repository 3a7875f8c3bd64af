"""Two groups of runs that share no seeds: tests of their means, and of how often they fail."""

from collections.abc import Sequence
from math import comb, fsum, sqrt

from harness.stats.numbers import ROUNDING, finite, scaled


def welch(one: Sequence[float], other: Sequence[float]) -> float:
    """Two-sided p of Welch's t test: equal means of two groups that may spread differently.

    Degrees of freedom of Satterthwaite (1946). Where neither group has any spread there is no t statistic: p
    is 1 if the means are equal, else that of `permutation`. ValueError for fewer than 2 values in a group
    and for NaN or infinity.
    """
    first, second = scaled(finite(one, 2), finite(other, 2))
    difference = fsum(first) / len(first) - fsum(second) / len(second)
    errors = _squared_error(first), _squared_error(second)
    total = sum(errors)
    if total == 0:
        return 1.0 if abs(difference) <= ROUNDING else _apart(len(first), len(second))
    from scipy.special import stdtr

    freedom = total**2 / (errors[0] ** 2 / (len(first) - 1) + errors[1] ** 2 / (len(second) - 1))
    return min(1.0, 2 * float(stdtr(freedom, -abs(difference) / sqrt(total))))


def permutation(one: Sequence[float], other: Sequence[float]) -> float:
    """Exact two-sided p of the permutation test of means: Fisher and Pitman's.

    Under no difference every split of all values into groups of these sizes is as likely: p is the share of
    splits whose means are at least as far apart. It is never below 1 / C(m + n, m), twice that for groups
    of one size: 3 against 3 cannot get under 0.1. All splits are counted, none drawn. ValueError for an
    empty group, for more than 40 values in all and for NaN or infinity.
    """
    from harness.stats.enumeration import MOST, subsets_at_least

    first, second = scaled(finite(one), finite(other))
    m, n = len(first), len(first) + len(second)
    if n > MOST:
        raise ValueError(f"{n} values are too many to enumerate, the most is {MOST}: use Welch's test")
    middle = fsum([*first, *second]) / n
    pooled = [value - middle for value in (*first, *second)]
    # With all values around 0, the means are as far apart as the sum of the first group is from 0.
    reached = abs(fsum(pooled[:m])) - n * ROUNDING
    if reached <= 0:
        return 1.0
    mirrored = [-value for value in pooled]
    beyond = subsets_at_least(pooled, m, reached) + subsets_at_least(mirrored, m, reached)
    return beyond / comb(n, m)


def fisher(failed_one: int, n_one: int, failed_other: int, n_other: int) -> float:
    """Exact one-sided p that the second group fails no more often than the first: small if it does.

    With the number of failures in both together given, those of the second are hypergeometric (Fisher 1935,
    "The Logic of Inductive Inference"). Without failures, or without runs on one side, it is 1. ValueError
    for counts that cannot be.
    """
    for failed, n in ((failed_one, n_one), (failed_other, n_other)):
        if not 0 <= failed <= n:
            raise ValueError(f"{failed} of {n} runs cannot have failed")
    failed, total = failed_one + failed_other, n_one + n_other
    ways = sum(
        comb(failed, count) * comb(total - failed, n_other - count)
        for count in range(failed_other, min(failed, n_other) + 1)
    )
    return ways / comb(total, n_other)


def _apart(m: int, n: int) -> float:
    """p of `permutation` for two groups of which all values of one are equal and below the equal ones of the
    other."""
    return (2 if m == n else 1) / comb(m + n, m)


def _squared_error(values: Sequence[float]) -> float:
    """Of the mean; 0 where the values differ by no more than rounding."""
    n = len(values)
    if max(values) - min(values) <= ROUNDING:
        return 0.0
    mean = fsum(values) / n
    return fsum((value - mean) ** 2 for value in values) / (n - 1) / n

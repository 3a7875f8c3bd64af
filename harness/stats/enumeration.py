"""Counting the rearrangements of an exact test without listing them.

Every rearrangement is a pair: one of the first half of the values and one of the second. So the sums of the
halves are listed, and a sorted list tells how many partners take a sum over the bound ("meet in the middle",
Horowitz and Sahni 1974). 40 values have 10^12 sign patterns, and each half has 10^6.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MOST = 40
"""Values that are enumerated within a second."""


def sign_patterns_at_least(values: Sequence[float], bound: float) -> int:
    """How many of the 2^n sums ±v_1 ±v_2 ... ±v_n are at least `bound`."""
    half = len(values) // 2
    return _pairs_at_least(_signed_sums(values[:half]), _signed_sums(values[half:]), bound)


def subsets_at_least(values: Sequence[float], size: int, bound: float) -> int:
    """How many of the subsets of `size` values have a sum of at least `bound`."""
    half = len(values) // 2
    left, right = _sums_by_size(values[:half]), _sums_by_size(values[half:])
    return sum(
        _pairs_at_least(left[taken], right[size - taken], bound)
        for taken in range(len(left))
        if 0 <= size - taken < len(right)
    )


def _pairs_at_least(left: "Array", right: "Array", bound: float) -> int:
    ordered = np.sort(right)
    # Sorted, too, because a search that walks through memory in order is several times faster.
    first = np.searchsorted(ordered, bound - np.sort(left), side="left")
    return int(left.size * ordered.size - first.sum())


def _signed_sums(values: Sequence[float]) -> "Array":
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate((sums + value, sums - value))
    return sums


def _sums_by_size(values: Sequence[float]) -> list["Array"]:
    """Place k: the sums of all subsets of k values."""
    sums = [np.zeros(1)]
    for value in values:
        longer = [subset + value for subset in sums]
        kept = [np.concatenate(pair) for pair in zip(sums[1:], longer[:-1], strict=True)]
        sums = [sums[0], *kept, longer[-1]]
    return sums

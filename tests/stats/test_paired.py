from collections.abc import Callable
from itertools import product
from math import inf, nan
from statistics import fmean, stdev

import numpy as np
import pytest
import scipy.stats
from exact_values import eighths, pairs
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.stats import paired_t, sign_flip

Pair = tuple[list[float], list[float]]
Test = Callable[[list[float], list[float]], float]


def test_the_sleep_data_of_student() -> None:
    # Student 1908, "The Probable Error of a Mean": hours of sleep gained by ten patients with two drugs.
    one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    other = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    assert paired_t(one, other) == pytest.approx(0.002833, abs=5e-7)
    # One difference is 0, and no other rearrangement than flipping it keeps all signs: 2 tails of 2 patterns.
    assert sign_flip(one, other) == 4 / 2**10


@given(pairs(2))
def test_the_paired_t_test_is_that_of_scipy(pair: Pair) -> None:
    differences = [a - b for a, b in zip(*pair, strict=True)]
    assume(stdev(differences) > 0)
    assert paired_t(*pair) == pytest.approx(scipy.stats.ttest_rel(*pair).pvalue, rel=1e-9, abs=1e-15)


def test_equal_differences_have_no_spread_to_test_with() -> None:
    assert paired_t([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == 1.0
    assert paired_t([0.3, 0.7], [0.1 + 0.2, 0.7]) == 1.0
    for shift in (1.0, -0.1):
        one = [1.0, 2.0, 3.0]
        other = [value + shift for value in one]
        assert paired_t(one, other) == sign_flip(one, other) == 0.25
    assert paired_t([0.0, 0.0], [0.0, 0.0]) == 1.0


@given(pairs(1))
def test_the_sign_flips_are_those_of_a_list_of_all(pair: Pair) -> None:
    differences = [a - b for a, b in zip(*pair, strict=True)]
    sums = [
        abs(sum(sign * d for sign, d in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=len(differences))
    ]
    assert sign_flip(*pair) == fmean(total >= abs(sum(differences)) for total in sums)


def test_the_sign_flips_are_those_of_scipy() -> None:
    one, other = np.random.default_rng(0).normal(size=(2, 9)).round(2)
    expected = scipy.stats.permutation_test(
        (one, other), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip(one.tolist(), other.tolist()) == pytest.approx(expected.pvalue, rel=1e-12)


def test_the_sign_flips_of_forty_pairs_are_counted() -> None:
    # Differences of 1: the sum is that of 40 coins. P(30 or more heads, or as many tails), exact.
    one = [1.0] * 30 + [0.0] * 10
    other = [0.0] * 30 + [1.0] * 10
    assert sign_flip(one, other) == pytest.approx(scipy.stats.binomtest(30, 40).pvalue, rel=1e-12)
    with pytest.raises(ValueError, match="41 pairs"):
        sign_flip([1.0] * 41, [0.0] * 41)


@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_the_least_p_of_sign_flips(n: int) -> None:
    assert sign_flip([float(i) for i in range(n)], [-1.0] * n) == 2.0 ** (1 - n)


@pytest.mark.parametrize("test", [paired_t, sign_flip])
@given(pair=pairs(2), shift=eighths, scale=st.sampled_from([0.25, 2.0, -8.0, 1024.0]))
def test_neither_unit_nor_zero_nor_order_matters(test: Test, pair: Pair, shift: float, scale: float) -> None:
    one, other = pair
    p = test(one, other)
    assert 0 <= p <= 1
    assert test(other, one) == pytest.approx(p, rel=1e-9)
    assert test(one[::-1], other[::-1]) == pytest.approx(p, rel=1e-9)
    moved = [[scale * (value + shift) for value in values] for values in pair]
    assert test(*moved) == pytest.approx(p, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_no_square_overflows_or_vanishes(size: float) -> None:
    one, other = [1.0, 2.0, 4.0], [2.0, 2.5, 4.25]
    scaled = [[size * value for value in values] for values in (one, other)]
    assert paired_t(*scaled) == pytest.approx(paired_t(one, other), rel=1e-9)


@pytest.mark.parametrize("test", [paired_t, sign_flip])
@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ([1.0, 2.0], [1.0, 2.0, 3.0], "2 values cannot be paired with 3"),
        ([], [], "at least"),
        ([1.0, nan], [1.0, 2.0], "1 of 2"),
        ([1.0, 2.0], [inf, -inf], "2 of 2"),
    ],
)
def test_refuses(test: Test, one: list[float], other: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        test(one, other)


def test_one_pair_has_no_t() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        paired_t([1.0], [2.0])

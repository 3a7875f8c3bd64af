from collections.abc import Callable
from itertools import combinations
from math import comb, nan
from statistics import fmean, stdev

import numpy as np
import pytest
import scipy.stats
from exact_values import eighths, lists
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.stats import fisher, permutation, welch

Test = Callable[[list[float], list[float]], float]

few = lists(2, 5)


@given(few, few)
def test_welch_is_that_of_scipy(one: list[float], other: list[float]) -> None:
    assume(stdev(one) > 0 < stdev(other))  # scipy warns where one has no spread, which is tested below
    expected = scipy.stats.ttest_ind(one, other, equal_var=False).pvalue
    assert welch(one, other) == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_without_any_spread_the_means_are_equal_or_not() -> None:
    assert welch([2.0, 2.0], [2.0, 2.0, 2.0]) == 1.0
    assert welch([0.3, 0.3], [0.1 + 0.2, 0.3]) == 1.0
    assert welch([2.0, 2.0], [3.0, 3.0]) == permutation([2.0, 2.0], [3.0, 3.0])
    assert welch([2.0] * 3, [3.0] * 2) == permutation([2.0] * 3, [3.0] * 2)
    assert welch([0.0, 0.0], [0.0, 0.0]) == 1.0


def test_one_group_without_spread_is_a_known_mean() -> None:
    values = [9.8, 10.4, 9.1, 10.9]
    assert welch(values, [9.0, 9.0]) == pytest.approx(scipy.stats.ttest_1samp(values, 9).pvalue, rel=1e-12)


@pytest.mark.parametrize(("n", "rate"), [(3, 0.047), (5, 0.038)])
def test_welch_seldom_finds_what_is_not_there(n: int, rate: float) -> None:
    """One-sided at 5 %: it is conservative with few seeds. The rates were measured apart from this code."""
    draws = np.random.default_rng(0).normal(size=(4000, 2, n)).tolist()
    found = [welch(one, other) < 0.1 and fmean(one) > fmean(other) for one, other in draws]
    # Their standard errors are about 0.006 together: .028 to .066 and .019 to .057.
    assert fmean(found) == pytest.approx(rate, abs=0.019)
    assert fmean(found) < 0.055


@given(lists(1, 4), lists(1, 4))
def test_the_splits_are_those_of_a_list_of_all(one: list[float], other: list[float]) -> None:
    pooled, m, n = one + other, len(one), len(other)

    def apart(first: tuple[int, ...]) -> float:
        inside = sum(pooled[place] for place in first)
        return abs(n * inside - m * (sum(pooled) - inside))

    reached = apart(tuple(range(m)))
    splits = [apart(first) >= reached for first in combinations(range(m + n), m)]
    assert permutation(one, other) == sum(splits) / comb(m + n, m)


def test_the_splits_are_those_of_scipy() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=4).round(2), random.normal(1, 2, size=6).round(2)
    expected = scipy.stats.permutation_test(
        (one, other), lambda a, b: abs(np.mean(a) - np.mean(b)), n_resamples=np.inf, alternative="greater"
    )
    assert permutation(one.tolist(), other.tolist()) == pytest.approx(expected.pvalue, rel=1e-12)


def test_every_level_of_the_permutation_test_is_kept() -> None:
    """Over all splits of one pool, p <= alpha for no more than the share alpha of them; at 0.1 it is 0.1."""
    pool = {0.0, 1.0, 2.5, 4.5, 7.0, 20.0}
    found = [permutation(list(first), list(pool - set(first))) for first in combinations(sorted(pool), 3)]
    assert all(fmean(p <= alpha for p in found) <= alpha for alpha in found)
    assert fmean(p <= 0.1 for p in found) == 0.1
    # 3 against 3 never reach 5 % on two sides.
    assert min(found) == 0.1


def test_twenty_against_twenty_are_counted() -> None:
    # Zeros and ones: the sum of a group is hypergeometric, and far from its mean on both sides.
    one, other = [1.0] * 14 + [0.0] * 6, [1.0] * 6 + [0.0] * 14
    expected = scipy.stats.fisher_exact([[14, 6], [6, 14]]).pvalue
    assert permutation(one, other) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match="41 values"):
        permutation([*one, 0.0], other)


@pytest.mark.parametrize("test", [welch, permutation])
@given(one=few, other=few, shift=eighths, scale=st.sampled_from([0.25, 2.0, -8.0, 1024.0]))
def test_neither_unit_nor_zero_nor_order_matters(
    test: Test, one: list[float], other: list[float], shift: float, scale: float
) -> None:
    p = test(one, other)
    assert 0 <= p <= 1
    assert test(other, one) == pytest.approx(p, rel=1e-9)
    assert test(one[::-1], other) == pytest.approx(p, rel=1e-9)
    moved = [[scale * (value + shift) for value in values] for values in (one, other)]
    assert test(*moved) == pytest.approx(p, rel=1e-6, abs=1e-12)


def test_the_lady_tasting_tea() -> None:
    # Fisher 1935: of 4 and 4 cups all right by chance, 1 in 70; 3 or more of 4 right, 17 in 70.
    assert fisher(0, 4, 4, 4) == 1 / 70
    assert fisher(1, 4, 3, 4) == 17 / 70


counts = st.integers(0, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, counts)
def test_fisher_is_that_of_scipy(one: tuple[int, int], other: tuple[int, int]) -> None:
    table = [[other[0], other[1] - other[0]], [one[0], one[1] - one[0]]]
    p = fisher(*one, *other)
    assert p == pytest.approx(scipy.stats.fisher_exact(table, alternative="greater").pvalue, rel=1e-9)
    if other[0] < other[1]:
        assert fisher(*one, other[0] + 1, other[1]) <= p


@pytest.mark.parametrize("counts", [(-1, 3, 0, 3), (0, 3, 4, 3)])
def test_counts_that_cannot_be(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="runs cannot have failed"):
        fisher(*counts)


@pytest.mark.parametrize("test", [welch, permutation])
def test_refuses(test: Test) -> None:
    with pytest.raises(ValueError, match="at least"):
        test([1.0, 2.0], [])
    with pytest.raises(ValueError, match="1 of 2"):
        test([1.0, 2.0], [nan, 2.0])


def test_one_value_has_no_variance() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        welch([1.0], [1.0, 2.0])

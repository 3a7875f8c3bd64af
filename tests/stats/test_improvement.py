from math import inf, sqrt

import pytest
import scipy.stats
from exact_values import eighths, lists
from hypothesis import given
from hypothesis import strategies as st

from harness.stats import Interval, probability_of_improvement
from harness.stats.improvement import score_interval

some = lists(2, 6)


@given(some, some)
def test_the_share_is_that_of_mann_and_whitney(one: list[float], other: list[float]) -> None:
    found = probability_of_improvement(one, other, higher_is_better=True)
    u = scipy.stats.mannwhitneyu(one, other, method="asymptotic").statistic if one != other else None
    if u is not None:
        assert found.mean == pytest.approx(u / (len(one) * len(other)), rel=1e-12)
    assert found.n == len(one) + len(other)


def test_the_share_is_that_of_brunner_and_munzel() -> None:
    one, other = [1.0, 2.0, 2.0, 5.0], [2.0, 3.0, 5.0, 6.0, 7.0]
    # Their estimate of P(one < other) + half P(equal), from mid-ranks (2000, equation 2.2).
    ranks = scipy.stats.rankdata(one + other)
    estimate = (ranks[4:].mean() - 3) / 4
    assert probability_of_improvement(one, other, higher_is_better=False).mean == pytest.approx(estimate)


@given(some, some, eighths, st.booleans())
def test_mirrored_when_groups_or_the_better_way_are_swapped(
    one: list[float], other: list[float], shift: float, up: bool
) -> None:
    found = probability_of_improvement(one, other, up)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.mean <= found.high <= 1
    for mirrored in (
        probability_of_improvement(other, one, up),
        probability_of_improvement(one, other, not up),
        probability_of_improvement([-value for value in one], [-value for value in other], up),
    ):
        assert mirrored.mean == pytest.approx(1 - found.mean)
        assert (mirrored.low, mirrored.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-9)
    # Only the order counts: cubes are in the same order.
    cubes = [[(value + shift) ** 3 for value in values] for values in (one, other)]
    assert probability_of_improvement(cubes[0], cubes[1], up) == found


def test_of_one_pair_it_is_the_score_interval_of_a_proportion() -> None:
    # Wilson 1927, one success in one trial: [1 / (1 + z²), 1].
    z = 1.959963984540054
    assert score_interval(1.0, 1, 1, z) == pytest.approx((1 / (1 + z * z), 1.0))
    assert score_interval(0.0, 1, 1, z) == pytest.approx((0.0, z * z / (1 + z * z)))


@given(st.integers(2, 20), st.integers(2, 20), st.floats(0.01, 0.99), st.floats(0.5, 4))
def test_the_bounds_are_where_the_score_test_is_at_its_level(
    m: int, n: int, share: float, quantile: float
) -> None:
    low, high = score_interval(share, m, n, quantile)
    assert 0 < low < share < high < 1
    for bound in (low, high):
        # Hanley and McNeil 1982, equation 2, with the mean size for both groups.
        q1, q2, size = bound / (2 - bound), 2 * bound**2 / (1 + bound), (m + n) / 2
        variance = bound * (1 - bound) + (size - 1) * (q1 - bound**2) + (size - 1) * (q2 - bound**2)
        assert abs(share - bound) == pytest.approx(quantile * sqrt(variance / (m * n)), rel=1e-6)


def test_three_against_three_never_leave_out_one_half() -> None:
    # Their exact test cannot get under 0.1 on two sides: the interval must not say more.
    apart = probability_of_improvement([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], higher_is_better=False)
    assert apart.low is not None
    assert apart.mean == apart.high == 1.0
    assert apart.low < 0.5
    more = probability_of_improvement([1.0, 2.0, 3.0, 3.5, 3.7], [4.0, 5.0, 6.0, 7.0, 8.0], False)
    assert more.low is not None
    assert more.low > 0.5


def test_one_seed_has_no_interval() -> None:
    found = probability_of_improvement([1.0], [1.0, 2.0], higher_is_better=False)
    assert found == Interval(0.75, None, None, None, 3)


def test_refuses() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        probability_of_improvement([], [1.0], True)
    with pytest.raises(ValueError, match="1 of 2"):
        probability_of_improvement([1.0, inf], [1.0], True)
    with pytest.raises(ValueError, match="level"):
        probability_of_improvement([1.0, 2.0], [1.0, 2.0], True, level=95)

import math
import statistics

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from harness.stats import Interval, mean_interval


def test_equals_scipy() -> None:
    values = [9.8, 10.4, 9.1, 10.9]
    found = mean_interval(values)
    expected = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found.low == pytest.approx(expected.low, rel=1e-12)
    assert found.high == pytest.approx(expected.high, rel=1e-12)
    assert found.std == pytest.approx(statistics.stdev(values), rel=1e-12)
    assert (found.mean, found.n) == (pytest.approx(10.05), 4)


def test_known_quantiles() -> None:
    found = mean_interval([-1.0, 1.0], level=0.9)
    assert found.high == pytest.approx(6.313751514675, rel=1e-9)  # t(.95, 1) times 2^½ / 2^½
    assert found.low == pytest.approx(-found.high)


def test_one_value_has_no_interval() -> None:
    assert mean_interval([3.0]) == Interval(3.0, None, None, None, 1)


@pytest.mark.parametrize(
    ("values", "message"),
    [([], "no values"), ([1.0, math.nan], "1 of 2"), ([math.inf, -math.inf, 0.0], "2 of 3")],
)
def test_refuses(values: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mean_interval(values)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, math.nan])
def test_refuses_levels_that_are_none(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        mean_interval([1.0, 2.0], level)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20),
    st.floats(0.5, 0.9),
    st.floats(-1e3, 1e3),
)
def test_contains_the_mean_widens_with_the_level_and_moves_with_the_values(
    values: list[float], level: float, shift: float
) -> None:
    found, wider = mean_interval(values, level), mean_interval(values, level + 0.09)
    moved = mean_interval([value + shift for value in values], level)
    assert found.low is not None
    assert found.high is not None
    assert found.std is not None
    assert wider.low is not None
    assert wider.low <= found.low <= found.mean <= found.high
    assert moved.low == pytest.approx(found.low + shift, abs=1e-6)
    assert mean_interval([4.0] * len(values)).std == 0


def test_covers_as_often_as_it_says() -> None:
    import numpy as np

    draws = np.random.default_rng(0).normal(size=(4000, 3))
    intervals = [mean_interval(row.tolist()) for row in draws]
    hits = [i.low <= 0 <= i.high for i in intervals if i.low is not None and i.high is not None]
    assert 0.94 <= sum(hits) / 4000 <= 0.96


@pytest.mark.parametrize("value", [0.786, 0.1, 1e-7, -3.3])
def test_equal_values_have_no_spread_whatever_their_mean_is_rounded_to(value: float) -> None:
    found = mean_interval([value] * 7)
    assert (found.std, found.low, found.high) == (0.0, found.mean, found.mean)
    assert found.mean == pytest.approx(value, rel=1e-15)
    assert mean_interval([0.3, 0.1 + 0.2, 0.3]).std == 0.0

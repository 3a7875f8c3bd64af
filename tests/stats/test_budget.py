import math
import statistics
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats import expected_best, expected_best_intervals, mean_interval

some_values = st.lists(st.floats(-100, 100), min_size=1, max_size=9)


@given(some_values, st.booleans())
def test_the_expected_best_is_the_mean_over_all_subsets(values: list[float], up: bool) -> None:
    best = max if up else min
    budgets = range(1, len(values) + 1)
    expected = [statistics.fmean(map(best, combinations(values, k))) for k in budgets]
    assert expected_best(values, budgets, up) == pytest.approx(expected, abs=1e-9)


@given(some_values)
def test_the_expected_best_starts_at_the_mean_ends_at_the_best_and_never_gets_worse(
    values: list[float],
) -> None:
    found = expected_best(values, range(1, len(values) + 1))
    assert found[0] == pytest.approx(statistics.fmean(values), abs=1e-9)
    assert found[-1] == pytest.approx(min(values), abs=1e-9)
    assert all(after <= before + 1e-9 for before, after in pairwise(found))
    mirrored = expected_best([-value for value in values], range(1, len(values) + 1), True)
    assert mirrored == pytest.approx([-value for value in found], abs=1e-9)


def test_the_expected_best_of_ten_thousand_trials_is_exact() -> None:
    # The least of k of the numbers 1..n is (n + 1) / (k + 1) on average.
    n, budgets = 10_000, [1, 2, 10, 500, 5_000, 9_999, 10_000]
    found = expected_best(range(1, n + 1), budgets)
    assert found == pytest.approx([(n + 1) / (k + 1) for k in budgets], rel=1e-9)


def test_the_interval_of_the_expected_best() -> None:
    import numpy as np

    values = np.random.default_rng(0).lognormal(size=60).tolist()
    budgets = [1, 5, 20]
    found = expected_best_intervals(values, budgets, seed=1)
    assert found == expected_best_intervals(values, budgets, seed=1)
    assert found != expected_best_intervals(values, budgets, seed=2)
    for (low, high), middle in zip(found, expected_best(values, budgets), strict=True):
        assert min(values) <= low < middle < high
    # Of one trial it is the interval of a mean, about that of Student.
    mean = mean_interval(values)
    assert mean.low is not None
    assert found[0][0] == pytest.approx(mean.low, rel=0.1)
    narrow = expected_best_intervals(values, budgets, level=0.5, seed=1)
    assert all(low > wide for (low, _), (wide, _) in zip(narrow, found, strict=True))
    assert np.allclose(expected_best_intervals([3.0] * 4, [1, 4]), 3.0, rtol=1e-12)
    mirrored = expected_best_intervals([-value for value in values], budgets, True, seed=1)
    assert np.allclose(mirrored, [(-high, -low) for low, high in found], rtol=1e-12)


@pytest.mark.parametrize(
    ("values", "budgets", "message"),
    [
        ([], [1], "no values"),
        ([1.0, math.inf], [1], "1 of 2"),
        ([1.0, 2.0], [1, 3], r"1\.\.2, not 3"),
        ([1.0, 2.0], [0], r"1\.\.2, not 0"),
    ],
)
def test_no_expected_best(values: list[float], budgets: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        expected_best(values, budgets)
    with pytest.raises(ValueError, match=message):
        expected_best_intervals(values, budgets)

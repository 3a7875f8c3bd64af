from math import nan

import pytest
import scipy.stats
from exact_values import eighths, lists
from hypothesis import given

from harness.stats import iqm


@given(lists(1, 12), eighths)
def test_the_interquartile_mean_is_that_of_scipy_and_moves_with_the_values(
    values: list[float], shift: float
) -> None:
    found = iqm(values)
    assert found == pytest.approx(float(scipy.stats.trim_mean(values, 0.25)), abs=1e-12)
    assert iqm([value + shift for value in values]) == pytest.approx(found + shift, abs=1e-9)
    assert iqm([-value for value in values]) == pytest.approx(-found, abs=1e-12)


def test_one_bad_seed_of_four_does_not_move_it() -> None:
    assert iqm([4.0, 5.0, 6.0, 300.0]) == iqm([4.0, 5.0, 6.0, 7.0]) == 5.5
    assert iqm([1.0, 2.0, 6.0]) == 3.0


@pytest.mark.parametrize("values", [[], [1.0, nan]])
def test_refuses(values: list[float]) -> None:
    with pytest.raises(ValueError, match=r"at least 1|NaN"):
        iqm(values)

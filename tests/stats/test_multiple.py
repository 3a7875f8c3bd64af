from itertools import pairwise
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats import holm


def test_worked_by_hand() -> None:
    # Ascending .01 .02 .03 .04, times 4 3 2 1: .04 .06 .06 .04, and none below the one before.
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.01, 0.9, 0.8]) == pytest.approx([0.03, 1.0, 1.0])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_never_below_the_raw_in_the_same_order_and_between_bonferroni_and_nothing(raw: list[float]) -> None:
    adjusted = holm(raw)
    k = len(raw)
    assert all(p <= found <= min(1.0, k * p) for p, found in zip(raw, adjusted, strict=True))
    in_order = [found for _, found in sorted(zip(raw, adjusted, strict=True))]
    assert all(before <= after for before, after in pairwise(in_order))
    if raw:
        assert min(adjusted) == min(1.0, k * min(raw))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0.01, 0.5))
def test_rejects_what_stepping_down_rejects(raw: list[float], alpha: float) -> None:
    rejected = 0
    for step, p in enumerate(sorted(raw)):
        if (len(raw) - step) * p >= alpha:
            break
        rejected += 1
    assert sum(p < alpha for p in holm(raw)) == rejected


@pytest.mark.parametrize("wrong", [-0.1, 1.1, nan])
def test_refuses_what_is_no_p(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"lie in 0\.\.1"):
        holm([0.5, wrong])

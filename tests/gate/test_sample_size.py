import numpy as np
import pytest
import scipy.stats

from harness.gate.contrast import Moments
from harness.gate.sample_size import Needed, seeds_to_decide, smallest_change
from harness.gate.verdict import Margin

ALPHA = 0.05 / 3


def p_of(fresh: Moments, baseline: Moments, factor: float) -> float:
    """Two-sided, by scipy."""
    return float(
        scipy.stats.ttest_ind_from_stats(
            fresh.mean,
            fresh.variance**0.5,
            fresh.n,
            factor * baseline.mean,
            factor * baseline.variance**0.5,
            baseline.n,
            equal_var=False,
        ).pvalue
    )


@pytest.mark.parametrize("mean", [9.0, 10.4, 13.5])
def test_the_fewest_fresh_seeds_that_decide(mean: float) -> None:
    baseline = Moments(10.0, 1.0, 12)
    needed = seeds_to_decide(Moments(mean, 1.5, 3), baseline, factor=1.15, alpha=ALPHA)
    assert needed is not None
    assert needed.baseline == 12
    assert p_of(Moments(mean, 1.5, needed.fresh), baseline, 1.15) < 2 * ALPHA
    assert needed.fresh == 4 or p_of(Moments(mean, 1.5, needed.fresh - 1), baseline, 1.15) >= 2 * ALPHA


def test_where_the_baseline_is_too_small_both_sides_must_grow() -> None:
    fresh, baseline = Moments(10.8, 1.0, 5), Moments(10.0, 1.0, 3)
    needed = seeds_to_decide(fresh, baseline, factor=1.15, alpha=ALPHA)
    assert needed is not None
    assert needed.fresh == needed.baseline > 5
    assert p_of(Moments(10.8, 1.0, 10**6), baseline, 1.15) > 2 * ALPHA
    n = needed.fresh
    assert p_of(Moments(10.8, 1.0, n), Moments(10.0, 1.0, n), 1.15) < 2 * ALPHA
    assert p_of(Moments(10.8, 1.0, n - 1), Moments(10.0, 1.0, n - 1), 1.15) >= 2 * ALPHA


def test_at_the_margin_no_number_decides() -> None:
    assert seeds_to_decide(Moments(11.5, 1.0, 5), Moments(10.0, 1.0, 5), factor=1.15, alpha=ALPHA) is None


def test_one_seed_borrows_the_spread_of_the_other_side() -> None:
    one = seeds_to_decide(Moments(10.0, 0.0, 1), Moments(10.0, 1.0, 12), factor=1.15, alpha=ALPHA)
    other = seeds_to_decide(Moments(10.0, 1.0, 2), Moments(10.0, 1.0, 12), factor=1.15, alpha=ALPHA)
    assert one == other
    assert seeds_to_decide(Moments(10.0, 0.0, 1), Moments(9.0, 0.0, 1), alpha=ALPHA) is None


def test_equal_values_need_as_many_as_a_permutation_test() -> None:
    """(n + 2 choose 2) > 60 from n = 10 on."""
    found = seeds_to_decide(Moments(8.0, 0.0, 2), Moments(8.0, 0.0, 2), factor=1.05, alpha=ALPHA)
    assert found == Needed(10, 2)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_the_smallest_change_of_one_look_has_this_power_in_scipys_welch_test(n: int) -> None:
    """At one-sided 5 %, against no margin to speak of: 1.36 standard deviations at 10 seeds a side."""
    found = smallest_change(n, (n,), 0.005, Margin(1e-6, True))
    assert found is not None
    random = np.random.default_rng(1)
    one, other = random.standard_normal((2, 10_000, n))
    tests = scipy.stats.ttest_ind(one + found / 0.005, other, axis=1, equal_var=False, alternative="greater")
    assert np.mean(tests.pvalue < 0.05) == pytest.approx(0.9, abs=0.015)
    assert n != 10 or found / 0.005 == pytest.approx(1.36, abs=0.04)


def test_more_seeds_find_less_and_a_margin_in_the_metrics_unit_has_no_share() -> None:
    few = smallest_change(5, (5,), 0.08, Margin(0.15, True), simulations=500)
    many = smallest_change(12, (5, 8, 12), 0.08, Margin(0.15, True), simulations=500)
    assert few is not None
    assert many is not None
    assert 0.15 < many < few
    with pytest.raises(ValueError, match="share of the mean"):
        smallest_change(5, (5,), 0.08, Margin(2.0, False))

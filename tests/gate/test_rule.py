"""The rule against scipy, closed forms and what a decision must never depend on."""

import math
import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ConfigError
from harness.gate.contrast import Moments, difference_interval, moments, p_above, p_below, ratio_interval
from harness.gate.rule import LOOKS, decide, look_level
from harness.gate.simulation import simulate
from harness.gate.verdict import Margin, Side, Verdict

BASELINE = [11.2, 12.9, 12.1, 12.4, 11.7, 13.0, 12.2, 11.9]
FRESH = [12.5, 13.6, 12.0, 12.8, 13.1]
LEVEL = look_level()

VALUES = st.floats(0.5, 100.0)
SIDES = st.lists(VALUES, min_size=2, max_size=12)
MARGINS = st.one_of(
    st.builds(Margin, st.floats(0.01, 0.9), st.just(True)),
    st.builds(Margin, st.floats(0.01, 50.0), st.just(False)),
)


def side(values: Sequence[float], failed: dict[int, str] | None = None, first: int = 0) -> Side:
    return Side(dict(enumerate(values, first)), failed or {})


def ruled(
    fresh: Sequence[float],
    baseline: Sequence[float] = BASELINE,
    margin: str | float = "15%",
    higher: bool = False,
    alpha: float = LEVEL,
) -> Verdict:
    """Of seeds that no side shares, so that nothing is identical."""
    return decide(
        side(baseline, first=100),
        side(fresh),
        margin=Margin.parse(margin),
        higher_is_better=higher,
        alpha=alpha,
    )


@pytest.mark.parametrize("factor", [0.85, 1.0, 1.15])
def test_the_test_is_welchs(factor: float) -> None:
    """Of the baseline times the factor: its mean is an estimate, and its spread counts as often."""
    scaled = [factor * value for value in BASELINE]
    for p, word in ((p_above, "greater"), (p_below, "less")):
        expected = scipy.stats.ttest_ind(FRESH, scaled, equal_var=False, alternative=word).pvalue
        assert p(moments(FRESH), moments(BASELINE), factor) == pytest.approx(expected, rel=1e-10)


def test_an_offset_is_welchs_on_shifted_values() -> None:
    expected = scipy.stats.ttest_ind(FRESH, [value + 0.3 for value in BASELINE], equal_var=False)
    p = p_above(moments(FRESH), moments(BASELINE), offset=0.3)
    assert 2 * min(p, 1 - p) == pytest.approx(expected.pvalue, rel=1e-10)


def test_the_interval_of_a_difference_is_welchs() -> None:
    expected = scipy.stats.ttest_ind(FRESH, BASELINE, equal_var=False).confidence_interval(1 - 2 * LEVEL)
    found = difference_interval(moments(FRESH), moments(BASELINE), LEVEL)
    assert found == pytest.approx((expected.low, expected.high), rel=1e-10)


def test_the_interval_of_a_ratio_is_fiellers() -> None:
    """Closed form where the degrees of freedom are fixed: with so many seeds t is normal (Fieller 1954)."""
    fresh, baseline = Moments(13.0, 4.0, 10**9), Moments(12.0, 9.0, 10**9)
    one, other = fresh.variance / fresh.n, baseline.variance / baseline.n
    z = scipy.stats.norm.isf(LEVEL)
    a, b, c = 12.0**2 - z**2 * other, -2 * 13.0 * 12.0, 13.0**2 - z**2 * one
    root = math.sqrt(b * b - 4 * a * c)
    expected = ((-b - root) / (2 * a), (-b + root) / (2 * a))
    assert ratio_interval(fresh, baseline, LEVEL, 1.15) == pytest.approx(expected, rel=1e-9)


def test_the_interval_of_a_ratio_to_a_certain_mean_is_students() -> None:
    expected = scipy.stats.ttest_1samp(FRESH, 0).confidence_interval(1 - 2 * LEVEL)
    found = ratio_interval(moments(FRESH), moments([10.0] * 5), LEVEL, 1.15)
    assert found == pytest.approx((expected.low / 10, expected.high / 10), rel=1e-9)


@settings(max_examples=40)
@given(SIDES, SIDES, st.sampled_from([0.05, LEVEL]))
def test_its_ends_are_the_factors_where_the_test_turns(
    fresh: list[float], baseline: list[float], alpha: float
) -> None:
    one, other = moments(fresh), moments(baseline)
    if one.variance + other.variance == 0:
        return
    low, high = ratio_interval(one, other, alpha, 1e9)
    if low is not None:
        assert p_above(one, other, low) == pytest.approx(alpha, rel=1e-6)
    if high is not None:
        assert p_below(one, other, high) == pytest.approx(alpha, rel=1e-6)


def test_a_ratio_to_a_mean_that_may_be_zero_has_no_upper_end() -> None:
    low, high = ratio_interval(Moments(10.0, 1.0, 5), Moments(1.0, 100.0, 5), LEVEL, 1.15)
    assert high is None
    assert low is not None


@settings(max_examples=200)
@given(SIDES, SIDES, MARGINS, st.booleans())
def test_numbers_and_decision_agree(
    fresh: list[float], baseline: list[float], margin: Margin, higher: bool
) -> None:
    verdict = decide(
        side(baseline, first=100), side(fresh), margin=margin, higher_is_better=higher, alpha=LEVEL
    )
    if verdict.settled:  # no question of numbers: the margin is a slip
        assert (verdict.outcome, verdict.p) == ("INCONCLUSIVE", None)
        return
    assert verdict.p is not None
    assert verdict.change is not None
    worst = -margin.value if higher else margin.value
    low = -math.inf if verdict.low is None else verdict.low
    high = math.inf if verdict.high is None else verdict.high
    assert low <= verdict.change + 1e-9
    assert verdict.change - 1e-9 <= high
    beyond = high < worst if higher else low > worst
    within = low > worst if higher else high < worst
    near = min(abs(low - worst), abs(high - worst)) < 1e-9 * max(1, abs(worst))
    assert near or (verdict.outcome == "REGRESSION") == beyond == (verdict.p < LEVEL)
    assert near or (verdict.outcome == "PASS") == within == (verdict.p > 1 - LEVEL)


@settings(max_examples=40)
@given(SIDES, SIDES, st.floats(0.05, 0.9), st.sampled_from([0.125, 2.0, 1024.0]))
def test_a_relative_margin_knows_no_unit(
    fresh: list[float], baseline: list[float], margin: float, unit: float
) -> None:
    one = ruled(fresh, baseline, f"{margin:.3%}")
    other = ruled([unit * value for value in fresh], [unit * value for value in baseline], f"{margin:.3%}")
    assert (one.outcome, one.p, one.seeds_needed) == (other.outcome, other.p, other.seeds_needed)


@settings(max_examples=40)
@given(SIDES, SIDES, st.floats(0.05, 20.0))
def test_higher_is_better_is_lower_is_better_mirrored(
    fresh: list[float], baseline: list[float], margin: float
) -> None:
    one = ruled(fresh, baseline, margin)
    other = ruled([-value for value in fresh], [-value for value in baseline], margin, higher=True)
    assert (one.outcome, one.p) == (other.outcome, other.p)
    assert one.low == (None if other.high is None else -other.high)


def test_a_fall_is_the_regression_of_a_score() -> None:
    fallen = [0.5 * value for value in BASELINE]
    assert ruled(fallen, higher=True).outcome == "REGRESSION"
    assert ruled(fallen, higher=False).outcome == "PASS"


def test_the_sentence_holds_means_change_and_margin() -> None:
    reason = ruled([18.0, 19.0, 17.5, 18.4, 18.1]).reason
    for word in ("18.2 over 5 seeds", "12.18 over 8", "+49.5 %", "+15%"):
        assert word in reason


def test_identical_trainings_pass_at_once() -> None:
    verdict = decide(
        side(BASELINE), side(BASELINE[:3]), margin=Margin.parse("15%"), higher_is_better=False, alpha=LEVEL
    )
    assert (verdict.outcome, verdict.low, verdict.high) == ("PASS", 0, 0)
    assert "identical to the baseline at 3 seeds" in verdict.reason


@pytest.mark.parametrize(
    ("fresh", "baseline"),
    [
        (side([12.0, 13.0]), side([12.0, 13.0, 14.0])),  # two seeds
        (side([12.0, 13.0], first=1), side([12.0, 13.0])),  # seeds moved
        (side([12.0, 13.0, 14.0]), side([12.0, 13.0])),  # a seed the baseline lacks
        (side([12.0, math.nextafter(13.0, 14)]), side([12.0, 13.0])),  # one bit
        (side([8.0, 7.0, 8.0]), side([8.0, 7.0, 8.0])),  # a count of modes
        (Side({0: 12.0, 1: 13.0}, {2: "collapse"}), side([12.0, 13.0, 14.0])),
    ],
)
def test_what_is_not_identical(fresh: Side, baseline: Side) -> None:
    verdict = decide(baseline, fresh, margin=Margin.parse("1%"), higher_is_better=False, alpha=LEVEL)
    assert verdict.outcome == "INCONCLUSIVE"


def test_values_without_spread_are_judged_by_permutation() -> None:
    """(5 + 4 choose 4) = 126 orders, of which one is as bad; (2 + 2 choose 2) = 6 prove nothing."""
    verdict = ruled([7.0] * 5, [8.0] * 4, "5%", higher=True)
    assert (verdict.outcome, verdict.p) == ("REGRESSION", pytest.approx(1 / 126))
    assert (verdict.low, verdict.high) == (-0.125, -0.125)
    assert ruled([8.0] * 5, [8.0] * 4, "5%", higher=True).outcome == "PASS"
    few = ruled([7.0] * 2, [8.0] * 2, "5%", higher=True)
    assert (few.outcome, few.low, few.high) == ("INCONCLUSIVE", None, None)
    assert ruled([9.2] * 5, [8.0] * 5, "15%").outcome == "INCONCLUSIVE"  # exactly at the margin


def test_one_side_without_spread_is_a_test_against_a_number() -> None:
    expected = scipy.stats.ttest_1samp(FRESH, 1.15 * 11, alternative="greater").pvalue
    assert ruled(FRESH, [11.0] * 6).p == pytest.approx(expected, rel=1e-10)


def test_one_seed_decides_nothing() -> None:
    one = ruled([99.0])
    assert (one.outcome, one.p, one.low) == ("INCONCLUSIVE", None, None)
    assert one.seeds_needed is not None
    assert "one seed has no spread" in one.reason
    assert ruled(BASELINE, [12.0]).outcome == "INCONCLUSIVE"
    assert ruled([99.0], [12.0]).seeds_needed is None


def test_a_share_of_a_mean_that_is_not_positive_is_no_margin() -> None:
    """KID is unbiased, so it is negative for a good generator."""
    kid = [-0.002, 0.001, -0.003, 0.0]
    assert "in the metric's unit" in ruled(kid, kid, "15%").reason
    assert ruled(kid, kid, 0.02).outcome == "PASS"


def test_failures_are_fishers() -> None:
    fresh = Side({0: 12.0, 1: 12.5}, {2: "NaN", 3: "NaN", 4: "collapse"})
    verdict = decide(
        side(BASELINE * 2, first=9), fresh, margin=Margin.parse("15%"), higher_is_better=False, alpha=LEVEL
    )
    expected = scipy.stats.fisher_exact([[3, 2], [0, 16]], alternative="greater").pvalue
    assert (verdict.outcome, verdict.p) == ("REGRESSION", pytest.approx(expected))
    assert "3 of 5 trainings failed, 0 of 16 in the baseline (seed 2: NaN)" in verdict.reason


def test_a_failure_never_passes_but_hides_no_regression() -> None:
    good = decide(
        side(BASELINE, first=9),
        side([12.1, 12.0, 12.3, math.nan, 12.2]),
        margin=Margin.parse("15%"),
        higher_is_better=False,
        alpha=LEVEL,
    )
    assert good.outcome == "INCONCLUSIVE"
    assert good.fresh is not None
    assert (good.fresh.n, good.fresh.mean) == (4, pytest.approx(12.15))
    assert ruled([20.0, 21.0, 20.5, math.inf, 20.2]).outcome == "REGRESSION"


def test_what_fails_no_more_often_than_the_baseline_passes() -> None:
    verdict = decide(
        side(BASELINE, {50: "NaN"}, first=9),
        side(BASELINE[::-1], {50: "NaN"}, first=30),
        margin=Margin.parse("15%"),
        higher_is_better=False,
        alpha=LEVEL,
    )
    assert verdict.outcome == "PASS"
    assert "1 of 9 trainings failed" in verdict.reason


def test_nothing_to_compare() -> None:
    nothing = decide(
        side(BASELINE), Side({}), margin=Margin.parse("15%"), higher_is_better=False, alpha=LEVEL
    )
    assert (nothing.outcome, nothing.fresh, nothing.change) == ("INCONCLUSIVE", None, None)
    assert ruled(FRESH, []).outcome == "INCONCLUSIVE"


def test_the_simulated_rule_is_this_rule() -> None:
    random = np.random.default_rng(0)
    base, fresh = random.standard_normal((40, 12)), random.standard_normal((40, 12))
    found = {"PASS": 0, "REGRESSION": 0, "INCONCLUSIVE": 0}
    for one, other in zip(base, fresh, strict=True):
        for look in LOOKS:
            values = (1.17 * (1 + 0.1 * other[:look])).tolist()
            verdict = ruled(values, (1 + 0.1 * one).tolist(), alpha=look_level(0.4))
            if verdict.outcome != "INCONCLUSIVE":
                break
        found[verdict.outcome] += 1
    rates = simulate(
        base, fresh, coefficient_of_variation=0.1, change=0.17, margin=0.15, looks=LOOKS, alpha=0.4
    )
    expected = {
        "PASS": rates.passed,
        "REGRESSION": rates.regression,
        "INCONCLUSIVE": rates.inconclusive,
    }
    assert found == {outcome: round(40 * share) for outcome, share in expected.items()}
    assert min(found.values()) > 0


@given(st.decimals("0.0001", "500", places=4), st.booleans())
def test_a_margin_prints_what_was_written(value: object, relative: bool) -> None:
    text = f"{value}%" if relative else f"{value}"
    margin = Margin.parse(text)
    assert Margin.parse(str(margin)) == margin
    assert float(str(margin).rstrip("%")) == float(text.rstrip("%"))
    assert str(margin).endswith("%") == relative


def test_margins() -> None:
    assert Margin.parse("7%") == Margin(0.07, True)
    assert Margin.parse(" 15 % ") == Margin(0.15, True)
    assert Margin.parse(0.02) == Margin.parse("0.02") == Margin(0.02, False)
    assert [str(Margin.parse(text)) for text in ("7%", 100, "1e-3")] == ["7%", "100", "0.001"]


@pytest.mark.parametrize("text", ["15 percent", "", "%", "-5%", -0.1, 0, "0%", math.nan, "inf", True])
def test_refuses_margins_that_are_none(text: str | float) -> None:
    with pytest.raises(ConfigError, match="margin"):
        Margin.parse(text)


def test_refuses_a_margin_that_no_fall_exceeds() -> None:
    with pytest.raises(ConfigError, match="cannot fall by 100%"):
        ruled(FRESH, margin="100%", higher=True)


def test_a_seed_is_on_one_list() -> None:
    with pytest.raises(ValueError, match="seed 3"):
        Side({3: 1.0}, {3: "NaN"})


def test_the_plugin_and_the_rule_import_nothing_heavy() -> None:
    """The plugin is loaded into every pytest session of whoever has harness installed."""
    code = (
        "import sys, harness.pytest_plugin, harness.gate.rule;"
        "print([name for name in ('numpy', 'scipy', 'torch') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

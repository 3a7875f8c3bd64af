"""The decision: did the mean over training seeds become worse by more than the margin?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from harness.errors import ConfigError
from harness.gate import sentences
from harness.gate.contrast import difference_interval, moments, p_above, p_below, ratio_interval
from harness.gate.sample_size import Needed, seeds_to_decide
from harness.gate.verdict import Margin, Outcome, Side, Verdict
from harness.stats import Interval, fisher, mean_interval

LOOKS = (5, 8, 12)
"""Fresh seeds at which the rule decides; a baseline is written with as many seeds as the last."""

FEWEST = 3
"""Seeds at which the values of one metric must be the same for the training to be."""

ALPHA = 0.05
"""Chance of a wrong verdict over all looks and variants."""


def look_level(alpha: float = ALPHA, looks: int | Sequence[int] = LOOKS, variants: int = 1) -> float:
    """The level of one test, so that all looks at all variants together err with at most `alpha`
    (Bonferroni)."""
    return alpha / (looks if isinstance(looks, int) else len(looks)) / variants


@dataclass(frozen=True)
class _Change:
    """The change of the mean as the metric moved, in words and as of `Verdict`; `problem`: why it cannot be
    tested."""

    words: str = ""
    problem: str = ""
    settled: bool = False  # whether no further seed can change that
    change: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    needed: Needed | None = None


def decide(baseline: Side, fresh: Side, *, margin: Margin, higher_is_better: bool, alpha: float) -> Verdict:
    """The verdict at one look; `alpha` is the level of this look, see `look_level`.

    REGRESSION: the mean is worse by surely more than the margin, or trainings fail surely more often.
    PASS: the mean is worse by surely less than the margin and trainings fail no more often; or every fresh
    training gave, bit for bit, what the baseline has at its seed. Else INCONCLUSIVE.
    ConfigError for a margin that no fall of a metric can exceed.
    """
    if higher_is_better and margin.relative and margin.value >= 1:
        raise ConfigError(f"a metric cannot fall by {margin}: write a margin below 100%")
    if _identical(baseline, fresh):
        return identical(baseline, fresh)
    found = _change(baseline, fresh, margin, higher_is_better, alpha)
    limit = f"the margin of {'-' if higher_is_better else '+'}{margin}"
    failed = sentences.failures(baseline, fresh)
    beside = f"; {failed}" if failed else ""
    p = found.p
    needed = None
    outcome: Outcome = "INCONCLUSIVE"
    if p is not None and p < alpha:
        outcome, reason = "REGRESSION", f"{found.words}, beyond {limit}{beside}"
    elif (p_failures := _p_of_failures(baseline, fresh)) < alpha:
        outcome, reason, p = "REGRESSION", f"trainings fail more often: {failed}", p_failures
    elif len(fresh.failed) * baseline.seeds > len(baseline.failed) * fresh.seeds:
        # How many more would fail cannot be extrapolated from the one or two that did.
        reason = f"{failed}: too few to tell whether trainings fail more often, too many to pass"
    elif p is None:
        reason, needed = found.problem, found.needed
    elif p > 1 - alpha:
        outcome, reason = "PASS", f"{found.words}, within {limit}{beside}"
    else:
        needed = found.needed
        reason = f"{found.words}, too uncertain for {limit}{beside}; {sentences.advice(needed, baseline)}"
    return _verdict(outcome, reason, found, p, baseline, fresh, needed)


def identical(baseline: Side, fresh: Side) -> Verdict:
    """PASS, where it is known that every fresh training is the baseline's of its seed."""
    reason = f"identical to the baseline at {len(fresh.values)} seeds: the training did not change"
    return _verdict("PASS", reason, _Change(change=0.0, low=0.0, high=0.0), 1.0, baseline, fresh)


def _identical(baseline: Side, fresh: Side) -> bool:
    """Whether both sides are the same at every fresh seed, bit for bit. Few seeds show nothing, nor do values
    of which two are equal: a count of modes is no fingerprint of a training."""
    same = [seed for seed, value in fresh.values.items() if baseline.values.get(seed) == value]
    if len(same) < len(fresh.values) or not fresh.failed.keys() <= baseline.failed.keys():
        return False
    return len({fresh.values[seed] for seed in same}) == len(same) >= FEWEST


def _change(baseline: Side, fresh: Side, margin: Margin, higher_is_better: bool, alpha: float) -> _Change:
    """Of the means of the finite values."""
    for side, name in ((baseline, "the baseline"), (fresh, "the fresh side")):
        if not side.values:
            return _Change(problem=f"no training of {name} gave a value")
    one, other = moments(fresh.numbers), moments(baseline.numbers)
    n, m = len(fresh.values), len(baseline.values)
    mean, base = float(one.mean), float(other.mean)
    means = sentences.means(mean, n, base, m)
    if margin.relative and base <= 0:
        problem = f"{means}: no share of a mean that is not positive; give the margin in the metric's unit"
        return _Change(problem=problem, settled=True)
    if not (margin.relative or higher_is_better) and margin.value > base > 3 * sqrt(float(other.variance)):
        whole = f"the baseline's whole mean {base:.4g}"
        problem = f'the margin {margin} is more than {whole}: write a share, as "15%"'
        return _Change(problem=problem, settled=True)
    sign = -1 if higher_is_better else 1
    factor, offset = (1 + sign * margin.value, 0.0) if margin.relative else (1.0, sign * margin.value)
    change = mean / base - 1 if margin.relative else mean - base
    needed = seeds_to_decide(one, other, factor=factor, offset=offset, alpha=alpha)
    moved = f"{means}: {sentences.signed(change, margin)}"
    if n < 2 or m < 2:
        problem = f"{moved}, but one seed has no spread; {sentences.advice(needed, baseline)}"
        return _Change(problem=problem, change=change, needed=needed)
    test = p_below if higher_is_better else p_above
    p = float(test(one, other, factor, offset))
    if margin.relative:
        low, high = (None if end is None else end - 1 for end in ratio_interval(one, other, alpha, factor))
    else:
        low, high = difference_interval(one, other, alpha)
    moved = f"{moved} ({sentences.span(low, high, margin)})"
    return _Change(words=moved, change=change, low=low, high=high, p=p, needed=needed)


def _p_of_failures(baseline: Side, fresh: Side) -> float:
    """Fisher's exact p of "fresh trainings fail no more often than those of the baseline"."""
    return fisher(len(baseline.failed), baseline.seeds, len(fresh.failed), fresh.seeds)


def _verdict(
    outcome: Outcome,
    reason: str,
    found: _Change,
    p: float | None,
    baseline: Side,
    fresh: Side,
    needed: Needed | None = None,
) -> Verdict:
    return Verdict(
        outcome,
        reason,
        found.change,
        found.low,
        found.high,
        p,
        _interval(baseline),
        _interval(fresh),
        needed.fresh if needed else None,
        found.settled,
    )


def _interval(side: Side) -> Interval | None:
    return mean_interval(side.numbers) if side.values else None

"""The numbers of a check as people read them, in a terminal and in Markdown."""

from collections.abc import Sequence

from harness.gate.check import Beside, Checked, CheckResult
from harness.gate.sentences import signed, span
from harness.gate.update import Moved
from harness.gate.verdict import Margin
from harness.notes import number
from harness.stats import Interval

NONE = "–"
UNIT = Margin(1.0, relative=False)
"""Says that changes are shown in the metric's unit."""


def mean(interval: Interval | None) -> str:
    """`8.76 ± 0.24`."""
    return NONE if interval is None else number(interval)


def seeds(interval: Interval | None, failed: int = 0) -> str:
    """`5 seeds`, those that failed named."""
    count = interval.n if interval else 0
    return f"{count} seed{'' if count == 1 else 's'}{f', {failed} failed' if failed else ''}"


def gated_change(checked: Checked, result: CheckResult) -> str:
    """`+3.1 % (-4.0 % to +11.2 %)` under a relative margin, else in the metric's unit."""
    verdict = checked.verdict
    return _change(verdict.change, verdict.low, verdict.high, result.margin)


def change(beside: Beside) -> str:
    return _change(beside.change, beside.low, beside.high, UNIT)


def moved_change(moved: Moved) -> str:
    """Of two baselines: the difference of the means."""
    if moved.old is None or moved.new is None:
        return NONE
    return signed(moved.new.mean - moved.old.mean, UNIT)


def allowed(result: CheckResult) -> str:
    """`+15%`, or `-0.02` of a metric that should rise."""
    return f"{'+' if result.column.better == 'lower' else '-'}{result.margin}"


def interval_title(result: CheckResult) -> str:
    """What the interval of a change is: `96.7 % interval`."""
    return f"{100 * result.level:.3g} % interval"


def headline(result: CheckResult) -> str:
    """One line: what was gated, the verdict."""
    return f"{result.column.title} gate of {result.experiment}: {result.outcome}"


def failures(result: CheckResult, variant: str) -> tuple[int, int]:
    """How many trainings of a variant failed, in the baseline and now."""
    old = result.baseline.variants.get(variant)
    now = next(each for each in result.variants if each.variant == variant)
    return (len(old.failed) if old else 0, now.failed)


def reused(checked: Checked) -> str:
    """Which seeds were trained before; empty where none was."""
    if not checked.reused:
        return ""
    return (
        f"used again: {', '.join(f'seed {seed}' for seed in checked.reused)}, trained before with the same"
        " configuration, code, data, torch and device"
    )


def came_from(result: CheckResult) -> str:
    """What was compared: both commits, and when the baseline was written."""
    old = result.baseline
    return (
        f"baseline of {old.written}, {_commit(old.commit, old.dirty)}, {old.device};"
        f" fresh runs: {_commit(result.commit, result.dirty)}{f', {result.place}' if result.place else ''}"
    )


def shared(variants: Sequence[tuple[str, Sequence[str]]]) -> list[tuple[str, str]]:
    """Lines by variant as (variants, line), what all variants share once, under no name."""
    lines = dict.fromkeys(line for _, each in variants for line in each)
    found = []
    for line in lines:
        having = [name for name, each in variants if line in each]
        found.append(("" if len(having) == len(variants) else ", ".join(having), line))
    return found


def _commit(commit: str, dirty: bool) -> str:
    if not commit:
        return "no commit"
    return f"commit {commit[:10]}{' with changes' if dirty else ''}"


def _change(middle: float | None, low: float | None, high: float | None, margin: Margin) -> str:
    if middle is None:
        return NONE
    if middle == 0 and low in (0, None) and high in (0, None):
        return "identical, seed by seed"
    if low is None and high is None:
        return signed(middle, margin)
    return f"{signed(middle, margin)} ({span(low, high, margin)})"

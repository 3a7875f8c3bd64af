"""The parts of a verdict's sentence: changes, intervals, failures, and how many seeds would decide."""

from harness.gate.sample_size import Needed
from harness.gate.verdict import Margin, Side


def signed(value: float, margin: Margin) -> str:
    """A change: a percentage under a relative margin, else in the metric's unit."""
    # + 0.0 makes the zero of a rounded -0.04 a positive one.
    return f"{round(100 * value, 1) + 0.0:+.1f} %" if margin.relative else f"{value + 0.0:+.3g}"


def span(low: float | None, high: float | None, margin: Margin) -> str:
    """An interval of changes, which may be unbounded."""
    if low is not None and high is not None:
        return f"{signed(low, margin)} to {signed(high, margin)}"
    if high is not None:
        return f"at most {signed(high, margin)}"
    return "unbounded" if low is None else f"at least {signed(low, margin)}"


def means(fresh: float, n_fresh: int, baseline: float, n_baseline: int) -> str:
    """Both means and of how many seeds they are."""
    seeds = "1 seed" if n_fresh == 1 else f"{n_fresh} seeds"
    return f"mean {fresh:.4g} over {seeds}, {baseline:.4g} over {n_baseline} in the baseline"


def failures(baseline: Side, fresh: Side) -> str:
    """How many trainings failed on either side, and why the first did; empty where no fresh one did."""
    if not fresh.failed:
        return ""
    first = min(fresh.failed)
    return (
        f"{len(fresh.failed)} of {fresh.seeds} trainings failed, {len(baseline.failed)} of {baseline.seeds} "
        f"in the baseline (seed {first}: {fresh.failed[first]})"
    )


def advice(needed: Needed | None, baseline: Side) -> str:
    """How many seeds would decide."""
    if needed is None:
        return "no number of seeds within reach would decide"
    where = "seeds on both sides" if needed.baseline > len(baseline.values) else "fresh seeds"
    return f"{needed.fresh} {where} would decide if mean and spread stay so"

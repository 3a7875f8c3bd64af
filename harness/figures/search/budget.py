"""What a search of k trials would have found: the honest way to compare variants that were all tuned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, isfinite, log

from harness.figures import style
from harness.figures.drawing import Drawing, NothingToDrawError
from harness.figures.search.axes import value_axis
from harness.figures.style import End
from harness.figures.ticks import log_ticks
from harness.stats import expected_best, expected_best_intervals
from harness.trials import Objective, TrialRecord, drawn

POINTS = 40
"""Budgets at most, evenly apart on the logarithmic axis."""

ROUND = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
"""Budgets that are always among them."""


@dataclass(frozen=True)
class Curve:
    """The expected best value of one variant, with its interval, at some budgets."""

    budgets: list[int]
    values: list[float]
    intervals: list[tuple[float, float]]

    def at(self, budget: int) -> tuple[float, float, float] | None:
        """Value, low and high; None above the trials there were."""
        if budget not in self.budgets:
            return None
        place = self.budgets.index(budget)
        return (self.values[place], *self.intervals[place])


def budget_curves(variants: Mapping[str, Sequence[TrialRecord]], objective: Objective) -> dict[str, Curve]:
    """The curve of every variant that has a value.

    The file's own configuration is no draw of a search. A pruned trial counts with its last value, a failed
    one with the worst that any trial of any variant had at any step, about that of an untrained generator:
    both are budget spent.
    """
    variants = {variant: drawn(trials) for variant, trials in variants.items()}
    seen = [value for trials in variants.values() for trial in trials for value in _seen(trial)]
    curves: dict[str, Curve] = {}
    for variant, trials in variants.items():
        if not any(trial.state == "complete" and trial.value() is not None for trial in trials):
            continue
        worst = objective.worst(seen)
        values = [worst if (value := trial.value()) is None else value for trial in trials]
        budgets = _budgets(len(values))
        up = objective.higher_is_better
        curves[variant] = Curve(
            budgets, expected_best(values, budgets, up), expected_best_intervals(values, budgets, up)
        )
    return curves


def expected_best_figure(variants: Mapping[str, Sequence[TrialRecord]], objective: Objective) -> Drawing:
    """One line a variant with its bootstrap band. NothingToDrawError if no variant has a complete trial."""
    curves = budget_curves(variants, objective)
    if not curves:
        raise NothingToDrawError("no trial is complete")
    figure = style.new_figure(3.7)
    axes = figure.add_subplot()
    value_axis(
        axes, [end for curve in curves.values() for pair in curve.intervals for end in pair], objective
    )
    most = max(curve.budgets[-1] for curve in curves.values())
    axes.set(xscale="log", xlim=(0.95, max(2, most) * 1.03), xlabel="budget: trials")
    axes.set_ylabel(style.words(f"expected best {axes.get_ylabel()}"))
    log_ticks(axes.xaxis, 1, max(2, most), most=9)
    ends = []
    for index, (variant, curve) in enumerate(curves.items()):
        look = style.look(index)
        low, high = zip(*curve.intervals, strict=True)
        if len(curve.budgets) > 1:
            axes.fill_between(
                curve.budgets,
                low,
                high,
                color=look["color"],
                alpha=0.15 if len(curves) < 4 else 0.08,
                linewidth=0,
            )
        axes.plot(
            curve.budgets, curve.values, marker="o" if len(curve.budgets) < 4 else None, markersize=4, **look
        )
        ends.append(End(curve.budgets[-1], curve.values[-1], variant, look["color"]))
    style.label_ends(axes, ends)
    return Drawing(figure, f"Best {objective.title} to expect of a budget", CAPTION)


CAPTION = (
    "The best value among k of the trials, drawn without replacement: its mean over all draws (Lucic et al."
    " 2018, Dodge et al. 2019); band: 95 % bootstrap interval over the trials, too narrow at the right end,"
    " where nearly all of them are drawn. Failed trials count as the worst value seen at any step of any"
    " trial, pruned ones with their last. The file's own configuration is none of them."
)


def _seen(trial: TrialRecord) -> list[float]:
    return [value for value in (*trial.values[:1], *trial.curve.values()) if isfinite(value)]


def _budgets(n: int) -> list[int]:
    if n <= POINTS:
        return list(range(1, n + 1))
    spaced = {round(exp(log(n) * step / (POINTS - 1))) for step in range(POINTS)}
    return sorted(spaced | {budget for budget in ROUND if budget <= n})

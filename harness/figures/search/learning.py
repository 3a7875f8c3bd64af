"""How the trials learned: the objective at every look, pruned ones until they were stopped."""

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from harness.figures import style
from harness.figures.drawing import Drawing, NothingToDrawError
from harness.figures.search.axes import FILE, as_in_file, best_text, hollow, legend, of_file, value_axis
from harness.figures.style import End
from harness.figures.ticks import short
from harness.runs import Points
from harness.trials import Objective, TrialRecord, best_trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def learning_curves(trials: Sequence[TrialRecord], objective: Objective) -> Drawing:
    """One line a trial, the best one emphasised. NothingToDrawError if no trial has a curve."""
    curves = {trial.number: _points(trial) for trial in trials}
    if not any(curves.values()):
        raise NothingToDrawError("no trial has a learning curve")
    # Others may lie far beyond, and are cut there.
    complete = [trial for trial in trials if trial.state == "complete" and curves[trial.number]]
    values = [value for trial in complete or trials for _, value in curves[trial.number]]
    figure = style.new_figure(3.7)
    axes = figure.add_subplot()
    value_axis(axes, values, objective)
    best = best_trial(trials, objective)
    alpha = min(0.75, max(0.18, 12 / len(trials)))
    if complete:
        axes.plot([], [], color=style.BLUE, linewidth=1.1, label="complete")
    for trial in sorted(trials, key=lambda trial: trial.state == "complete"):
        if points := curves[trial.number]:
            _plot(axes, trial, points, alpha)
    ends = []
    file = as_in_file(trials)
    if file is not None and file is not best and (points := curves[file.number]):
        ends.append(End(*points[-1], f"file: {short(points[-1][1])}", style.GREEN))
    axes.set_xlabel("generator updates")
    axes.margins(x=0.02)
    style.thousands(axes)
    if best is not None and (points := curves[best.number]):
        axes.plot(
            *zip(*points, strict=True),
            color=style.BLACK,
            linewidth=2,
            marker="o",
            markersize=3.5,
            label="best trial",
        )
        ends.append(End(*points[-1], best_text(best, points[-1][1]), style.BLACK))
    style.label_ends(axes, ends)
    legend(figure)
    return Drawing(figure, "How the trials learned", CAPTION)


CAPTION = (
    "The objective at every look at a training, with the smaller number of samples that a search affords. A"
    " line that ends in a ring was pruned there; one that ends in a cross failed. Dashed: the configuration"
    " as the file has it. The axis reaches as far as the complete ones do."
)


def _points(trial: TrialRecord) -> Points:
    return [(step, value) for step, value in sorted(trial.curve.items()) if isfinite(value)]


def _plot(axes: "Axes", trial: TrialRecord, points: Points, alpha: float) -> None:
    color = {"complete": style.BLUE, "pruned": style.GREY, "failed": style.VERMILION}[trial.state]
    complete = trial.state == "complete"
    look: dict[str, Any] = {
        "color": color,
        "linewidth": 1.1 if complete else 0.8,
        "alpha": alpha if complete else 0.6 * alpha,
    }
    if trial.changes_nothing:
        look = {**of_file(), "label": FILE}
    marker = "o" if complete and len(points) == 1 else None
    axes.plot(*zip(*points, strict=True), marker=marker, markersize=3.5, **look)
    if trial.state == "pruned":
        axes.plot(
            *points[-1],
            markersize=3.5,
            linestyle="",
            alpha=max(0.5, alpha),
            label="pruned",
            **hollow(style.GREY),
        )
    if trial.state == "failed":
        axes.plot(*points[-1], marker="x", markersize=5, linestyle="", color=color, label="failed")

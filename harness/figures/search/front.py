"""Two objectives against each other, and the trials that no other one beats in both."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.figures import style
from harness.figures.drawing import Drawing, NothingToDrawError
from harness.figures.search.axes import legend, size, value_axis
from harness.trials import Objective, TrialRecord, complete_trials, pareto_front

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NEAR = (0.05, 0.045)
"""Of the axes' width and height: of two trials of the front that are nearer one has its number written."""


def pareto(trials: Sequence[TrialRecord], objectives: tuple[Objective, Objective]) -> Drawing:
    """Every complete trial, the Pareto front emphasised. NothingToDrawError if no trial is complete."""
    found = complete_trials(trials, 2)
    if not found:
        raise NothingToDrawError("no trial is complete")
    first, second = objectives
    front = sorted(pareto_front(trials, objectives), key=lambda trial: trial.values)
    chosen = {trial.number for trial in front}
    others = [trial for trial in found if trial.number not in chosen]
    figure = style.new_figure(4.4)
    axes = figure.add_subplot()
    value_axis(axes, [trial.values[0] for trial in found], first, "x")
    value_axis(axes, [trial.values[1] for trial in found], second)
    if others:
        x, y = zip(*((trial.values[0], trial.values[1]) for trial in others), strict=True)
        axes.plot(
            x,
            y,
            "o",
            color=style.BLUE,
            alpha=0.5,
            markeredgewidth=0,
            markersize=size(trials) + 0.8,
            label="complete",
        )
    x, y = zip(*((trial.values[0], trial.values[1]) for trial in front), strict=True)
    # Between two trials of the front one gets the worse value of each.
    steps = "steps-pre" if first.higher_is_better else "steps-post"
    axes.plot(x, y, color=style.VERMILION, linewidth=1.2, drawstyle=steps, zorder=2.5)
    axes.plot(x, y, "o", color=style.VERMILION, markersize=6.5, zorder=3, label="Pareto front")
    taken: list[tuple[float, float]] = []
    for trial in front:
        at = axes.transAxes.inverted().transform(axes.transData.transform(trial.values[:2]))
        if all(abs(at[0] - x) > NEAR[0] or abs(at[1] - y) > NEAR[1] for x, y in taken):
            _number(axes, trial, objectives)
            taken.append((float(at[0]), float(at[1])))
    legend(figure)
    return Drawing(figure, f"{first.title} against {second.title}", CAPTION)


CAPTION = (
    "Red: trials that no other one equals or beats in both objectives, most with their numbers; the line"
    " bounds what they beat. Failed trials have no point."
)


def _number(axes: "Axes", trial: TrialRecord, objectives: tuple[Objective, Objective]) -> None:
    """On the side of the better values, where no other trial is."""
    first, second = objectives
    axes.annotate(
        str(trial.number),
        (trial.values[0], trial.values[1]),
        (4 if first.higher_is_better else -4, 4 if second.higher_is_better else -4),
        textcoords="offset points",
        ha="left" if first.higher_is_better else "right",
        va="bottom" if second.higher_is_better else "top",
        fontsize=style.SMALL,
        color=style.VERMILION,
    )

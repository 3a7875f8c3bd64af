"""The objective against each parameter alone."""

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from harness.config.space import Parameter, Space
from harness.figures import style
from harness.figures.drawing import Drawing, NothingToDrawError
from harness.figures.search.axes import (
    DARK,
    LIGHT,
    at_edge,
    cut,
    hollow,
    in_view,
    jitter,
    legend,
    name,
    pinned,
    shades,
    size,
    value_axis,
    wrapped,
)
from harness.figures.ticks import log_ticks
from harness.trials import Objective, TrialRecord, best_trial, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 3


def slices(trials: Sequence[TrialRecord], space: Space, objective: Objective) -> Drawing:
    """A small panel for every parameter that any trial set. NothingToDrawError if none of them has a
    value. The file's own configuration is at no point of the space, and in no panel."""
    trials = drawn(trials)
    values = in_view(trials, objective)
    shown = [
        parameter for parameter in space.parameters if any(parameter.key in trial.params for trial in trials)
    ]
    if not values or not shown:
        raise NothingToDrawError("no trial of the search space has a value")
    columns = min(COLUMNS, len(shown))
    rows = ceil(len(shown) / columns)
    figure = style.new_figure(0.5 + 2.2 * rows)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for row in panels:
        value_axis(row[0], values, objective)
    for axes, parameter in zip(panels.flat, shown, strict=False):
        _scale(axes, parameter, columns)
        _marks(axes, trials, parameter, objective)
        axes.set_xlabel(wrapped(name(parameter.key), 66 // columns))
    for axes in panels.flat[len(shown) :]:
        axes.set_axis_off()
    legend(figure)
    return Drawing(figure, "The objective against each parameter", CAPTION)


CAPTION = (
    "Each trial that set parameters once in every panel, later ones stronger; all other parameters vary too."
    " Diamond: the best of them. Hollow: pruned, at its last value, or at the edge where that lies beyond."
    " Ticks at the edge: failed. A parameter that exists only under another one's choice has only the trials"
    " where it was set."
)


def _scale(axes: "Axes", parameter: Parameter, columns: int) -> None:
    if parameter.kind == "choice":
        labels = list(parameter.choices)
        width = 66 // columns // len(labels)
        axes.set_xlim(-0.6, len(labels) - 0.4)
        lean = max(map(len, labels)) > width
        axes.set_xticks(range(len(labels)), [cut(label, 18) for label in labels])
        axes.tick_params("x", length=0, rotation=50 if lean else 0)
        if lean:
            for text in axes.get_xticklabels():
                text.set(ha="right", rotation_mode="anchor")
    elif parameter.log:
        room = (parameter.high / parameter.low) ** 0.05
        axes.set(xscale="log", xlim=(parameter.low / room, parameter.high * room))
        log_ticks(axes.xaxis, parameter.low, parameter.high, most=4)
    else:
        room = 0.06 * (parameter.high - parameter.low) or 0.5
        axes.set_xlim(parameter.low - room, parameter.high + room)
        axes.locator_params(axis="x", nbins=4, integer=parameter.kind == "int")


def _marks(axes: "Axes", trials: Sequence[TrialRecord], parameter: Parameter, objective: Objective) -> None:
    def at(trial: TrialRecord) -> float:
        value = trial.params[parameter.key]
        if parameter.kind == "choice":
            return list(parameter.choices).index(str(value)) + 0.55 * jitter(trial)
        return float(value)

    here = [trial for trial in trials if parameter.key in trial.params]
    for state in ("pruned", "complete"):
        points = [
            (at(trial), value, trial.number)
            for trial in here
            if trial.state == state and (value := trial.value()) is not None
        ]
        if not points:
            continue
        x, y, numbers = zip(*points, strict=True)
        if state == "pruned":
            axes.plot(
                x,
                [pinned(axes, value) for value in y],
                linestyle="",
                clip_on=False,
                markersize=size(trials) - 1,
                label=state,
                **hollow(style.GREY),
            )
            continue
        axes.scatter(
            x,
            y,
            c=numbers,
            s=size(trials) ** 2,
            cmap=shades(LIGHT, style.BLUE, DARK),
            vmin=min(trial.number for trial in trials),
            vmax=max(trial.number for trial in trials),
            linewidths=0,
            zorder=2,
        )
        axes.plot([], [], "o", color=style.BLUE, markeredgewidth=0, markersize=size(trials), label=state)
    at_edge(axes, [at(trial) for trial in here if trial.state == "failed"], objective)
    best = best_trial(trials, objective)
    if best is not None and parameter.key in best.params:
        axes.plot(
            at(best),
            best.values[0],
            "D",
            color=style.VERMILION,
            markeredgecolor="white",
            markersize=7,
            zorder=3,
            linestyle="",
            label=f"best drawn: trial {best.number}",
        )

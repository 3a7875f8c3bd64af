"""The value of every trial in the order of the search, and the best of them so far."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.figures import style
from harness.figures.drawing import Drawing, NothingToDrawError
from harness.figures.search.axes import (
    FILE,
    as_in_file,
    at_edge,
    best_text,
    hollow,
    in_view,
    legend,
    number_axis,
    of_file,
    pinned,
    size,
    value_axis,
)
from harness.figures.style import End
from harness.figures.ticks import short
from harness.trials import Objective, TrialRecord, best_so_far, best_trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def history(trials: Sequence[TrialRecord], objectives: Sequence[Objective]) -> Drawing:
    """One panel an objective. NothingToDrawError if no trial has a value."""
    if not any(trial.value() is not None for trial in trials):
        raise NothingToDrawError("no trial has a value")
    figure = style.new_figure(1.0 + 2.5 * len(objectives))
    panels = figure.subplots(len(objectives), 1, squeeze=False, sharex=True)[:, 0]
    for index, (axes, objective) in enumerate(zip(panels, objectives, strict=True)):
        _panel(axes, trials, objective, index)
        if index < len(objectives) - 1:
            axes.set_xlabel("")
    legend(figure)
    return Drawing(figure, "The search, trial by trial", CAPTION)


CAPTION = (
    "Filled: complete trials; line: the best of them so far. Hollow: pruned, at the last value they had,"
    " which is of an earlier step and no result; on the edge where it lies beyond. Ticks at the edge: failed,"
    " without a value. Dashed: the configuration as the file has it, where it came to its end; all others are"
    " to beat it. The best of many trials is partly luck."
)


def _panel(axes: "Axes", trials: Sequence[TrialRecord], objective: Objective, index: int) -> None:
    states = {
        state: [
            (trial.number, value)
            for trial in trials
            if trial.state == state and (value := trial.value(index)) is not None
        ]
        for state in ("complete", "pruned")
    }
    if values := in_view(trials, objective, index):
        value_axis(axes, values, objective)
    number_axis(axes, trials)
    if states["complete"]:
        axes.plot(
            *zip(*states["complete"], strict=True),
            "o",
            color=style.BLUE,
            alpha=0.8,
            markeredgewidth=0,
            markersize=size(trials),
            label="complete",
        )
    if states["pruned"]:
        axes.plot(
            [number for number, _ in states["pruned"]],
            [pinned(axes, value) for _, value in states["pruned"]],
            linestyle="",
            markersize=size(trials) - 0.5,
            zorder=1.5,
            clip_on=False,
            label="pruned",
            **hollow(style.GREY),
        )
    at_edge(axes, [trial.number for trial in trials if trial.state == "failed"], objective)
    best, file = best_trial(trials, objective, index), as_in_file(trials, index + 1)
    last = max(trial.number for trial in trials)
    ends = []
    if file is not None:
        axes.axhline(file.values[index], label=FILE, **of_file())
        if file is not best:
            ends.append(End(last, file.values[index], f"file: {short(file.values[index])}", style.GREEN))
    if best is not None:
        curve = best_so_far(trials, objective, index)
        curve.append((last, curve[-1][1]))
        axes.plot(
            *zip(*curve, strict=True),
            color=style.BLACK,
            linewidth=1.3,
            drawstyle="steps-post",
            label="best so far",
        )
        ends.append(End(last, best.values[index], best_text(best, best.values[index]), style.BLACK))
    style.label_ends(axes, ends)

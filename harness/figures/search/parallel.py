"""All parameters of all trials at once: parallel coordinates, turned for names to be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log, log10
from typing import TYPE_CHECKING

from harness.config.space import Parameter, Space
from harness.figures import style
from harness.figures.drawing import Drawing, NothingToDrawError
from harness.figures.search.axes import DARK, LIGHT, cut, is_wide, jitter, name, shades
from harness.figures.ticks import short
from harness.trials import Objective, TrialRecord, best_trial, drawn, ranked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ABSENT = -0.11
"""Where on a row, whose values lie in [0, 1], a trial stands that did not set the parameter."""


@dataclass(frozen=True)
class _Row:
    """One axis. at: place of each trial by its number, ABSENT if it has none; ticks: text by place."""

    title: str
    at: Mapping[int, float]
    ticks: Mapping[float, str]


def parallel_coordinates(trials: Sequence[TrialRecord], space: Space, objective: Objective) -> Drawing:
    """One line a complete trial through all parameters down to its value; the best one stands out.

    The file's own configuration is at no point of the space, and not drawn. NothingToDrawError if no other
    trial is complete.
    """
    trials = drawn(trials)
    found = ranked(trials, objective)
    best = best_trial(trials, objective)
    if best is None:
        raise NothingToDrawError("no trial of the search space is complete")
    rows = [
        _of_parameter(parameter, found)
        for parameter in space.parameters
        if any(parameter.key in trial.params for trial in found)
    ]
    rows.append(_of_value(objective, found))
    figure = style.new_figure(0.5 + 0.56 * len(rows))
    axes = figure.add_subplot()
    heights = range(len(rows))
    colors = shades(DARK, style.BLUE, LIGHT, style.FAINT)
    alpha = min(0.9, max(0.35, 30 / len(found)))
    for rank, trial in reversed(list(enumerate(found))):  # the best on top
        line = [row.at[trial.number] for row in rows]
        if trial is best:
            axes.plot(line, heights, color="white", linewidth=4.5)
            axes.plot(line, heights, color=style.VERMILION, linewidth=2.2, marker="o", markersize=4)
        else:
            color = colors(rank / max(1, len(found) - 1))
            axes.plot(line, heights, color=color, linewidth=1, alpha=alpha)
    for height, row in zip(heights, rows, strict=True):
        _axis(axes, height, row)
    absent = any(place == ABSENT for row in rows for place in row.at.values())
    axes.set(xlim=((ABSENT if absent else 0) - 0.05, 1.06), ylim=(len(rows) - 0.4, -0.5), xticks=[])
    axes.set_yticks(list(heights), [style.words(row.title) for row in rows])
    axes.tick_params("y", length=0)
    axes.spines[:].set_visible(False)
    return Drawing(figure, "Which values go together", _caption(best.number, absent))


def _caption(best: int, absent: bool) -> str:
    return (
        f"One line a complete trial that set parameters: those from top to bottom, then its value. Stronger"
        f" is better; trial {best}, the best of them, is red."
        + (" Far left, n/a: not set in that trial." if absent else "")
    )


def _of_parameter(parameter: Parameter, trials: Sequence[TrialRecord]) -> _Row:
    title = name(parameter.key)
    if parameter.kind == "choice":
        labels = list(parameter.choices)
        places = [rank / (len(labels) - 1) for rank in range(len(labels))] if len(labels) > 1 else [0.5]
        of = dict(zip(labels, places, strict=True))
        near = 0.25 / max(4, len(labels))  # moved a little, or the lines of one choice would be one
        at = {
            trial.number: of[str(trial.params[parameter.key])] + near * jitter(trial)
            for trial in trials
            if parameter.key in trial.params
        }
        ticks = {place: cut(label, 80 // len(labels)) for label, place in of.items()}
    else:
        low, high = float(parameter.low), float(parameter.high)
        at = {
            trial.number: _between(low, high, float(trial.params[parameter.key]), parameter.log)
            for trial in trials
            if parameter.key in trial.params
        }
        ticks = _ticks(low, high, parameter.log, whole=parameter.kind == "int")
    return _Row(title, {trial.number: at.get(trial.number, ABSENT) for trial in trials}, ticks)


def _of_value(objective: Objective, trials: Sequence[TrialRecord]) -> _Row:
    values = [trial.values[0] for trial in trials]
    low, high, logarithmic = min(values), max(values), is_wide(values, objective)
    at = {trial.number: _between(low, high, trial.values[0], logarithmic) for trial in trials}
    return _Row(objective.title, at, _ticks(low, high, logarithmic, whole=False))


def _between(low: float, high: float, value: float, logarithmic: bool) -> float:
    """The place of `value` between `low`, at 0, and `high`, at 1."""
    if low == high:
        return 0.5
    if logarithmic:
        low, high, value = log(low), log(high), log(value)
    return (value - low) / (high - low)


def _ticks(low: float, high: float, logarithmic: bool, *, whole: bool) -> dict[float, str]:
    """Both ends and some values between them."""
    if low == high:
        return {0.5: short(low)}
    if whole and high - low <= 6:
        values = [low + step for step in range(round(high - low) + 1)]
    elif logarithmic and high >= 100 * low:
        powers = [10.0**power for power in range(ceil(log10(low)), floor(log10(high)) + 1)]
        every = ceil(len(powers) / 5)
        inside = [power for power in powers[::every] if 0.12 < _between(low, high, power, True) < 0.88]
        values = [low, *inside, high]
    elif logarithmic:
        values = [low * (high / low) ** (quarter / 4) for quarter in range(5)]
    else:
        values = [low + (high - low) * quarter / 4 for quarter in range(5)]
    values = sorted({float(round(value)) for value in values}) if whole else values
    return {_between(low, high, value, logarithmic): short(value) for value in values}


def _axis(axes: "Axes", height: float, row: _Row) -> None:
    axes.plot([0, 1], [height, height], color=style.GREY, linewidth=0.8, zorder=3)
    ticks = dict(row.ticks)
    if ABSENT in row.at.values():
        ticks[ABSENT] = "n/a"
    for place, text in ticks.items():
        axes.plot(place, height, "|", color=style.GREY, markersize=6, zorder=3)
        axes.annotate(
            text,
            (place, height),
            (0, -5),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=style.SMALL,
            zorder=4,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6},
        )

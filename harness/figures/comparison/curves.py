"""A metric through the training: means and bands over seeds, and many of them as small panels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from harness.figures import style
from harness.figures.comparison.scale import room_for_ticks
from harness.figures.style import End
from harness.runs import Points, common_steps
from harness.stats import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 6
"""Curves in one panel, as many as there are colours; of more each has its own panel."""

COLUMNS = 3

NAMES = 1.5
"""Inches of the longest name at the end of a line, at most."""


@dataclass(frozen=True)
class Curve:
    """A variant: (step, mean) over its finished seeds, the band around it, empty where there is one seed, and
    the curves of seeds that failed on the way."""

    name: str
    points: Points
    band: Sequence[tuple[float, float]]
    failed: Sequence[Points]

    @property
    def values(self) -> list[float]:
        return [value for points in (self.points, *self.failed) for _, value in points]


def curve_of(name: str, finished: Sequence[Points], failed: Sequence[Points] = ()) -> Curve | None:
    """None if no seed has a point. Two seeds have an interval of 13 times their distance: not drawn."""
    shared = common_steps([points for points in finished if points])
    failed = [points for points in failed if points]
    if not shared and not failed:
        return None
    found = [mean_interval(values) for values in shared.values()]
    points = [(step, interval.mean) for step, interval in zip(shared, found, strict=True)]
    band: list[tuple[float, float]] = []
    for values, interval in zip(shared.values(), found, strict=True):
        if interval.n == 2:
            band.append((min(values), max(values)))
        elif interval.low is not None and interval.high is not None:
            band.append((interval.low, interval.high))
    return Curve(name, points, band, failed)


def bands(curves: Sequence[Curve]) -> str:
    """What lines and bands are, a sentence for a caption."""
    if not any(curve.band for curve in curves):
        return " One seed each, so no band."
    return (
        " Line: mean over the seeds, at the steps that all of them have; band: 95 % interval of that mean"
        " (Student's t), of two seeds from one to the other."
    )


def plot(axes: "Axes", curve: Curve, color: str) -> None:
    """The band, the mean, and thin lines that end in a cross for seeds that failed."""
    for points in curve.failed:
        axes.plot(*zip(*points, strict=True), color=color, linewidth=0.7)
        axes.plot(*points[-1], marker="x", color=color, markersize=5)
    if not curve.points:
        return
    steps, means = zip(*curve.points, strict=True)
    if curve.band:
        low, high = zip(*curve.band, strict=True)
        axes.fill_between(steps, low, high, color=color, alpha=0.15, linewidth=0)
    axes.plot(steps, means, color=color, marker="o", markersize=3.2)


def end_of(curve: Curve, name: str, color: str) -> End:
    if curve.points:
        return End(*curve.points[-1], name, color)
    return End(*curve.failed[0][-1], f"{name} (failed)", color)


def together(
    curves: Sequence[Curve], head: str, prepare: Callable[["Axes"], None], height: float = 3.3
) -> "Figure":
    """All in one panel, each with its name at its end. prepare: sets the axis of values, once for a panel."""
    figure = style.plain_figure(height)
    axes = figure.add_subplot()
    prepare(axes)
    for index, curve in enumerate(curves):
        plot(axes, curve, style.CYCLE[index])
    names = style.fitted([curve.name for curve in curves], NAMES)
    ends = [end_of(curve, names[index], style.CYCLE[index]) for index, curve in enumerate(curves)]
    steps(axes)
    room = max(style.text_width(end.text) for end in ends) + 0.22
    style.place(axes, room_for_ticks(axes), 0.52, style.COLUMN - room, height - 0.3)
    axes.set(xlabel="generator updates")
    axes.set_title(style.words(head))
    style.label_ends(axes, ends, style.NORMAL)
    return figure


def multiples(curves: Sequence[Curve], head: str, prepare: Callable[["Axes"], None]) -> "Figure":
    """A panel each, with all the others behind it, on the same axes."""
    from matplotlib.collections import LineCollection

    columns = min(COLUMNS, len(curves))
    rows = ceil(len(curves) / columns)
    top, bottom, gap, panel = 0.2, 0.5, 0.3, 0.95
    height = top + rows * (panel + gap) + bottom
    figure = style.plain_figure(height)
    first: Axes | None = None
    left, width = 0.0, 0.0
    for index, curve in enumerate(curves):
        axes = figure.add_subplot(sharex=first, sharey=first)
        if first is None:
            first = axes
            prepare(axes)
            steps(axes, most=3)
            left = room_for_ticks(axes)
            width = (style.COLUMN - 0.2 - left) / columns
            names = style.fitted([curve.name for curve in curves], width - 0.15)
        row, place = divmod(index, columns)
        upper = height - top - gap - row * (panel + gap)
        start = left + place * width
        style.place(axes, start, upper - panel, start + width - 0.15, upper)
        others = [other.points for other in curves if other is not curve and other.points]
        axes.add_collection(
            LineCollection(others, colors=style.FAINT, linewidths=0.9, zorder=1), autolim=False
        )
        plot(axes, curve, style.BLUE)
        axes.set_title(style.words(names[index]), pad=3)
        axes.tick_params(labelsize=style.NORMAL)
        # Ticks that nobody could read off take half of the time.
        axes.yaxis.set_visible(place == 0)
        axes.xaxis.set_visible(index + columns >= len(curves))
    figure.text(left / style.COLUMN, 1 - 0.06 / height, style.words(head), va="top", ha="left")
    figure.text(0.5, 0.08 / height, "generator updates", va="bottom", ha="center")
    return figure


def steps(axes: "Axes", most: int = 5) -> None:
    """Ticks at round numbers of steps: 6k is 6,000 where there is little room."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.margins(x=0.03)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=most, integer=True, steps=[1, 2, 5, 10]))
    brief = most < 5

    def text(value: float, _: object) -> str:
        return f"{value / 1000:g}k" if brief and value >= 1000 else f"{value:,.0f}"

    axes.xaxis.set_major_formatter(FuncFormatter(text))
    axes.tick_params("x", labelsize=style.NORMAL)

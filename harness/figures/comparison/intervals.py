"""The last value of every seed, a row a variant, best at the top of those that lost no training."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.columns import Column
from harness.figures import style
from harness.figures.comparison.outcomes import Seeds, reference, seeds_of, things
from harness.figures.comparison.scale import Scale, beyond, scale_of
from harness.figures.drawing import Drawing
from harness.figures.ticks import short
from harness.runs import Run
from harness.stats import Interval, mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FAR = 3.0
"""Values that span more than this factor stand on a logarithmic axis: one variant far off would press
all others into a point."""

NAMES = 2.2
"""Inches of the longest label of a row, at most."""

ROW, LINE = 0.27, 0.17
"""Inches of a row with one line of words, and of every further line."""

BELOW = 0.075
"""Inches from an interval to the dots of its seeds."""

Row = tuple[Seeds, Interval | None]


def intervals(runs: Sequence[Run], column: Column) -> Drawing:
    """Seeds as dots under their mean and its 95 % t interval, with the floor. One seed has no interval."""
    rows = _rows(seeds_of(runs, column), column)
    floor, ceiling = (reference(runs, which, column.key) for which in ("floor", "ceiling"))
    scale = scale_of(
        [value for seeds, _ in rows for value in seeds.values],
        [end for _, found in rows if found for end in (found.low, found.high) if end is not None],
        (floor, ceiling),
        logarithmic=column.better == "lower",
        wide=FAR,
    )
    names = style.fitted([seeds.variant for seeds, _ in rows], NAMES)
    words = [
        [name, *seeds.missing.split(", ")] if seeds.missing else [name]
        for name, (seeds, _) in zip(names, rows, strict=True)
    ]
    heights = [ROW + LINE * (len(lines) - 1) for lines in words]
    named = any(scale.holds(value) for value in (floor, ceiling))
    top, bottom = 0.28 if named else 0.08, 0.52
    figure = style.plain_figure(top + sum(heights) + bottom)
    axes = figure.add_subplot()
    left = max(0.35, *(style.text_width("\n".join(lines)) for lines in words)) + 0.12
    style.place(axes, left, bottom, style.COLUMN - 0.25, bottom + sum(heights))
    scale.put(axes, "x")
    axes.set(ylim=(sum(heights), 0), yticks=[])  # in inches, from the top
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(style.words(scale.called(column.heading)))
    _references(axes, scale, floor, ceiling)
    cut = False
    start = 0.0
    for lines, height, (seeds, found) in zip(words, heights, rows, strict=True):
        middle = start + height / 2
        _label(axes, lines, middle)
        cut |= _row(axes, scale, seeds, found, middle - BELOW / 2)
        start += height
    return Drawing(
        figure,
        f"{column.title} of every variant",
        _caption(rows, runs, cut) + beyond(scale, (("floor", floor), ("ceiling", ceiling))),
    )


def _rows(groups: Sequence[Seeds], column: Column) -> list[Row]:
    """The best mean first, after all others those of survivors, at the end those without any."""
    rows: list[Row] = [(seeds, mean_interval(seeds.values) if seeds.values else None) for seeds in groups]
    sign = 1 if column.better == "lower" else -1
    return sorted(
        rows, key=lambda row: (row[1] is None, bool(row[0].missing), sign * row[1].mean if row[1] else 0.0)
    )


def _label(axes: "Axes", lines: Sequence[str], middle: float) -> None:
    for number, text in enumerate(lines):
        axes.annotate(
            style.words(text),
            xy=(0, middle + LINE * (number - (len(lines) - 1) / 2)),
            xycoords=("axes fraction", "data"),
            xytext=(-8, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            color=style.BLACK if number == 0 else style.VERMILION,
        )


def _row(axes: "Axes", scale: Scale, seeds: Seeds, found: Interval | None, y: float) -> bool:
    """One variant; returns whether its interval goes on beyond the axis."""
    axes.axhline(y, color=style.FAINT, linewidth=0.6, zorder=0)
    if found is None:
        return False
    cut = False
    if found.low is not None and found.high is not None:
        ends = [scale.clipped(found.low), scale.clipped(found.high)]
        axes.plot(ends, [y, y], color=style.BLUE, linewidth=2)
        for end, at, arrow in ((found.low, ends[0], "<"), (found.high, ends[1], ">")):
            if end != at:
                axes.plot(at, y, arrow, color=style.BLUE, markersize=6, clip_on=False)
                cut = True
        axes.plot(
            seeds.values,
            [y + BELOW] * len(seeds.values),
            "o",
            color=style.GREY,
            markersize=3,
            markeredgewidth=0,
        )
    axes.plot(found.mean, y, "o", color=style.BLUE, markersize=5.5, markeredgewidth=0, zorder=3)
    return cut


def _references(axes: "Axes", scale: Scale, floor: float | None, ceiling: float | None) -> None:
    for name, value in (("floor", floor), ("ceiling", ceiling)):
        if value is None or not scale.holds(value):
            continue
        axes.axvline(value, color=style.GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0.5)
        at = axes.transAxes.inverted().transform(axes.transData.transform((value, 0)))[0]
        axes.annotate(
            f"{name} {short(value)}",
            xy=(value, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="left" if at < 0.15 else "right" if at > 0.85 else "center",
            va="bottom",
            color=style.GREY,
        )


def _caption(rows: Sequence[Row], runs: Sequence[Run], cut: bool) -> str:
    several = any(found and found.n > 1 for _, found in rows)
    said = (
        "Large dot: mean over seeds; line: 95 % interval of that mean (Student's t); small dots: the seeds."
        " A variant with one seed has no interval."
        if several
        else "One seed each, so no interval: how far another seed would be from it is unknown."
    )
    if cut:
        said += " An interval that ends in an arrow goes on beyond the axis."
    if any(seeds.missing for seeds, _ in rows):
        said += " Failed and unfinished seeds have no value and are in no mean."
    judged = things(runs)
    return f"{said} Floor: what held-out real {judged} get; ceiling: what noise gets."

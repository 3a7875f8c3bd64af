"""What a value costs: the metric against the seconds and the images of a training."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Any

from harness.columns import Column
from harness.figures import style
from harness.figures.comparison.outcomes import Seeds, seeds_of
from harness.figures.comparison.scale import room_for_ticks, scale_of
from harness.figures.drawing import Drawing, NothingToDrawError
from harness.figures.style import End
from harness.runs import Points, Record, Run, common_steps

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Line = list[tuple[float, float]]
"""(cost, value): means over seeds, by step."""

Measure = Callable[[Run], Points]
"""(step, cost) at the evaluations of a run."""

SECONDS, IMAGES = "training seconds", "images seen"

NAMES = 1.5
"""Inches of the longest name at the end of a line, at most."""


@dataclass(frozen=True)
class Panel:
    """One kind of cost: what it is called, the lines of all variants, and the front over all of them."""

    text: str
    lines: Mapping[str, Line]
    front: Line

    @property
    def on_front(self) -> list[str]:
        """Variants that are the best for some cost."""
        places = set(self.front)
        return [variant for variant, line in self.lines.items() if places.intersection(line)]


def cost(runs: Sequence[Run], column: Column) -> Drawing:
    """Seed means against training seconds and images seen, with the Pareto front over all variants."""
    groups = [seeds for seeds in seeds_of(runs, column) if seeds.runs]
    panels = [
        Panel(text, lines, _front(lines.values(), column))
        for text, measure in ((SECONDS, _seconds), (IMAGES, _images))
        if (lines := _lines(groups, column, measure))
    ]
    if not panels:
        raise NothingToDrawError("no run says how many seconds or images its evaluations took")
    chosen = list(dict.fromkeys(variant for panel in panels for variant in panel.on_front))
    looks = {variant: style.look(index) for index, variant in enumerate(chosen)}
    names = dict(zip(chosen, style.fitted(chosen, NAMES), strict=True))
    scale = scale_of(
        [value for panel in panels for line in panel.lines.values() for _, value in line],
        logarithmic=column.better == "lower",
    )
    height = max(1.75, 0.22 * len(chosen))
    top, below = 0.3, 0.58
    figure = style.plain_figure(top + len(panels) * (height + below))
    room = max(map(style.text_width, names.values())) + 0.22
    for number, panel in enumerate(panels):
        axes = figure.add_subplot()
        scale.put(axes, "y", 5)
        upper = (len(panels) - number) * (height + below)
        style.place(axes, room_for_ticks(axes), upper - height, style.COLUMN - room, upper)
        _draw(axes, panel, looks, names)
    figure.axes[0].set_title(style.words(scale.called(column.heading)))
    return Drawing(figure, f"{column.title} for its cost", _caption(groups, panels))


def _draw(
    axes: "Axes", panel: Panel, looks: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]
) -> None:
    from matplotlib.collections import LineCollection

    _cost_axis(axes, panel)
    named = [variant for variant in looks if variant in panel.lines]
    rest = [line for variant, line in panel.lines.items() if variant not in looks]
    axes.add_collection(LineCollection(rest, colors=style.FAINT, linewidths=1.2, zorder=1), autolim=False)
    dots = [point for line in rest for point in line]
    axes.plot([x for x, _ in dots], [y for _, y in dots], "o", color=style.FAINT, markersize=4, zorder=1)
    x, y = zip(*panel.front, strict=True)
    # Until the next better one is paid for, the last stands; also beyond the last.
    axes.plot(
        [*x, axes.get_xlim()[1]],
        [*y, y[-1]],
        color=style.GREY,
        linewidth=1,
        drawstyle="steps-post",
        zorder=1.5,
    )
    for variant in named:
        axes.plot(*zip(*panel.lines[variant], strict=True), linewidth=1.2, **looks[variant])
    colors = {point: looks[variant]["color"] for variant in named for point in panel.lines[variant]}
    axes.scatter(x, y, s=36, c=[colors[point] for point in panel.front], linewidths=0, zorder=3)
    ends = [End(*panel.lines[variant][-1], names[variant], looks[variant]["color"]) for variant in named]
    style.label_ends(axes, ends, style.NORMAL)


def _cost_axis(axes: "Axes", panel: Panel) -> None:
    scale = scale_of([cost for line in panel.lines.values() for cost, _ in line])
    scale.put(axes, "x", 5)
    axes.set_xlabel(scale.called(panel.text))


def _lines(groups: Sequence[Seeds], column: Column, measure: Measure) -> dict[str, Line]:
    """(mean cost, mean value) of every variant at the steps where all its seeds have both, in order."""
    found: dict[str, Line] = {}
    for seeds in groups:
        values = common_steps([run.curve(f"eval/{column.key}") for run in seeds.runs])
        costs = common_steps([measure(run) for run in seeds.runs])
        line = [(_mean(costs[step]), _mean(values[step])) for step in values if step in costs]
        if line:
            found[seeds.variant] = line
    return found


def _seconds(run: Run) -> Points:
    return [(step, seconds) for step, seconds in sorted(run.seconds.items()) if seconds > 0]


def _images(run: Run) -> Points:
    size = run.images_a_step
    return [(step, float(size * step)) for step in sorted(run.evaluations) if step > 0] if size else []


def _front(lines: Iterable[Line], column: Column) -> Line:
    """The points that no cheaper or equally dear one equals or beats, by cost."""
    sign = 1 if column.better == "lower" else -1
    front: Line = []
    for cost, value in sorted(
        (point for line in lines for point in line), key=lambda at: (at[0], sign * at[1])
    ):
        if not front or sign * value < sign * front[-1][1]:
            front.append((cost, value))
    return front


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def _caption(groups: Sequence[Seeds], panels: Sequence[Panel]) -> str:
    said = (
        "Every variant's mean over seeds at each evaluation. Grey steps: the best mean for that cost so far"
        " over all variants; in colour, with their names: variants that are the best for some cost, of"
        " one kind or the other; faint: all others."
    )
    if all(panel.text != SECONDS for panel in panels):
        return f"{said} No run says how many seconds its training took."
    used = [run.provenance for seeds in groups for run in seeds.runs]
    machines = sorted({machine(provenance) for provenance in used} - {""})
    if len(machines) > 1:
        return (
            f"{said} Seconds are of training alone, without evaluations, on different machines"
            f" ({'; '.join(machines)}): they do not compare."
        )
    where = f"; machine: {machines[0]}" if machines else ""
    return f"{said} Seconds are of training alone, without evaluations{where}."


def machine(provenance: Record) -> str:
    """Where a run was trained, in words; nothing if unknown."""
    count = provenance.get("processors")
    processors = f"{count} processors" if count else ""
    known = (provenance.get("device"), processors, provenance.get("platform"))
    return ", ".join(str(part) for part in known if part)

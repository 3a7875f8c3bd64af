"""The figures of a report: those that any report has something for, and those asked for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.figures import Draw, Drawing, NothingToDrawError, criterion_curve
from harness.figures.comparison import cost, intervals, learning_curves, samples
from harness.figures.style import style
from harness.pages import Illustration, illustrated
from harness.report.comparison import Comparison, Group

Figure = Callable[[], Drawing]


def drawings(folder: Path, comparison: Comparison, asked: Mapping[str, Draw]) -> Iterator[str | Illustration]:
    """A heading and the figures below it, or nothing."""
    found = [
        illustrated(folder, f"{name}{group.mark}", figure, stem=_stem(name, group), level="###")
        for group in comparison.groups
        for name, draw in _standard(comparison, group, asked)
        if (figure := _drawn(draw, group.mark))
    ]
    if any(run.evaluations for run in comparison.runs):
        found += [
            illustrated(folder, name, partial(draw, comparison.counted), level="###")
            for name, draw in asked.items()
        ]
    if found:
        yield "## Figures"
        yield from found


def _standard(
    comparison: Comparison, group: Group, asked: Mapping[str, Draw]
) -> Iterator[tuple[str, Figure]]:
    """Those of one protocol, by name. Where there is no other protocol, failed runs are in them too."""
    main = group.main
    if main is None:
        return
    runs = [run for row in group.rows for run in row.runs]
    several = len(runs) > 1
    if not group.index:
        runs = [run for some in comparison.ranked.values() for run in some]
    if several:
        yield "intervals", partial(intervals, runs, main)
    yield "samples", partial(samples, runs, main)
    yield "learning_curves", partial(learning_curves, runs, main)
    if "criterion_curve" not in asked and any("criterion" in column.key for column in group.columns):
        yield "criterion_curve", partial(criterion_curve.criterion_curve(), runs)
    if sum(bool(row.runs) for row in group.rows) > 1:  # of one variant it is the learning curve again
        yield "cost", partial(cost, runs, main)


def _drawn(draw: Figure, mark: str) -> Figure | None:
    """None where there is nothing to draw, which in a figure that nobody asked for is not worth a word."""
    try:
        with style():
            drawing = draw()
    except NothingToDrawError:
        return None
    except Exception:
        return draw  # it fails again where that is said
    return lambda: replace(drawing, title=f"{drawing.title}{mark}")


def _stem(name: str, group: Group) -> str:
    return f"{name}.{group.index}" if group.index else name

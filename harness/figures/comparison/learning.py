"""How a metric went through the training of every variant."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.columns import Column
from harness.figures import style
from harness.figures.comparison.curves import MOST, Curve, bands, curve_of, multiples, together
from harness.figures.comparison.outcomes import reference, seeds_of
from harness.figures.comparison.scale import beyond, scale_of
from harness.figures.drawing import Drawing, NothingToDrawError
from harness.figures.ticks import short
from harness.runs import Run, by_variant

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def learning_curves(runs: Sequence[Run], column: Column) -> Drawing:
    """Mean and band over seeds against generator updates; more than 6 variants have a panel each.

    NothingToDrawError also where every run was evaluated once.
    """
    curves = _curves(runs, column)
    floor = reference(runs, "floor", column.key)
    scale = scale_of(
        [value for curve in curves for value in curve.values],
        [end for curve in curves for pair in curve.band for end in pair],
        (floor,),
        logarithmic=column.better == "lower",
    )
    small = len(curves) > MOST

    def prepare(axes: "Axes") -> None:
        scale.put(axes, "y", 4 if small else 6)

    figure = (multiples if small else together)(curves, scale.called(column.heading), prepare)
    if floor is not None and scale.holds(floor):
        for number, axes in enumerate(figure.axes):
            _floor(axes, floor, f"floor {short(floor)}" if number == 0 else "", column)
    said = (
        f"{column.title} of the evaluated generator." + bands(curves) + _images(runs) + _others(small, curves)
    )
    return Drawing(figure, f"{column.title} through the training", said + beyond(scale, (("floor", floor),)))


def _curves(runs: Sequence[Run], column: Column) -> list[Curve]:
    """The best last mean first."""
    good = {id(run) for seeds in seeds_of(runs, column) for run in seeds.runs}
    key = f"eval/{column.key}"
    found: list[Curve] = []
    for variant, group in by_variant(runs).items():
        finished = [run.curve(key) for run in group if id(run) in good]
        failed = [
            run.curve(key)
            for run in group
            if id(run) not in good and (run.finished or run.status == "failed")
        ]
        if curve := curve_of(variant, finished, failed):
            found.append(curve)
    if not any(len(points) > 1 for curve in found for points in (curve.points, *curve.failed)):
        raise NothingToDrawError(
            f"every run measured {column.title} at one step; set evaluation.every for a curve"
        )
    sign = 1 if column.better == "lower" else -1
    return sorted(
        found, key=lambda curve: (not curve.points, sign * curve.points[-1][1] if curve.points else 0.0)
    )


def _floor(axes: "Axes", floor: float, text: str, column: Column) -> None:
    """Its words stand where the training begins, far from the floor, between it and the curves."""
    axes.axhline(floor, color=style.GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0.5)
    above = column.better == "lower"
    axes.annotate(
        text,
        xy=(0.02, floor),
        xycoords=("axes fraction", "data"),
        xytext=(0, 2 if above else -2),
        textcoords="offset points",
        va="bottom" if above else "top",
        color=style.GREY,
    )


def _images(runs: Sequence[Run]) -> str:
    """How many images one update is."""
    sizes = sorted({run.images_a_step for run in runs} - {0})
    if not sizes:
        return ""
    if len(sizes) == 1:
        return f" One update sees {sizes[0]:,} images, so 1,000 of them {1000 * sizes[0]:,}."
    return f" One update sees {sizes[0]:,} to {sizes[-1]:,} images, by variant: compare their costs below."


def _others(small: bool, curves: Sequence[Curve]) -> str:
    said = " The best last mean comes first; grey: all other variants." if small else ""
    return said + (
        " Thin, ending in a cross: seeds that failed." if any(curve.failed for curve in curves) else ""
    )

"""C(G) through a training: how far the generator is from the data, between its two limits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from harness.figures import style
from harness.figures.comparison.curves import MOST, Curve, bands, curve_of, multiples, steps
from harness.figures.drawing import Draw, Drawing, NothingToDrawError
from harness.figures.style import End
from harness.runs import Points, Run, by_variant, common_steps
from harness.stats import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PERFECT, DISJOINT = -log(4), 0.0
SATURATED = 2 * 0.95 * log(2) - log(4)
"""C(G) at 95 % of the largest JSD; above it the value no longer says how far apart the supports are."""

LIMITS = (PERFECT - 0.11, DISJOINT + 0.09)

ESTIMATORS: Mapping[str, str] = {
    "eval/criterion": "from samples",
    "eval/criterion_density": "p_data known",
    "eval/criterion_features": "of features",
    "theory/v_optimal": "exact",
}
"""What C(G) may have been computed from, by the key under which it was logged."""


@dataclass(frozen=True)
class _Line:
    """One estimate of one variant: the curves of its finished seeds, and of those that failed on the way."""

    text: str
    look: Mapping[str, Any]
    finished: Sequence[Points]
    failed: Sequence[Points]


def criterion_curve() -> Draw:
    """C(G) of every variant through its training, with the interval over seeds; a panel each above 6."""

    def draw(runs: Sequence[Run]) -> Drawing:
        variants = by_variant(runs)
        lines = list(_lines(variants))
        if not lines:
            raise NothingToDrawError("no run measured C(G); add criterion to evaluation.metrics")
        title = "C(G) through the training"
        if len(variants) > MOST and len(lines) > MOST:
            found = [curve_of(line.text, line.finished, line.failed) for line in lines]
            curves = [curve for curve in found if curve]
            return Drawing(_multiples(curves), title, CAPTION + bands(curves) + " Grey lines: all others.")
        with_seeds = max(len(line.finished) for line in lines)
        return Drawing(_together(lines), title, CAPTION + _seeds(with_seeds))

    return draw


HEAD = "C(G) in nats"

NAMES = 2.0
"""Inches of the longest name at the end of a line, which may say of what C(G) is an estimate."""


def _together(lines: Sequence[_Line]) -> "Figure":
    height = 3.6
    figure = style.plain_figure(height)
    axes = figure.add_subplot()
    axes.set(xlabel="generator updates", ylim=LIMITS)
    axes.set_title(HEAD)
    _limits(axes)
    _name_limits(axes)
    names = style.fitted([line.text for line in lines], NAMES)
    ends = [end for line, name in zip(lines, names, strict=True) if (end := _plot(axes, line, name))]
    steps(axes)
    axes.tick_params("y", labelsize=style.NORMAL)
    room = max(style.text_width(end.text) for end in ends) + 0.22
    style.place(axes, 0.55, 0.52, style.COLUMN - room, height - 0.3)
    style.label_ends(axes, ends, style.NORMAL)
    return figure


def _multiples(curves: Sequence[Curve]) -> "Figure":
    def prepare(axes: "Axes") -> None:
        axes.set(ylim=LIMITS)
        axes.set_yticks([PERFECT, -1, -0.5, DISJOINT], ["−log 4", "−1", "−0.5", "0"])

    figure = multiples(curves, f"{HEAD}: −log 4 perfect, 0 disjoint; grey: saturated", prepare)
    for axes in figure.axes:
        _limits(axes)
    return figure


def _lines(variants: Mapping[str, Sequence[Run]]) -> Iterator[_Line]:
    """A colour for each variant; where there is but one, for each estimate of C(G)."""
    for number, (variant, runs) in enumerate(variants.items()):
        for index, (key, source) in enumerate(ESTIMATORS.items()):
            curves = [(run.finished, curve) for run in runs if (curve := run.curve(key))]
            if not curves:
                continue
            if len(variants) == 1:
                text, look = source, style.look(index)
            elif len(variants) == 2 or index == 0:  # more of them would be a thicket
                text = variant if index == 0 else f"{variant}, {source}"
                look = {**style.look(number), "linestyle": style.DASHES[index]}
            else:
                continue
            finished, failed = ([curve for done, curve in curves if done is kind] for kind in (True, False))
            yield _Line(text, look, finished, failed)


def _plot(axes: "Axes", line: _Line, name: str) -> End | None:
    """Draw one line; returns its end, to be labelled."""
    color = line.look["color"]
    for curve in (*line.finished, *line.failed):
        axes.plot(*zip(*curve, strict=True), color=color, linewidth=0.7, alpha=0.45)
    for curve in line.failed:
        axes.plot(*curve[-1], marker="x", color=color)
    means = {step: mean_interval(values) for step, values in common_steps(line.finished).items()}
    if not means:
        if not line.failed:
            return None
        return End(*line.failed[0][-1], f"{name} (failed)", color)
    at = list(means)
    middle = [interval.mean for interval in means.values()]
    low = [interval.low for interval in means.values() if interval.low is not None]
    high = [interval.high for interval in means.values() if interval.high is not None]
    if len(low) == len(high) == len(at):
        axes.fill_between(at, low, high, color=color, alpha=0.15, linewidth=0)
    axes.plot(at, middle, marker="o", markersize=3.5, **line.look)
    return End(at[-1], middle[-1], name, color)


def _limits(axes: "Axes") -> None:
    """The values between which C(G) lies, and in grey where it stops to tell."""
    axes.axhspan(SATURATED, DISJOINT, color=style.FAINT, linewidth=0, zorder=0)
    for y in (DISJOINT, PERFECT):
        axes.axhline(y, color=style.GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0.5)


def _name_limits(axes: "Axes") -> None:
    for y, text, above in (
        (DISJOINT, "0: disjoint", True),
        (SATURATED, "grey: saturated", False),
        (PERFECT, "−log 4: perfect", False),
    ):
        axes.annotate(
            text,
            xy=(0.99, y),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2 if above else -4),
            textcoords="offset points",
            ha="right",
            va="bottom" if above else "top",
            color=style.GREY,
        )


CAPTION = (
    "C(G) = max over D of V(D, G) = 2·JSD(p_data ‖ p_g) − log 4 (Goodfellow et al. 2014, theorem 1):"
    " −log 4 = −1.386 only where the generator matches the data, 0 where the supports are disjoint."
    " Estimates from samples are lower bounds. In the grey strip JSD is above 0.95 log 2, saturated: the"
    " value no longer tells how far apart the two are."
)


def _seeds(seeds: int) -> str:
    if seeds > 1:
        return " Line: mean over seeds; band: 95 % interval of that mean (Student's t); thin: single seeds."
    return " One seed, so no interval."

"""C(G) through a training: how far the generator is from the data, between its two limits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from harness.figures import style
from harness.figures.drawing import Draw, Drawing, NothingToDrawError
from harness.figures.style import End
from harness.runs import Points, Run, by_variant, common_steps
from harness.stats import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PERFECT, DISJOINT = -log(4), 0.0
SATURATED = 2 * 0.95 * log(2) - log(4)
"""C(G) at 95 % of the largest JSD; above it the value no longer says how far apart the supports are."""

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
    """C(G) of every variant through its training, with the interval over seeds."""

    def draw(runs: Sequence[Run]) -> Drawing:
        lines = list(_lines(by_variant(runs)))
        if not lines:
            raise NothingToDrawError("no run measured C(G); add criterion to evaluation.metrics")
        with_seeds = max(len(line.finished) for line in lines)
        figure = style.new_figure(3.9)
        axes = figure.add_subplot()
        axes.set(xlabel="generator updates", ylabel="C(G) in nats", ylim=(PERFECT - 0.11, DISJOINT + 0.09))
        _limits(axes)
        ends = [end for line in lines if (end := _plot(axes, line))]
        style.thousands(axes)
        axes.margins(x=0.02)
        style.label_ends(axes, ends)
        return Drawing(figure, "C(G) through the training", _caption(with_seeds))

    return draw


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


def _plot(axes: "Axes", line: _Line) -> End | None:
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
        return End(*line.failed[0][-1], f"{line.text} (failed)", color)
    steps = list(means)
    middle = [interval.mean for interval in means.values()]
    low = [interval.low for interval in means.values() if interval.low is not None]
    high = [interval.high for interval in means.values() if interval.high is not None]
    if len(low) == len(high) == len(steps):
        axes.fill_between(steps, low, high, color=color, alpha=0.15, linewidth=0)
    axes.plot(steps, middle, marker="o", markersize=3.5, **line.look)
    return End(steps[-1], middle[-1], line.text, color)


def _limits(axes: "Axes") -> None:
    """The values between which C(G) lies, and where it stops to tell."""
    axes.axhspan(SATURATED, DISJOINT, color=style.FAINT, alpha=0.7, linewidth=0)
    for y, text, above in (
        (DISJOINT, "0: disjoint", True),
        (SATURATED, "grey: saturated, no longer tells how far apart", False),
        (PERFECT, "−log 4: perfect", False),
    ):
        if y != SATURATED:
            axes.axhline(y, color=style.GREY, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.annotate(
            text,
            xy=(0.99, y),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2 if above else -4),
            textcoords="offset points",
            ha="right",
            va="bottom" if above else "top",
            fontsize=style.SMALL,
            color=style.GREY,
        )


def _caption(seeds: int) -> str:
    several = (
        " Line: mean over seeds; band: 95 % interval of that mean (Student's t); thin: single seeds."
        if seeds > 1
        else " One seed, so no interval."
    )
    return (
        "C(G) = max over D of V(D, G) = 2·JSD(p_data ‖ p_g) − log 4 (Goodfellow et al. 2014, theorem 1):"
        " −log 4 = −1.386 only where the generator matches the data, 0 where the supports are disjoint."
        " Estimates from samples are lower bounds." + several
    )

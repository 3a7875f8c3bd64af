"""What the criterion says of a generator at distance θ, and what its gradient and a critic say."""

from collections.abc import Mapping, Sequence
from math import isfinite, log
from typing import TYPE_CHECKING

import numpy as np

from harness.figures import style
from harness.figures.drawing import Draw, Drawing, NothingToDrawError
from harness.runs import Run
from harness.stats import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Groups = Mapping[float, Sequence[Run]]


def saturation() -> Draw:
    """JSD, the generator's gradients and the critic's W1 against the distance θ of two parallel lines.

    For variants whose network is `affine` with offset [θ, ...] on the data `two_lines` (Arjovsky et al. 2017,
    example 1). JSD needs the metric criterion; the rest needs the diagnostic generator_gradient.
    """

    def draw(runs: Sequence[Run]) -> Drawing:
        groups: dict[float, list[Run]] = {}
        for run in runs:
            if run.finished and (theta := _distance(run)) is not None:
                groups.setdefault(theta, []).append(run)
        if not groups:
            raise NothingToDrawError("no finished run has an affine generator at a distance")
        groups = dict(sorted(groups.items()))
        figure = style.new_figure(2.9)
        jsd, gradients, critic = figure.subplots(1, 3)
        _jsd(jsd, groups)
        _gradients(gradients, groups)
        _critic(critic, groups)
        reach = max(groups)
        for axes in (jsd, gradients, critic):
            axes.set(xlabel="distance θ", xlim=(-0.06 * reach, 1.06 * reach))
        return Drawing(figure, "Where JSD saturates, the gradient vanishes", CAPTION)

    return draw


CAPTION = (
    "Data (0, u), generator (θ, u), u uniform on [0, 1] (Arjovsky et al. 2017, example 1). Left: JSD is"
    " log 2 at every θ but 0, so C(G) = 0 says nothing about the distance; bars: 95 % intervals. Middle:"
    " size of the gradient that G would get from a D trained close to D*: of log(1 − D(G(z))), minimax,"
    " which vanishes, and of −log D(G(z)), non-saturating, which grows with the steepness of D (Goodfellow"
    " et al. 2014, section 3). Right: the Wasserstein distance is |θ|, and a critic of slope about 1"
    " measures it."
)


def _distance(run: Run) -> float | None:
    network = run.config.get("network", {})
    offset = network.get("offset") if network.get("name") == "affine" else None
    return abs(float(offset[0])) if offset and len(offset) == 2 else None


def _jsd(axes: "Axes", groups: Groups) -> None:
    reach = max(groups)
    axes.plot([0, reach], [log(2)] * 2, color=style.BLACK, linewidth=1.2)
    axes.plot(0, log(2), "o", color="white", markeredgecolor=style.BLACK, markersize=5)
    axes.plot(0, 0, "o", color=style.BLACK, markersize=5)
    for theta, runs in groups.items():
        # The generator is the same whatever D it plays against; one value a seed.
        values = list(
            {run.seed: value for run in runs if (value := run.last("eval/jsd")) is not None}.values()
        )
        if not values:
            continue
        interval = mean_interval(values)
        low, high = interval.low, interval.high
        if low is None or high is None:
            low, high = (runs[0].last(f"eval/jsd_{end}") for end in ("low", "high"))
        if low is not None and high is not None:
            axes.plot([theta, theta], [low, high], color=style.VERMILION, linewidth=1.5)
        axes.plot(theta, interval.mean, "D", color=style.VERMILION, markersize=4)
    axes.set(ylabel="nats", ylim=(-0.04, 0.8), title="JSD")
    axes.text(reach, log(2) + 0.02, "exact: log 2", ha="right", va="bottom", fontsize=style.SMALL)
    axes.text(
        reach, log(2) - 0.03, "estimated", ha="right", va="top", fontsize=style.SMALL, color=style.VERMILION
    )
    axes.annotate(
        "exact: 0 at θ = 0", (0, 0), (10, 0), textcoords="offset points", va="center", fontsize=style.SMALL
    )


def _gradients(axes: "Axes", groups: Groups) -> None:
    for key, text, color in (
        ("theory/gradient_non_saturating", "non-saturating", style.BLUE),
        ("theory/gradient_minimax", "minimax", style.VERMILION),
    ):
        points = _means(groups, key)
        if points:
            axes.plot(*zip(*points, strict=True), color=color, marker="o", markersize=4)
            axes.annotate(
                text,
                points[-1],
                (0, 6),
                textcoords="offset points",
                color=color,
                ha="right",
                va="bottom",
                fontsize=style.SMALL,
            )
    axes.set(yscale="log", title="‖gradient of G‖, D ≈ D*")


def _critic(axes: "Axes", groups: Groups) -> None:
    reach = max(groups)
    axes.plot([0, reach], [0, reach], color=style.BLACK, linewidth=1.2)
    axes.text(0.5 * reach, 0.5 * reach, "|θ|  ", ha="right", va="bottom", fontsize=style.SMALL)
    points = _means(groups, "theory/wasserstein")
    if points:
        axes.plot(*zip(*points, strict=True), "D", color=style.GREEN, markersize=4)
        axes.text(*points[-1], "critic  ", ha="right", va="center", fontsize=style.SMALL, color=style.GREEN)
    axes.set(title="Wasserstein distance")


def _means(groups: Groups, key: str) -> list[tuple[float, float]]:
    """(θ, mean over seeds) of the last value of `key` that is finite and, for a logarithmic axis, above 0."""
    found = []
    for theta, runs in groups.items():
        values = [value for run in runs if (value := run.last(key)) is not None and isfinite(value)]
        if values:
            found.append((theta, float(np.mean(values))))
    return found

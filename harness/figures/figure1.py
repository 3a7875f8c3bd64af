"""Figure 1 of the paper, from a training: p_data, p_g and D over x, and the arrows from z to G(z)."""

from collections.abc import Mapping, Sequence
from math import log
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from harness.figures import style
from harness.figures.drawing import Draw, Drawing, NothingToDrawError
from harness.runs import Record, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VISIBLE = 0.003
"""Of the largest p_data + p_g: below it D* is not drawn."""

TAIL = 0.001
"""Share of the mass of both densities that may lie outside of the picture, on either side."""

LOOKS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "d_optimal": ("D* = p_data / (p_data + p_g)", {"color": style.SKY, "linewidth": 3.5, "alpha": 0.6}),
    "d": ("D", {"color": style.BLUE, "linestyle": (0, (4, 2))}),
    "p_g": ("p_g", {"color": style.GREEN}),
    "p_data": ("p_data", {"color": style.BLACK, "linestyle": (0, (1, 1.4))}),
}
"""The lines in the order they are drawn, in the paper's colours; D* is wide, so that a D on it shows."""


def figure1(
    *,
    early: Annotated[
        int | None, Field(ge=0, description="step of (a) to (c), or near; null: the first after 0")
    ] = None,
    variant: Annotated[str | None, Field(description="null: the first that recorded it")] = None,
) -> Draw:
    """Figure 1 of the paper: p_data, p_g, D and D* as the game goes on (Goodfellow et al. 2014).

    Needs the diagnostic of the same name.
    """

    def draw(runs: Sequence[Run]) -> Drawing:
        recorded = [run for run in runs if run.records.get("figure1") and variant in {None, run.variant}]
        if not recorded:
            raise NothingToDrawError("no run recorded it; add figure1 to evaluation.diagnostics")
        run = min(recorded, key=lambda run: not run.finished)  # the first that finished, if any did
        records = run.records["figure1"]
        steps = sorted(records)
        first = next((step for step in steps if step > 0), steps[0])
        if early is not None:
            first = min(steps, key=lambda step: abs(step - early))
        then, last = records[first], records[steps[-1]]["as_it_is"]
        panels = {
            f"(a) step {first:,}: D is partly right": then["as_it_is"],
            "(b) D is trained on: it reaches D*": then["discriminator_trained"],
            "(c) G follows the slope of that D": then["generator_trained"],
            f"(d) step {steps[-1]:,}: p_g ≈ p_data, D ≈ ½": last,
        }
        figure = _figure(panels)
        upper = figure.subfigs[2].axes[0]
        upper.plot(then["as_it_is"]["x"], then["as_it_is"]["p_g"], color=style.GREEN, linewidth=0.8, zorder=1)
        return Drawing(figure, "The game as in figure 1 of the paper", _caption(run, first, steps[-1]))

    return draw


def _figure(panels: Mapping[str, Record]) -> "Figure":
    figure = style.new_figure(6.4)
    left, right = _window(list(panels.values()))
    peak = max(max(panel[name]) for panel in panels.values() for name in ("p_data", "p_g"))
    parts: Any = figure.subfigures(2, 2, hspace=0.03, wspace=0.02)
    for part, (title, panel) in zip(parts.flat, panels.items(), strict=True):
        curves, arrows = part.subplots(2, 1, height_ratios=(3.2, 1), gridspec_kw={"hspace": 0})
        _curves(curves, panel)
        curves.set(xlim=(left, right), ylim=(0, max(1.04, 1.08 * min(peak, 3.0))), title=title)
        _arrows(arrows, panel, left, right)
    handles, labels = parts.flat[0].axes[0].get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside upper left", ncols=4, frameon=False)
    return figure


def _curves(axes: "Axes", panel: Record) -> None:
    axes.axhline(0.5, color=style.FAINT, linewidth=0.8)
    for name, (label, look) in LOOKS.items():
        values = np.asarray(panel[name], dtype=float)
        if name == "d_optimal":  # nowhere near a sample it is a ratio of two nothings
            both = np.add(panel["p_data"], panel["p_g"])
            values = np.where(both > VISIBLE * both.max(), values, np.nan)
        axes.plot(panel["x"], values, label=label, **look)
    axes.set_yticks([0, 0.5, 1], ["0", "½", "1"])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def _arrows(axes: "Axes", panel: Record, left: float, right: float) -> None:
    """Two lines: x above, z below, each z joined to its G(z); z is stretched to the width of x."""
    axes.set(xlim=(left, right), ylim=(-0.25, 1.0))
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([0, 1], ["z", "x"])
    axes.tick_params(axis="y", length=0)
    for height in (0, 1):
        axes.axhline(height, color=style.BLACK, linewidth=0.9, clip_on=False)
    z, images = (np.asarray(panel.get(name, []), dtype=float) for name in ("z", "g"))
    if not len(z):
        return
    if z @ (images - images.mean()) < 0:  # which way z runs means nothing, and arrows that cross hide it
        axes.set_yticks([0, 1], ["−z", "x"])
        z = -z
    middle, reach = (left + right) / 2, 0.9 * (right - left) / 2 / np.abs(z).max()
    for start, end in zip(middle + reach * z, images, strict=True):
        if left <= end <= right:
            arrow = {"arrowstyle": "-|>", "color": style.GREY, "linewidth": 0.8, "mutation_scale": 6}
            axes.annotate("", (end, 1), (start, 0), arrowprops={**arrow, "shrinkA": 0, "shrinkB": 0})


def _window(panels: Sequence[Record]) -> tuple[float, float]:
    """The x between which all but TAIL of every density lies."""
    ends = []
    for panel in panels:
        x = np.asarray(panel["x"], dtype=float)
        for name in ("p_data", "p_g"):
            below = np.cumsum(panel[name])
            ends.append(np.interp([TAIL, 1 - TAIL], below / below[-1], x))
    return float(min(low for low, _ in ends)), float(max(high for _, high in ends))


def _caption(run: Run, first: int, last: int) -> str:
    early, late = run.evaluations.get(first, {}), run.evaluations.get(last, {})
    values = [
        f"{style.number(at[key])} at {place}"
        for at, key, place in (
            (early, "theory/figure1_before", "(a) and (b)"),
            (early, "theory/figure1_after", "(c)"),
            (late, "theory/figure1_before", "(d)"),
        )
        if key in at
    ]
    criterion = f" C(G) is {', '.join(values)}; −log 4 = {style.number(-log(4))}." if values else ""
    return (
        f"After figure 1 of Goodfellow et al. 2014, from a training ({run.variant}, seed {run.seed})."
        " Densities and D(x) over x; below, arrows from z, at even quantiles, to G(z): where they crowd, p_g"
        " is high. (b) and (c) go on from (a) with copies of the networks, D first with G held, then G with D"
        " held; the thin line is p_g before that; the training itself goes from (a) to (d)." + criterion
    )

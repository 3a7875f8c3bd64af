"""D on its way to D*: the value rises to C(G), and the curve settles on p_data / (p_data + p_g)."""

from collections.abc import Mapping, Sequence
from math import log
from typing import TYPE_CHECKING

import numpy as np

from harness.figures import style
from harness.figures.drawing import Draw, Drawing, NothingToDrawError
from harness.figures.style import End
from harness.runs import Record, Run, by_variant

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 4
"""Steps whose D is drawn."""

BLUES = ("#8FB8DA", "#5F9CCB", "#2F80BB", "#0065A8", "#003F6B")
"""From early to late."""

TAIL = 1e-3
"""D is drawn where p_data + p_g is above this share of its largest value."""


def optimal_discriminator() -> Draw:
    """V(D, G) rising to its maximum C(G), and D approaching D*, step by step.

    Needs the diagnostic of the same name; of several variants the first that has it is drawn.
    """

    def draw(runs: Sequence[Run]) -> Drawing:
        groups = by_variant(run for run in runs if run.curve("theory/v") and run.curve("theory/v_optimal"))
        if not groups:
            raise NothingToDrawError(
                "no run recorded V(D, G); add optimal_discriminator to evaluation.diagnostics"
            )
        chosen = next(iter(groups.values()))
        figure = style.new_figure(3.3)
        left, right = figure.subplots(1, 2)
        _value(left, chosen)
        records = chosen[0].records.get("optimal_discriminator", {})
        flat = {step: record for step, record in records.items() if "y" not in record and "x" in record}
        if flat:
            _approach(right, flat)
        else:
            _error(right, chosen)
        return Drawing(figure, "D on its way to D*", _caption(chosen, bool(flat)))

    return draw


def _value(axes: "Axes", runs: Sequence[Run]) -> None:
    """V below its bound, through the steps, one line a seed."""
    for run in runs:
        axes.plot(*zip(*run.curve("theory/v_optimal"), strict=True), color=style.BLACK, linewidth=1.2)
        axes.plot(*zip(*run.curve("theory/v"), strict=True), color=style.BLUE, marker="o", markersize=2.5)
    (step, bound), (_, value) = runs[0].curve("theory/v_optimal")[-1], runs[0].curve("theory/v")[-1]
    axes.set(xlabel="step", ylabel="nats", title="V(D, G) and its maximum C(G)")
    style.thousands(axes)
    axes.margins(y=0.12)
    ends = [
        End(step, bound, f"C(G) = {style.number(bound)}", style.BLACK),
        End(step, value, f"V(D, G) = {style.number(value)}", style.BLUE),
    ]
    style.label_inside(axes, ends)


def _approach(axes: "Axes", records: Mapping[int, Record]) -> None:
    """D at a few steps, and D* of the last one below them."""
    steps = _few(sorted(records))
    last = records[steps[-1]]
    both = np.add(last["p_data"], last["p_g"])
    seen = both > TAIL * both.max()
    x = np.asarray(last["x"])[seen]
    axes.plot(x, np.asarray(last["d_optimal"])[seen], color=style.VERMILION, linewidth=5, alpha=0.4)
    colors = BLUES[-len(steps) :]
    for step, color in zip(steps, colors, strict=True):
        inside = (np.asarray(records[step]["x"]) >= x[0]) & (np.asarray(records[step]["x"]) <= x[-1])
        axes.plot(np.asarray(records[step]["x"])[inside], np.asarray(records[step]["d"])[inside], color=color)
    axes.set(xlabel="x", ylim=(-0.04, 1.04), title="D(x) at some steps, and D*(x)")
    axes.set_yticks([0, 0.5, 1], ["0", "½", "1"])
    labels = [(f"step {step:,}", color) for step, color in zip(steps, colors, strict=True)]
    style.key(axes, [*labels, ("D*", style.VERMILION)], at_right=last["d_optimal"][0] > 0.5)


def _error(axes: "Axes", runs: Sequence[Run]) -> None:
    for run in runs:
        axes.plot(
            *zip(*run.curve("theory/d_error"), strict=True), color=style.BLUE, marker="o", markersize=2.5
        )
    axes.set(xlabel="step", ylim=(0, None), title="mean |D − D*|")
    style.thousands(axes)


def _few(steps: Sequence[int]) -> list[int]:
    """At most SHOWN + 1 of the steps, from the first to the last, denser where D moves faster: early."""
    places = np.unique(np.round(np.geomspace(1, len(steps), SHOWN + 1)).astype(int)) - 1
    return [steps[place] for place in places]


def _caption(runs: Sequence[Run], with_curves: bool) -> str:
    seeds = f"{len(runs)} seeds" if len(runs) > 1 else f"seed {runs[0].seed}"
    right = (
        " Right: D of one seed where real or generated samples are found, and D* = p_data / (p_data + p_g)"
        " (proposition 1)."
        if with_curves
        else " Right: the mean distance of D from D* = p_data / (p_data + p_g) (proposition 1)."
    )
    return (
        f"{runs[0].variant}, {seeds}. Left: V(D, G) = E log D(x) + E log(1 − D(G(z))) is at most C(G) ="
        " V(D*, G) = 2·JSD − log 4 (theorem 1); both are integrals over the same grid. A D that always says ½"
        f" has V = −log 4 = {style.number(-log(4))}." + right
    )

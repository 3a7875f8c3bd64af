"""What the figures of a search share: axes of values, legends above them, names that fit."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from harness.figures import style
from harness.figures.ticks import WIDE, log_ticks, short
from harness.trials import Objective, TrialRecord, complete_trials

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

LIGHT, DARK = "#BFD9EA", "#00324F"
"""Ends of the shades of blue: early to late, bad to good."""

FILE = "the file's configuration"
"""What the trial that changes nothing is called in a legend."""

GOLDEN = 0.6180339887
"""Multiples of it, modulo 1, are spread evenly however many there are."""


def as_in_file(trials: Sequence[TrialRecord], objectives: int = 1) -> TrialRecord | None:
    """The file's own configuration, if it has values of the first `objectives`: what all are to beat."""
    return next((trial for trial in complete_trials(trials, objectives) if trial.changes_nothing), None)


def name(key: str) -> str:
    """The key of a parameter without what all of them have in common."""
    return key.removeprefix("training.")


def best_text(trial: TrialRecord, value: float) -> str:
    """What is written at the end of the best trial's line."""
    return f"trial {trial.number}{' (file)' if trial.changes_nothing else ''}: {short(value)}"


def wrapped(text: str, width: int) -> str:
    """`text` over several lines, broken only after `_`, `.` or a space."""
    lines = [""]
    for piece in re.findall(r"[^_. ]*[_. ]?", text):
        if lines[-1] and len(lines[-1]) + len(piece) > width:
            lines.append("")
        lines[-1] += piece
    return style.words("\n".join(line.strip() for line in lines))


def cut(text: str, width: int) -> str:
    """`text`, its end an ellipsis where it is too long."""
    return style.words(text if len(text) <= width else f"{text[: max(1, width - 1)]}…")


def jitter(trial: TrialRecord) -> float:
    """In [-0.5, 0.5), the same for the same trial."""
    return trial.number * GOLDEN % 1 - 0.5


def is_wide(values: Iterable[float], objective: Objective) -> bool:
    """Whether one diverged trial would flatten all others on a linear axis. Only where low is
    good: where high is good it is the top that has to be told apart."""
    numbers = list(values)
    return (
        not objective.higher_is_better
        and bool(numbers)
        and min(numbers) > 0
        and max(numbers) > WIDE * min(numbers)
    )


def in_view(trials: Sequence[TrialRecord], objective: Objective, index: int = 0) -> list[float]:
    """The values between which the axis has to reach: of complete trials, and as many pruned ones as leave
    half of the axis to the complete ones. Others are drawn at its edge."""
    complete, pruned = (
        [value for trial in trials if trial.state == state and (value := trial.value(index)) is not None]
        for state in ("complete", "pruned")
    )
    if not complete:
        return pruned
    low, high = min(complete), max(complete)
    if is_wide([*complete, *pruned], objective):
        room = max(high / low, WIDE)
        return [*complete, *(value for value in pruned if low / room <= value <= high * room)]
    room = (high - low) or abs(high)
    return [*complete, *(value for value in pruned if low - room <= value <= high + room)]


def value_axis(
    axes: "Axes", values: Sequence[float], objective: Objective, which: Literal["x", "y"] = "y"
) -> None:
    """Scale, limits and label of the axis on which an objective stands."""
    low, high = min(values), max(values)
    arrow = "↑" if objective.higher_is_better else "↓"
    if is_wide(values, objective):
        room = (high / low) ** 0.07
        limits = (low / room, high * room)
        axes.set(**{f"{which}scale": "log"})
        log_ticks(axes.xaxis if which == "x" else axes.yaxis, *limits)
    else:
        room = 0.07 * (high - low) or 0.1 * abs(high) or 1
        limits = (low - room, high + room)
    labels: dict[str, Any] = {
        f"{which}lim": limits,
        f"{which}label": style.words(f"{objective.title} {arrow}"),
    }
    axes.set(**labels)


def pinned(axes: "Axes", value: float) -> float:
    """`value`, or the end of the axis beyond which it lies."""
    low, high = axes.get_ylim()
    return min(max(value, low), high)


def number_axis(axes: "Axes", trials: Sequence[TrialRecord]) -> None:
    """Numbers of trials along x."""
    first, last = min(trial.number for trial in trials), max(trial.number for trial in trials)
    room = max(0.5, 0.02 * (last - first))
    axes.set(xlim=(first - room, last + room), xlabel="trial")
    style.thousands(axes)


def at_edge(axes: "Axes", places: Sequence[float], objective: Objective) -> None:
    """A tick for every failed trial, on the edge where the bad values are."""
    if places:
        height = 0.0 if objective.higher_is_better else 1.0
        axes.plot(
            places,
            [height] * len(places),
            "|",
            color=style.VERMILION,
            markersize=9,
            markeredgewidth=1.2,
            transform=axes.get_xaxis_transform(),
            clip_on=False,
            label="failed",
        )


def legend(figure: "Figure") -> None:
    """What the marks mean, once each, in a row above all panels, where no point is covered."""
    unique: dict[str, Any] = {}
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        unique |= {text: mark for text, mark in zip(labels, handles, strict=True) if text not in unique}
    texts = sorted(unique, key=_rank)
    figure.legend(
        [unique[text] for text in texts],
        texts,
        loc="outside upper left",
        ncols=max(1, len(unique)),
        frameon=False,
        fontsize=style.SMALL,
        handletextpad=0.4,
        columnspacing=1.6,
    )


def _rank(text: str) -> int:
    order = ("complete", "pruned", "failed")
    return order.index(text) if text in order else len(order)


def size(trials: Sequence[TrialRecord]) -> float:
    """Points of a mark, smaller where there are many."""
    return 5.5 if len(trials) <= 30 else 4.5 if len(trials) <= 120 else 3.5


def of_file() -> dict[str, Any]:
    """The line of the file's own configuration, on top of those of trials."""
    return {"color": style.GREEN, "linestyle": (0, (5, 2)), "linewidth": 1.5, "zorder": 2.2}


def hollow(color: str) -> dict[str, Any]:
    """The mark of a pruned trial."""
    return {"marker": "o", "markerfacecolor": "white", "markeredgecolor": color, "markeredgewidth": 0.9}


def shades(*colors: str) -> "Colormap":
    """All colours between these."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("shades", list(colors))

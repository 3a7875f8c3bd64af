"""How all figures look: colours that everybody tells apart, plain axes, labels on the lines themselves."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLACK, GREY, FAINT = "#000000", "#6E6E6E", "#D9D9D9"
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
"""Okabe and Ito's palette (2008) without its yellow, which white paper swallows."""

DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
"""After the colours are used up the same ones come again, dashed."""

SMALL, NORMAL = 9.0, 10.0
"""Points; nothing is smaller. A figure is 7 inches wide, about a page's text."""

WIDTH = 7.0

RULES: dict[str, Any] = {
    "font.size": NORMAL,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same figure on every machine
    "axes.titlesize": NORMAL,
    "axes.labelsize": NORMAL,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.titlelocation": "left",
    "lines.linewidth": 1.8,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "savefig.dpi": 160,
    "svg.hashsalt": "harness",  # else every drawing of the same data differs in its identifiers
}


@contextmanager
def style() -> Iterator[None]:
    """Everything is drawn and saved in here; settings of a person's own matplotlibrc do not count."""
    from matplotlib import rc_context, rcParamsDefault

    # The backend is nobody's business here: figures never meet a screen.
    settings: Any = {key: value for key, value in rcParamsDefault.items() if not key.startswith("backend")}
    with rc_context(settings | RULES):
        yield


def new_figure(height: float, width: float = WIDTH) -> "Figure":
    """An empty figure of that many inches, laid out so that nothing is cut."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06)
    return Figure(figsize=(width, height), layout=layout)


def words(text: str) -> str:
    """`text` as it stands: a dollar sign begins no formula."""
    return text.replace("$", r"\$")


def look(index: int) -> dict[str, Any]:
    """Colour and dashes of the line number `index`."""
    return {"color": CYCLE[index % len(CYCLE)], "linestyle": DASHES[index // len(CYCLE) % len(DASHES)]}


def number(value: float, digits: int = 4) -> str:
    """With a proper minus sign, as axes have it."""
    return f"{value:.{digits}f}".replace("-", "−")


def thousands(axes: "Axes") -> None:
    """Steps as 6,000."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


@dataclass(frozen=True)
class End:
    """The end of a line: where it is, in data coordinates, and what is written there."""

    x: float
    y: float
    text: str
    color: str


def label_ends(axes: "Axes", ends: Sequence[End], points: float = SMALL) -> None:
    """Write each text right of the axes at the height of its line's end, moved apart where they would touch.

    Call it when the limits of both axes are set. A hairline leads from the end to a text that had to move.
    """
    low, high = (float(axes.transScale.transform((1, y))[1]) for y in axes.get_ylim())
    page = axes.figure.bbox.height / axes.figure.dpi * 72  # in points
    room = 0.8 * axes.get_position().height * page  # the layout takes some
    inside = [float(axes.transScale.transform((1, end.y))[1]) for end in ends]
    at = spread([(y - low) / (high - low) for y in inside], 1.25 * points / room)
    for end, height in zip(ends, at, strict=True):
        axes.annotate(
            words(end.text),
            xy=(end.x, end.y),
            xytext=(1.03, height),
            textcoords="axes fraction",
            color=end.color,
            fontsize=points,
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": end.color, "linewidth": 0.5, "shrinkA": 1, "shrinkB": 1},
        )


def label_inside(axes: "Axes", ends: Sequence[End], points: float = SMALL) -> None:
    """Write each text before its line's end: above the highest of the lines, below the others."""
    for rank, end in enumerate(sorted(ends, key=lambda end: -end.y)):
        axes.annotate(
            words(end.text),
            xy=(end.x, end.y),
            xytext=(0, 5 if rank == 0 else -5),
            textcoords="offset points",
            color=end.color,
            fontsize=points,
            ha="right",
            va="bottom" if rank == 0 else "top",
        )


def key(axes: "Axes", entries: Sequence[tuple[str, str]], *, at_right: bool, points: float = SMALL) -> None:
    """Words in the colours of their lines, one below the other in an upper corner."""
    for row, (text, color) in enumerate(entries):
        axes.annotate(
            words(text),
            xy=(0.98 if at_right else 0.02, 0.97),
            xycoords="axes fraction",
            xytext=(0, -1.3 * points * row),
            textcoords="offset points",
            color=color,
            fontsize=points,
            ha="right" if at_right else "left",
            va="top",
        )


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """`heights`, in the same order, moved as little as keeps every two at least `gap` apart.

    Neighbours that touch form a block around the mean of where they wanted to be; blocks that touch merge
    (pooling of adjacent violators).
    """
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    blocks: list[tuple[float, list[int]]] = []  # the lowest height, the members from low to high
    for index in order:
        start, members = heights[index], [index]
        while blocks and start < blocks[-1][0] + gap * len(blocks[-1][1]):
            members = [*blocks.pop()[1], *members]
            start = sum(heights[member] - gap * rank for rank, member in enumerate(members)) / len(members)
        blocks.append((start, members))
    moved = list(heights)
    for start, members in blocks:
        for rank, member in enumerate(members):
            moved[member] = start + gap * rank
    return moved

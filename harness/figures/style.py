"""How all figures look: colours that everybody tells apart, plain axes, labels on the lines themselves."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
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

COLUMN = 5.6
"""Inches of a figure that a page scales to its column, on a telephone to about 0.6; its text is NORMAL."""

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


def plain_figure(height: float, width: float = COLUMN) -> "Figure":
    """An empty figure of that many inches that nobody lays out: its axes are placed in inches, at `place`.

    Many small axes are drawn several times faster so.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def place(axes: "Axes", left: float, bottom: float, right: float, top: float) -> None:
    """Put the rectangle of the axes at these distances, in inches, from the lower left corner."""
    page, dpi = axes.figure.bbox, axes.figure.dpi
    width, height = page.width / dpi, page.height / dpi
    axes.set_position((left / width, bottom / height, (right - left) / width, (top - bottom) / height))


def words(text: str) -> str:
    """`text` as it stands: a dollar sign begins no formula. What is no letter, and in an SVG may be no XML,
    becomes U+FFFD."""
    seen = "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text)
    return seen.replace("$", r"\$")


@cache
def text_width(text: str, points: float = NORMAL) -> float:
    """Inches that the longest line of `text` takes, at most: fitted to pixels, letters are a little wider."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=RULES["font.family"], size=points)
    sizes = (
        text_to_path.get_text_width_height_descent(line, font, ismath=False) for line in text.split("\n")
    )
    return 1.03 * max(size[0] for size in sizes) / 72


def fitted(texts: Sequence[str], inches: float, points: float = NORMAL) -> list[str]:
    """Each text in at most so many inches, the middle of a long one an ellipsis.

    Texts that differ stay different, if the ellipsis can be at one place in all of them that makes them so.
    What the font has no letter for is a box.
    """
    written = [_in_font(text) for text in texts]
    for share in (0.5, 0.7, 0.3, 0.9, 0.1):
        short = [_shortened(text, inches, points, share) for text in written]
        if len(set(short)) == len(set(texts)):
            return short
    return [_shortened(text, inches, points, 0.5) for text in written]


def _in_font(text: str) -> str:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    letters = get_font(findfont(FontProperties(family=RULES["font.family"]))).get_charmap()
    return "".join(letter if letter.isprintable() and ord(letter) in letters else "□" for letter in text)


def _shortened(text: str, inches: float, points: float, share: float) -> str:
    """`share`: of the letters that stay, how many are before the ellipsis."""
    short, kept = text, len(text)
    while kept > 1 and text_width(short, points) > inches:
        kept -= 1
        before = min(kept, max(1, round(share * kept)))
        short = f"{text[:before]}…{text[len(text) - kept + before :]}"
    return short


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
    at = _kept(spread([(y - low) / (high - low) for y in inside], 1.25 * points / room), 1.25 * points / room)
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
            arrowprops={
                "arrowstyle": "-",
                "color": end.color,
                "linewidth": 0.5,
                "shrinkA": 1,
                "shrinkB": 1,
                "relpos": (0, 0.5),  # from where the text begins: it crosses no other one
            },
        )


def _kept(heights: Sequence[float], gap: float) -> list[float]:
    """`heights` that are at least `gap` apart, moved into [0, 1] if that has room for them."""
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    if (len(order) - 1) * gap > 1:
        return list(heights)
    kept = list(heights)
    for rank, index in enumerate(order):
        kept[index] = min(max(kept[index], rank * gap), 1 - (len(order) - 1 - rank) * gap)
    return kept


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

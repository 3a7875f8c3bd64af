"""Figures of a report: drawn, in files, with their words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness.errors import HarnessError
from harness.figures import Drawing
from harness.figures.style import style
from harness.files import write_atomic
from harness.pages.text import plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS: Mapping[str, Mapping[str, Any]] = {"png": {}, "svg": {"Date": None}}
"""Endings, with the metadata that would make two drawings of the same results differ."""

LARGEST = 1_000_000
"""Bytes of an SVG; a figure that takes more, of very many points, is a picture in pixels only."""

FONTS = "'DejaVu Sans', 'Bitstream Vera Sans', Verdana, sans-serif"
"""Verdana, which most machines without DejaVu have, is as wide; what else is there is narrower."""


@dataclass(frozen=True)
class Illustration:
    """A figure in a report: its section in Markdown, its files, and a warning where it could not be drawn."""

    section: str
    files: tuple[str, ...] = ()
    warning: str = ""


def illustrated(
    folder: Path, name: str, draw: Callable[[], Drawing], *, stem: str = "", level: str = "##"
) -> Illustration:
    """Draw a figure and save it as PNG, and as SVG where that is not too large, below `folder`/figures.

    name: for a person; stem: of the files, the name unless given; level: of the heading. A figure that cannot
    be drawn is a warning and a sentence: the results stand without it.
    """
    path = f"figures/{(stem or name).replace(':', '.')}"
    try:
        with style():
            drawing = draw()
            endings = _save(drawing.figure, folder / path)
    except Exception as error:  # a figure may be a person's own
        reason = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
        section = f"{level} {plain_text(name)}\n\nNot drawn: {plain_text(reason)}."
        return Illustration(section, warning=f"figure `{name}`: {reason}")
    files = tuple(f"{path}.{ending}" for ending in endings)
    title = plain_text(drawing.title)
    section = f"{level} {title}\n\n![{title}]({quote(path)}.png)\n\n{plain_text(drawing.caption)}"
    return Illustration(section, files)


def _save(figure: "Figure", stem: Path) -> list[str]:
    from matplotlib import rc_context

    saved = []
    for ending, metadata in FORMATS.items():
        encoded, path = BytesIO(), stem.with_name(f"{stem.name}.{ending}")
        # Text as text: a page can give it its colour, a reader can find it, and it takes half the room.
        with rc_context({"svg.fonttype": "none"}):
            figure.savefig(encoded, format=ending, metadata=dict(metadata))
        data = encoded.getvalue()
        if ending == "svg":
            data = data.replace(b"'DejaVu Sans'", FONTS.encode())
            if len(data) > LARGEST:
                path.unlink(missing_ok=True)  # of an earlier drawing
                continue
        write_atomic(path, data)
        saved.append(ending)
    return saved

"""What every report is made of: figures in files, with their words, and text that stays text, in Markdown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.figures import Drawing
from harness.figures.style import style
from harness.files import write_atomic

FILE = "report.md"
FORMATS: Mapping[str, Mapping[str, Any]] = {"png": {}, "svg": {"Date": None}}
"""Endings, with the metadata that would make two drawings of the same results differ."""


@dataclass(frozen=True)
class Report:
    """The files of a report, relative to its folder, and what could not be drawn, a line each."""

    files: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Illustration:
    """A figure in a report: its section in Markdown, its files, and a warning where it could not be drawn."""

    section: str
    files: tuple[str, ...] = ()
    warning: str = ""


def illustrated(
    folder: Path, name: str, draw: Callable[[], Drawing], *, stem: str = "", level: str = "##"
) -> Illustration:
    """Draw a figure and save it in every format below `folder`/figures.

    name: for a person; stem: of the files, the name unless given; level: of the heading. A figure that cannot
    be drawn is a warning and a sentence: the results stand without it.
    """
    path = f"figures/{(stem or name).replace(':', '.')}"
    try:
        with style():
            drawing = draw()
            _save(drawing, folder / path)
    except Exception as error:  # a figure may be a person's own
        reason = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
        section = f"{level} {name}\n\nNot drawn: {plain_text(reason)}."
        return Illustration(section, warning=f"figure `{name}`: {reason}")
    files = tuple(f"{path}.{ending}" for ending in FORMATS)
    title = plain_text(drawing.title)
    section = f"{level} {title}\n\n![{title}]({path}.png)\n\n{plain_text(drawing.caption)}"
    return Illustration(section, files)


def plain_text(text: str) -> str:
    """Text as it stands: no tag of it becomes one of the page."""
    return escape(text, quote=False)


def _save(drawing: Drawing, stem: Path) -> None:
    for ending, metadata in FORMATS.items():
        encoded = BytesIO()
        drawing.figure.savefig(encoded, format=ending, metadata=dict(metadata))
        write_atomic(stem.with_name(f"{stem.name}.{ending}"), encoded.getvalue())

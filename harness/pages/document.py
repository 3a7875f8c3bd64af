"""A report in its folder: as Markdown, and as one page that needs nothing but itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.files import write_atomic
from harness.notes import one_line
from harness.pages.colours import INK, PAPER, declarations
from harness.pages.rendering import rendered

FILE, PAGE = "report.md", "report.html"


@dataclass(frozen=True)
class Report:
    """The files of a report, relative to its folder, and what could not be drawn, a line each."""

    files: tuple[str, ...]
    warnings: tuple[str, ...]


def write_page(folder: Path, markdown: str, title: str) -> tuple[str, ...]:
    """Write `markdown` below `folder` as it stands and as HTML, figures inside; returns the files' names.

    title: plain text, of the window. The page works without a network: it loads nothing and runs nothing.
    """
    write_atomic(folder / FILE, markdown)
    write_atomic(folder / PAGE, page(folder, markdown, title))
    return FILE, PAGE


def page(folder: Path, markdown: str, title: str) -> str:
    """The HTML; images are taken from `folder`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    shown = rendered(markdown, folder)
    light, dark = declarations(tuple(shown.colours))
    environment = Environment(
        loader=PackageLoader("harness.pages", ""), autoescape=True, undefined=StrictUndefined
    )
    values: Mapping[str, Any] = {
        "title": one_line(title),
        "heading": shown.title,
        "body": shown.body,
        "sections": [each for each in shown.headings if each.level == 2],
        "paper": PAPER,
        "ink": INK,
        "light": light,
        "dark": dark,
    }
    return environment.get_template("template.html.j2").render(values)

"""Markdown to HTML: CommonMark with tables, and neither tags nor scripts of its own."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from harness.pages.svg import inlined

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

PIXELS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
WIDE = 8
"""Columns; a table with more is printed smaller."""
NUMBER = re.compile(r"[<≥≤≈~±+−-]?\s?\d.{,40}|[-–—]?|nan|inf", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    level: int
    anchor: str
    text: str


@dataclass
class Rendered:
    """A document: `title`, the heading of the first level it begins with, and all that follows, as HTML;
    the other headings; the colours that figures use, with the page's variables to be declared."""

    title: str = ""
    body: str = ""
    headings: list[Heading] = field(default_factory=list)
    colours: dict[str, None] = field(default_factory=dict)


def parser() -> "MarkdownIt":
    """What reads every report. Its links are checked: `javascript:` and its like stay text."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")


def rendered(markdown: str, folder: Path) -> Rendered:
    """HTML of `markdown`, with the images that are files below `folder` inside; of others, their words."""
    reader, page = parser(), Rendered()
    tokens = reader.parse(markdown)
    _name_headings(tokens, page)
    _frame_tables(tokens, page)
    _put_figures(tokens, page, folder)
    start = 0
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        start = 3
        page.title = reader.renderer.render(tokens[:start], reader.options, {}).strip()
    page.body = reader.renderer.render(tokens[start:], reader.options, {})
    return page


def text_of(token: "Token") -> str:
    """The words of an inline token, without their marks."""
    parts = [text_of(child) if child.children else _word(child) for child in token.children or ()]
    return "".join(parts)


def _word(token: "Token") -> str:
    return " " if token.type in ("softbreak", "hardbreak") else token.content


def _name_headings(tokens: Sequence["Token"], page: Rendered) -> None:
    """An identifier for every heading; each is a link to itself, unless it holds links."""
    taken: set[str] = set()
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        text = text_of(inline)
        slug = re.sub(r"[\W_]+", "-", text.lower()).strip("-") or "section"
        anchor, number = slug, 1
        while anchor in taken:
            number += 1
            anchor = f"{slug}-{number}"
        taken.add(anchor)
        opening.attrSet("id", anchor)
        children = inline.children or []
        if opening.tag != "h1":
            page.headings.append(Heading(int(opening.tag[1]), anchor, text))
            if not any(child.type in ("link_open", "image") for child in children):
                inline.children = [_raw(f'<a href="#{escape(anchor)}">'), *children, _raw("</a>")]


def _frame_tables(tokens: list["Token"], page: Rendered) -> None:
    """Every table in a box that scrolls, named by its heading; rows and columns have headers."""
    headings, last = iter(page.headings), "Table"
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.type == "heading_open" and token.tag != "h1":
            last = next(headings).text
        if token.type == "table_open":
            end = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
            wide = _mark_cells(tokens[at:end]) > WIDE
            kind = "scroll wide" if wide else "scroll"
            box = f'<div class="{kind}" role="region" tabindex="0" aria-label="{escape(last)}">\n'
            tokens.insert(end + 1, _raw("</div>\n", block=True))
            tokens.insert(at, _raw(box, block=True))
            at = end + 1
        at += 1


def _mark_cells(table: Sequence["Token"]) -> int:
    """Numbers to the right; a column with other text to the left. The first of a row is its header. Returns
    the number of columns."""
    rows: list[list[int]] = []
    for index, token in enumerate(table):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(index)
    for column in range(len(rows[0])):
        cells = [row[column] for row in rows]
        texts = [text_of(table[at + 1]).strip() for at in cells[1:]]
        figures = column > 0 and any(texts) and all(map(NUMBER.fullmatch, texts))
        for number, at in enumerate(cells):
            opening, inline, closing = table[at : at + 3]
            opening.attrs = {"class": "number"} if figures else {}
            if column == 0 and number == 0 and not text_of(inline):
                opening.tag = closing.tag = "td"
            elif number == 0:
                opening.attrs["scope"] = "col"
            elif column == 0:
                opening.tag = closing.tag = "th"
                opening.attrs["scope"] = "row"
            if number == 0 or column == 0:
                inline.children = [_breakable(child) for child in inline.children or ()]
    return len(rows[0])


def _breakable(child: "Token") -> "Token":
    """A long name goes to the next line behind a point, a slash or an underscore."""
    if child.type != "text":
        return child
    return _raw(re.sub(r"(?<=\w[._/])(?=[^\W\d_])", "<wbr>", escape(child.content)))


def _put_figures(tokens: list["Token"], page: Rendered, folder: Path) -> None:
    """An image alone in a paragraph is a figure, and the paragraph after it the figure's caption."""
    number, caption = 0, ""
    for at in [at for at, token in enumerate(tokens) if token.type == "inline"]:
        opening, inline = tokens[at - 1], tokens[at]
        children = inline.children or []
        if caption:
            opening.attrs = {"id": caption, "class": "caption"}
            caption = ""
        if opening.type == "paragraph_open" and [child.type for child in children] == ["image"]:
            number += 1
            if [token.type for token in tokens[at + 2 : at + 3]] == ["paragraph_open"]:
                caption = f"f{number}_caption"
            shown = _image(children[0], page, folder, f"f{number}_", caption)
            if shown.startswith("<"):
                opening.tag = tokens[at + 1].tag = "figure"
            else:
                caption = ""
            inline.children = [_raw(shown)]
        else:
            inline.children = [
                _raw(_image(child, page, folder)) if child.type == "image" else child for child in children
            ]


def _image(token: "Token", page: Rendered, folder: Path, prefix: str = "", caption: str = "") -> str:
    """A figure's SVG, or its pixels as a data URI, or its words. `prefix`: of a figure's identifiers."""
    words = text_of(token)
    file = _below(folder, unquote(str(token.attrs.get("src", ""))))
    if file is None:
        return escape(words)
    vector = _below(folder, str(file.with_suffix(".svg")))
    if prefix and vector and (found := inlined(vector, prefix, words, caption=caption)):
        page.colours |= dict.fromkeys(found.colours)
        return found.markup
    kind = PIXELS.get(file.suffix.lower())
    if kind is None:
        return escape(words)
    data = b64encode(file.read_bytes()).decode()
    return f'<img src="data:{kind};base64,{data}" alt="{escape(words)}">'


def _below(folder: Path, source: str) -> Path | None:
    """The file, if it is one in `folder`: nothing is fetched, and nothing beside the report is shown."""
    try:
        file = (folder / source).resolve()
        return file if file.is_relative_to(folder.resolve()) and file.is_file() else None
    except (OSError, ValueError):  # too long, or a zero byte
        return None


def _raw(html: str, *, block: bool = False) -> "Token":
    """HTML that this package wrote, and nobody else: it is not escaped."""
    from markdown_it.token import Token

    return Token("html_block" if block else "html_inline", "", 0, content=html)

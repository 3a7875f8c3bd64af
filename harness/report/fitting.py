"""Tables that fit a page: turned where that makes them narrower, else cut into several below one another."""

import re
from collections.abc import Iterator, Sequence

from harness.notes import markdown_table

WIDTH = 92
"""Characters across a page, as its tables are set, counted with GAP for every column."""

GAP = 3

Rows = Sequence[Sequence[str]]


def fitted(heads: Sequence[str], names: Sequence[str], rows: Rows, *, keep: bool = False) -> str:
    """One line a name, one column a head, as Markdown, all texts of which are Markdown already.

    keep: never turned, for a table whose lines are in an order.
    """
    turned = [list(column) for column in zip(*rows, strict=True)]
    if not _fits(heads, names, rows) and not keep and _fits(names, heads, turned):
        return markdown_table(names, heads, turned)
    return "\n\n".join(
        markdown_table([heads[at] for at in part], names, [[row[at] for at in part] for row in rows])
        for part in _even(_columns(heads, turned), WIDTH - _width(names))
    )


def _fits(heads: Sequence[str], names: Sequence[str], rows: Rows) -> bool:
    return _width(names) + sum(_columns(heads, list(zip(*rows, strict=True)))) <= WIDTH


def _even(widths: Sequence[int], room: int) -> list[list[int]]:
    """As few strips as there is room for, and those about as wide as one another."""
    parts = list(_strips(widths, room))
    while room > 0 and len(closer := list(_strips(widths, room - 1))) == len(parts):
        parts, room = closer, room - 1
    return parts


def _strips(widths: Sequence[int], room: int) -> Iterator[list[int]]:
    """Places of the columns that stand side by side, as many as there is room for, at least one."""
    part: list[int] = []
    used = 0
    for at, width in enumerate(widths):
        if part and used + width > room:
            yield part
            part, used = [], 0
        part.append(at)
        used += width
    yield part


def _columns(heads: Sequence[str], columns: Sequence[Sequence[str]]) -> list[int]:
    return [_width([head, *column]) for head, column in zip(heads, columns, strict=True)]


def _width(texts: Sequence[str]) -> int:
    """Of the longest as it is shown."""
    shown = (re.sub(r"\*\*|\\(?=[^\w\s])", "", text) for text in texts)
    return GAP + max((len(text) for text in shown), default=0)

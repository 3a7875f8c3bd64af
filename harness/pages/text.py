"""Text that stays text in Markdown: names, reasons and versions come from people and machines."""

import re
from collections.abc import Iterable
from html import escape

from harness import notes
from harness.notes import one_line

CONTROLS = notes.CONTROLS
ACTIVE = re.compile(r"[\\`*\[\]~]")
STARTS = re.compile(r"^(?:[-+](?=[-+ ]|$)|=(?==*$)|#(?=#*(?: |$)))")
"""A list, a rule, an underline of the line before, a heading."""
NUMBERED = re.compile(r"^(\d{1,9})([.)])(?= |$)")
CLOSES = re.compile(r"(?<= )#(?=#*$)")
"""Number signs that a heading drops at its end."""


def plain_text(text: str) -> str:
    """Markdown, on one line, that renders as `text`: no letter of it is a tag, a link or an emphasis.

    It may stand anywhere in a paragraph, a heading, a list or the words of an image; in a cell of a table
    once its `|` are escaped. What is no letter is replaced as in `harness.notes.one_line`.
    """
    line = ACTIVE.sub(r"\\\g<0>", one_line(text))
    line = re.sub("_+", _underscores, line)
    line = CLOSES.sub(r"\#", STARTS.sub(r"\\\g<0>", line))
    return escape(NUMBERED.sub(r"\1\\\2", line), quote=False)


def code(text: str) -> str:
    """`text` as code within a line, whatever stands in it; empty if it is."""
    line = one_line(text)
    if not line:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{space}{line}{space}{fence}"


def _underscores(run: re.Match[str]) -> str:
    """Between letters or digits they are no emphasis: `non_saturating` stays readable."""
    before, after = run.string[: run.start()][-1:], run.string[run.end() :][:1]
    return run[0] if before.isalnum() and after.isalnum() else r"\_" * len(run[0])


def alike(texts: Iterable[str]) -> list[tuple[str, int]]:
    """Each text with how often it was there, most often first; those that differ in their numbers alone are
    one, with … in the place of the numbers."""
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault(shape(text), []).append(text)
    named = [(same[0] if len(set(same)) == 1 else shape, len(same)) for shape, same in groups.items()]
    return sorted(named, key=lambda item: -item[1])


def shape(text: str) -> str:
    """With … in the place of every number."""
    return re.sub(r"\d+(\.\d+)?(e[+-]?\d+)?", "…", text)

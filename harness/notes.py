"""Numbers and names as people read them, and the Markdown that MLflow shows as the description of a run."""

import re
from collections.abc import Mapping, Sequence
from math import floor, log10
from typing import TYPE_CHECKING, Any

from harness.columns import Column
from harness.protocol import Protocol
from harness.stats import Interval

if TYPE_CHECKING:
    from rich.text import Text

WIDEST = 6
"""Columns of results; with more of them the table is turned, one line each."""

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What steers a terminal, or turns the direction of the text around it: no letter, and nobody sees it."""


def number(interval: Interval) -> str:
    """`8.76 ± 0.24`: the half-width to two digits, the mean as far as the half-width reaches."""
    if interval.low is None or interval.high is None:
        return plain(interval.mean)
    half = float(f"{interval.high - interval.mean:.1e}")
    if half == 0:
        return f"{plain(interval.mean)} ± 0"
    decimals = min(6, max(0, 1 - floor(log10(half))))
    return f"{interval.mean:.{decimals}f} ± {half:.{decimals}f}"


def plain(value: float) -> str:
    """Four digits, and never an exponent in a table of ordinary metrics."""
    if value == 0:
        return "0"
    decimals = min(6, max(0, 3 - floor(log10(abs(value)))))
    return f"{value:.{decimals}f}"


def one_line(text: str) -> str:
    """Foreign text as it may stand on a terminal and on a page: white space becomes one space, each of
    CONTROLS U+FFFD, and half a surrogate pair, as names of files can have, `?`."""
    return CONTROLS.sub("\ufffd", " ".join(text.encode(errors="replace").decode().split()))


def foreign(text: str) -> "Text":
    """Text of anybody's in a terminal: no letter of it is markup, or steers it."""
    from rich.text import Text

    return Text(one_line(text))


def protocol_sentence(results: Mapping[str, Any]) -> str:
    """What the numbers are, in words."""
    return Protocol(**results["protocol"]).sentence()


def run_note(columns: Sequence[Column], results: Mapping[str, Any]) -> str:
    """The description of a finished run: its values between floor and ceiling."""
    texts = {column.key: plain(results["values"][column.key]) for column in columns}
    return _table(columns, {"this run": texts}, results)


def study_note(
    columns: Sequence[Column], intervals: Mapping[str, Mapping[str, Interval]], results: Mapping[str, Any]
) -> str:
    """The description of a study: mean and 95 % interval over seeds for every variant."""
    texts = {
        variant: {key: number(interval) for key, interval in by_key.items()}
        for variant, by_key in intervals.items()
    }
    return _table(columns, texts, results) + "\nMean ± half-width of the 95 % interval over seeds.\n"


def _table(
    columns: Sequence[Column], stands: Mapping[str, Mapping[str, str]], results: Mapping[str, Any]
) -> str:
    things = Protocol(**results["protocol"]).things
    references = {
        f"{name} ({results[name]['num_samples']:,} {things})": {
            key: plain(value) for key, value in results[name]["values"].items()
        }
        for name in ("floor", "ceiling")
    }
    everyone = {**stands, **references}
    cells = [[texts.get(column.key, "") for texts in everyone.values()] for column in columns]
    titles = [column.heading for column in columns]
    if len(stands) > WIDEST:
        table = markdown_table(titles, list(everyone), list(zip(*cells, strict=True)))
    else:
        table = markdown_table(list(everyone), titles, cells)
    return f"{table}\n\n{protocol_sentence(results)}\n"


def markdown_table(head: Sequence[str], names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """One line a name, one column a head, numbers to the right."""
    head, names = ([text.replace("|", r"\|") for text in side] for side in (head, names))
    lines = ["| | " + " | ".join(head) + " |", "|---|" + "---:|" * len(head)]
    lines += [f"| {name} | " + " | ".join(row) + " |" for name, row in zip(names, rows, strict=True)]
    return "\n".join(lines)

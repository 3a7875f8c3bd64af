"""The table of results in LaTeX, for a paper: booktabs, marked as on the page."""

import re
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path

from harness.columns import Column
from harness.files import write_atomic
from harness.notes import number, one_line, plain
from harness.report.comparison import KINDS, Entry, Group, Row
from harness.report.tables import control_name

FILE = "report.tex"

MOST = 4
"""Metrics side by side in a column of text; more of them stand in several tables below one another."""

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # In the old font encoding these print as something else.
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "[": "{[}",  # at the start of a line it would be an option of the line break before it
    "*": "{*}",
    "–": "--",
    "−": r"\ensuremath{-}",
    "±": r"\ensuremath{\pm}",
    "×": r"\ensuremath{\times}",
    "∞": r"\ensuremath{\infty}",
    "∂": r"\ensuremath{\partial}",
    "↓": r"\ensuremath{\downarrow}",
    "↑": r"\ensuremath{\uparrow}",
    "°": r"\ensuremath{^\circ}",
    "…": r"\ldots{}",
    "\ufffd": "?",
}


def write_latex(folder: Path, groups: Sequence[Group], name: str, sentences: Sequence[str]) -> str:
    """Write the table of every group into `folder`; returns the file's name. sentences: the groups'
    protocols."""
    parts = ["% Needs \\usepackage{booktabs}, and a text encoding of UTF-8 for names beyond ASCII."]
    parts += [
        "\n".join(_table(group, name, sentence))
        for group, sentence in zip(groups, sentences, strict=True)
        if group.columns
    ]
    write_atomic(folder / FILE, "\n\n".join(parts) + "\n")
    return FILE


def escaped(text: str) -> str:
    """Text as LaTeX prints it: no command, no comment, no formula of its own; one line."""
    return "".join(SPECIAL.get(letter, letter) for letter in one_line(text))


def _table(group: Group, name: str, sentence: str) -> Iterator[str]:
    yield r"\begin{table}"
    yield r"  \centering"
    yield rf"  \caption{{{_caption(group, name, sentence)}}}"
    yield rf"  \label{{tab:{_label(name)}{f'-{group.index}' if group.index else ''}}}"
    parts = ceil(len(group.columns) / MOST)
    each = ceil(len(group.columns) / parts)
    for first in range(0, len(group.columns), each):
        if first:
            yield r"  \par\medskip"
        yield from _tabular(group, group.columns[first : first + each])
    yield r"\end{table}"


def _tabular(group: Group, columns: Sequence[Column]) -> Iterator[str]:
    yield rf"  \begin{{tabular}}{{l{'r' * (len(columns) + 1)}}}"
    yield r"    \toprule"
    yield _line(["", "Seeds", *map(_head, columns)])
    yield r"    \midrule"
    for row in group.rows:
        yield _line([escaped(row.variant), _seeds(row), *[_text(row, column) for column in columns]])
    controls = {kind: label for kind in KINDS if (label := control_name(group, kind))}
    if controls:
        yield r"    \midrule"
    for kind, label in controls.items():
        scores = group.results[kind]["values"]
        texts = [_formula(plain(scores[column.key])) if column.key in scores else "" for column in columns]
        yield _line([escaped(label), "", *texts])
    yield r"    \bottomrule"
    yield r"  \end{tabular}"


def _caption(group: Group, name: str, sentence: str) -> str:
    parts = [f"{escaped(name)}{escaped(group.mark)}: {escaped(sentence)}."]
    entries = [entry for row in group.rows for entry in row.entries.values()]
    if group.seeds > 1:
        parts.append(r"Mean $\pm$ half-width of the 95\,\% interval of the mean over seeds (Student's $t$).")
    marks = {entry.mark for entry in entries}
    if "best" in marks:
        parts.append("Bold: better than every other variant.")
    if "tied" in marks:
        parts.append(r"$^\circ$: the best mean, or not to be told from it.")
    if marks - {""}:
        parts.append(r"(Paired $t$ test over shared seeds, two-sided, Holm-corrected, 5\,\%.)")
    if any(row.lost for row in group.rows):
        parts.append("Of a variant that lost trainings the mean is one of the survivors, and never marked.")
    if any(entry.doubts for entry in entries):
        parts.append(r"?: unreliable.")
    return " ".join(parts)


def _label(name: str) -> str:
    """What any LaTeX takes in a label."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "results"


def _line(cells: Sequence[str]) -> str:
    return f"    {' & '.join(cells)} \\\\"


def _head(column: Column) -> str:
    arrow = r"$\downarrow$" if column.better == "lower" else r"$\uparrow$"
    return f"{escaped(column.title)} {arrow}"


def _seeds(row: Row) -> str:
    return str(len(row.runs)) if len(row.runs) == row.expected else f"{len(row.runs)} of {row.expected}"


def _text(row: Row, column: Column) -> str:
    entry: Entry = row.entries[column.key]
    if entry.interval is None:
        return "--"
    text = _formula(number(entry.interval))
    if entry.mark == "best":
        text = rf"$\mathbf{{{text[1:-1]}}}$"
    elif entry.mark == "tied":
        text = f"{text}$^\\circ$"
    return f"{text} ?" if entry.doubts else text


def _formula(number: str) -> str:
    return "$" + number.replace("±", r"\pm") + "$"

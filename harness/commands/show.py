"""`harness show`: one run, what it was, how it went, and where it is."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.columns import Column
from harness.commands.facts import document, what_it_was, where_it_is
from harness.notes import foreign, one_line, plain
from harness.reader import one_run
from harness.runs import Run

SHOWN_STEPS, SHOWN_METRICS = 10, 5
"""Evaluations and metrics in the table of curves; the JSON document has all of them."""


def show_run(name: str, runs: Path, tracking_uri: str | None, *, as_json: bool) -> None:
    """Print the run behind `name` on stdout."""
    run = one_run(name, runs, tracking_uri)
    if as_json:
        json.dump(document(run), sys.stdout, indent=2, allow_nan=False)
        print()
        return
    show(run, Console(highlight=False, width=None if sys.stdout.isatty() else 120))


def show(run: Run, console: Console) -> None:
    style = "green" if run.finished else "red" if run.status == "failed" else "yellow"
    head = Text(one_line(f"{run.experiment}/{run.variant}/seed{run.seed}") + "  ", style="bold")
    console.print(head.append(one_line(run.status), style=style))
    if run.reason:
        _print(console, run.reason, style)
    for name, lines in (("What it was", what_it_was(run)), ("Where it is", where_it_is(run))):
        if name == "Where it is":
            _show_how(run, console)
        console.print(f"\n[bold]{name}[/]")
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for key, value in lines:
            table.add_row(foreign(key), foreign(value))
        console.print(table)


def _show_how(run: Run, console: Console) -> None:
    results = run.results or {}
    console.print("\n[bold]How it went[/]")
    if results:
        trained = f", of them {run.seconds[max(run.seconds)]:,.0f} s of training" if run.seconds else ""
        console.print(f"{results['steps']:,} steps in {results['seconds']:,.0f} s{trained}")
    if len(run.evaluations) > 1 or (run.evaluations and not results):
        console.print(curves(run))
        if cut := _cut(run):
            console.print(cut, style="dim", soft_wrap=True)
    elif not results:
        console.print("no evaluation")
    if results:
        console.print(values(run))
        if _has_errors(run):
            console.print("± se: standard error over the images of this run, not over seeds", style="dim")
    for key, why in results.get("unreliable", {}).items():
        _print(console, f"? unreliable {key}: {why}", "yellow")
    for note in results.get("notes", ()):
        _print(console, f"note: {note}", "yellow")


def curves(run: Run) -> Table:
    """The first metrics at some evaluations, from the first to the last."""
    named = _named(run)
    keys = list(named)[:SHOWN_METRICS]
    table = _table(["step", *(named[key] for key in keys), *(["training s"] if run.seconds else [])])
    for step in spread(sorted(run.evaluations), SHOWN_STEPS):
        cells = [_number(run.evaluations[step].get(key)) for key in keys]
        seconds = [f"{run.seconds[step]:,.0f}"] if step in run.seconds else [""] * bool(run.seconds)
        table.add_row(f"{step:,}", *cells, *seconds)
    return table


def _named(run: Run) -> dict[str, str]:
    """Headings by logged key; of a run without results the keys themselves."""
    if run.columns:
        return {f"eval/{column.key}": column.heading for column in run.columns}
    keys = dict.fromkeys(key for values in run.evaluations.values() for key in values if not _is_error(key))
    return {key: key.removeprefix("eval/") for key in keys}


def _cut(run: Run) -> str:
    """What the table of curves leaves out."""
    found = ((SHOWN_STEPS, len(run.evaluations), "evaluations"), (SHOWN_METRICS, len(_named(run)), "metrics"))
    parts = [f"{shown} of {total} {what}" for shown, total, what in found if total > shown]
    return f"{', '.join(parts)}; all with --json" if parts else ""


def _has_errors(run: Run) -> bool:
    return any(f"{column.key}_se" in run.values for column in run.columns)


def values(run: Run) -> Table:
    """The last evaluation between floor and ceiling; with a standard error where the metric has one."""
    results = run.results or {}
    floor, ceiling = (results.get(kind, {}).get("values", {}) for kind in ("floor", "ceiling"))
    measured, doubtful = run.values, results.get("unreliable", {})
    errors = _has_errors(run)
    table = _table(["", "value", *(["± se"] if errors else []), "floor", "ceiling"])

    def cells(column: Column) -> list[str]:
        mark = " ?" if column.key in doubtful else ""
        error = [_number(measured.get(f"{column.key}_se"))] if errors else []
        ends = [_number(end.get(column.key)) for end in (floor, ceiling)]
        return [column.heading, _number(measured.get(column.key)) + mark, *error, *ends]

    for column in run.columns:
        table.add_row(*map(foreign, cells(column)))
    return table


def spread(steps: Sequence[int], most: int) -> list[int]:
    """At most `most` of `steps`, evenly, always with the first and the last."""
    if len(steps) <= most:
        return list(steps)
    return [steps[round(index * (len(steps) - 1) / (most - 1))] for index in range(most)]


def _table(heads: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, head in enumerate(heads):
        table.add_column(foreign(head), justify="left" if index == 0 and not head else "right", no_wrap=True)
    return table


def _print(console: Console, text: str, style: str) -> None:
    console.print(one_line(text), style=style, soft_wrap=True, markup=False)


def _number(value: object) -> str:
    if not isinstance(value, float | int):
        return ""
    return plain(value) if value - value == 0 else str(value)  # NaN and infinity have no digits


def _is_error(key: str) -> bool:
    return key.endswith(("_se", "_low", "_high"))

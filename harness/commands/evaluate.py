"""`harness evaluate`."""

import json
import sys
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from harness.console import console
from harness.errors import ConfigError
from harness.evaluation.api import evaluate
from harness.evaluation.judge import Scores
from harness.evaluation.result import Earlier, Evaluation, Side, changes, moved
from harness.notes import plain

SHOWN = 5
"""Skipped files that are named; the JSON document has all of them."""


def evaluate_images(
    fake: str,
    real: str | None,
    options: dict[str, Any],
    *,
    against: Path | None,
    across_protocols: bool,
    as_json: bool,
) -> None:
    """Measure, then print the table; with `as_json` one document on stdout. `options` go to `evaluate`."""
    if across_protocols and against is None:
        raise ConfigError("--across-protocols is for values given with --against")
    earlier = None if against is None else Earlier.read(against)
    with Passes() as passes:
        found = evaluate(real, fake, progress=passes, **options)
    change = None
    if earlier is not None:
        change = moved(found, earlier) if across_protocols else changes(found, earlier)
    comparable = earlier is None or earlier.protocol.fingerprint == found.fingerprint
    if as_json:
        document = found.document()
        if change is not None:
            document["changes"] = {"comparable": comparable, "values": change}
        json.dump(document, sys.stdout, indent=2, allow_nan=False)
        print()
        return
    _print(found, change, comparable)


class Passes:
    """A bar for every pass through the extractor; nothing where there is no terminal."""

    def __init__(self) -> None:
        self._tasks: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> "Passes":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, name: str, done: int, total: int) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total)
        self._progress.update(self._tasks[name], completed=done, total=max(done, total))


def _print(found: Evaluation, change: dict[str, float] | None, comparable: bool) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("uncertainty", no_wrap=True, style="dim")
    references = {"floor: held-out": found.floor, "ceiling: noise": found.ceiling}
    given = {name: scores for name, scores in references.items() if scores is not None}
    for name in given:
        table.add_column(name, justify="right", no_wrap=True, style="dim")
    if change is not None:
        table.add_column("change" if comparable else "change, NOT COMPARABLE", justify="right", no_wrap=True)
    counts = [f"{each.num_samples:,}" for each in (found.scores, *given.values())]
    table.add_row("images", counts[0], "", *counts[1:], style="dim")
    for column in found.columns:
        if column.key not in found.values:
            continue
        value = plain(found[column.key]) + (" ?" if column.key in found.scores.unreliable else "")
        row = [column.heading, value, _uncertainty(found.scores, column.key)]
        row += [
            plain(each.values[column.key]) if column.key in each.values else "" for each in given.values()
        ]
        if change is not None:
            row.append(f"{change[column.key]:+.4g}" if column.key in change else "")
        table.add_row(*row)
    console.print(table)
    console.print()
    for name, side in (("fake", found.fake), ("real", found.real)):
        _print_side(name, side)
    for side in found.held_out:
        _print_side("held out", side)
    console.print(found.protocol.sentence(), style="dim", soft_wrap=True)
    for key, reason in found.scores.unreliable.items():
        console.print(f"[yellow]? unreliable[/] {key}: {reason}", soft_wrap=True)
    for note in found.scores.notes:
        console.print(f"[yellow]note[/] {note}", soft_wrap=True)


def _uncertainty(scores: Scores, key: str) -> str:
    """The interval of a value, or its standard error, where the metric knows one."""
    if f"{key}_low" in scores.values:
        return f"{plain(scores.values[f'{key}_low'])} to {plain(scores.values[f'{key}_high'])}"
    return f"± {scores.values[f'{key}_se']:.2g} s.e." if f"{key}_se" in scores.values else ""


def _print_side(name: str, side: Side) -> None:
    recalled = ", features known from an earlier evaluation" if side.recalled else ""
    console.print(f"{name}: {side.count:,} images of {side.title}{recalled}", style="dim", soft_wrap=True)
    for line in side.skipped[:SHOWN]:
        console.print(f"  [yellow]skipped[/] {line}", soft_wrap=True)
    if len(side.skipped) > SHOWN:
        console.print(f"  [yellow]skipped[/] {len(side.skipped) - SHOWN:,} more", soft_wrap=True)

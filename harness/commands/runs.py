"""`harness ls runs`: every study, search and run below a folder, from the few bytes that say how it went."""

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.errors import ConfigError, UnknownNameError
from harness.notes import one_line, plain
from harness.reader.folders import read_results, status_of
from harness.reader.plain import mapping_in
from harness.reader.studies import STUDIES, SWEEPS, runs_below
from harness.registry import did_you_mean
from harness.rundir import RunDir

STYLES = {"failed": "red", "stopped": "yellow", "pruned": "dim", "running": "cyan", "unreadable": "yellow"}

GAP, NARROWEST = 2, 8
NUMBERS, LOST = (3, 4, 5), (6, 5, 3, 2)
"""Columns of the table: those of numbers, and which of them a narrow terminal loses, the first one first."""


@dataclass(frozen=True)
class Row:
    """One line. when: seconds since the epoch of its last word; metric: title and value of the first metric;
    held: runs or trials inside it."""

    kind: Literal["run", "study", "search"]
    name: str
    status: str
    reason: str
    when: float
    folder: str
    steps: int | None = None
    metric: tuple[str, float] | None = None
    seconds: float | None = None
    held: int | None = None


def list_runs(runs: Path, experiment: str | None, *, as_json: bool) -> None:
    """On stdout, the newest last. ConfigError without a folder of runs, UnknownNameError for an experiment
    that is not in it."""
    if not runs.is_dir():
        raise ConfigError(f"there is no folder of runs at {runs}; name it with --runs")
    homes = sorted(folder for folder in runs.glob("[!.]*") if folder.is_dir())
    if experiment is not None:
        known = [home.name for home in homes]
        if experiment not in known:
            raise UnknownNameError(f"no runs of `{experiment}` in {runs}{did_you_mean(experiment, known)}")
        homes = [runs / experiment]
    rows = sorted((row for home in homes for row in rows_of(home)), key=lambda row: row.when)
    if as_json:
        json.dump([asdict(row) for row in rows], sys.stdout, indent=2)
        print()
        return
    show(rows, Console(highlight=False, width=None if sys.stdout.isatty() else 200))


def rows_of(home: Path) -> Iterable[Row]:
    """Everything of one experiment, in no order; the trials of a search are one line, and so no event log and
    no configuration is opened."""
    for folder in runs_below(home):
        yield _run(folder, f"{home.name}/{folder.parent.name}/{folder.name.partition('-')[0]}")
    for folder in _folders(home / STUDIES):
        record = mapping_in(folder / "study.json")
        parts = [part for key in ("runs", "failed") if isinstance(part := record.get(key), list | dict)]
        held = sum(map(len, parts)) if record else None
        row = Row("study", f"{home.name}: study {folder.name}", *_standing(folder), str(folder))
        yield replace(row, held=held)
    for folder in _folders(home / SWEEPS):
        trials = sum(1 for _ in folder.rglob("trial*/status.json"))
        row = Row("search", f"{home.name}: search {folder.name}", *_standing(folder), str(folder))
        yield replace(row, held=trials)


def show(rows: Sequence[Row], console: Console) -> None:
    """A table that fits: a narrow terminal loses first the folders, then other columns, then the ends of
    names."""
    if not rows:
        console.print("no run yet; start one with `harness run FILE`")
        return
    titles = {row.metric[0] for row in rows if row.metric}
    one = one_line(titles.pop()) if len(titles) == 1 else None
    heads = ("run", "status", "when", "steps", one or "metric", "seconds", "folder")
    cells = [tuple(map(one_line, _cells(row, one is None))) for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    kept = list(range(len(heads)))
    for column in LOST:
        if sum(widths[index] + GAP for index in kept) - GAP > console.width:
            kept.remove(column)
    rest = sum(widths[index] + GAP for index in kept[1:])
    widths[0] = min(widths[0], max(NARROWEST, console.width - rest))
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for index in kept:
        table.add_column(
            Text(heads[index]),
            justify="right" if index in NUMBERS else "left",
            no_wrap=True,
            overflow="ellipsis",
            width=widths[index],
        )
    for row, texts in zip(rows, cells, strict=True):
        style = STYLES.get(row.status, "bold" if row.kind != "run" else "")
        table.add_row(*(Text(texts[index]) for index in kept), style=style)
    console.print(table)


def _cells(row: Row, titled: bool) -> tuple[str, ...]:
    metric = ""
    if row.metric:
        metric = f"{row.metric[0]} {plain(row.metric[1])}" if titled else plain(row.metric[1])
    what = {"study": "runs", "search": "trials", "run": ""}[row.kind]
    held = f" ({row.held} {what})" if row.held is not None else ""
    return (
        f"{row.name}{held}",
        row.status,
        datetime.fromtimestamp(row.when).strftime("%Y-%m-%d %H:%M") if row.when else "",
        f"{row.steps:,}" if row.steps is not None else "",
        metric,
        f"{row.seconds:,.0f}" if row.seconds is not None else "",
        row.folder,
    )


def _run(folder: Path, name: str) -> Row:
    run = RunDir(folder)
    status, reason, when = _standing(folder)
    row = Row("run", name, status, reason, when, str(folder))
    results, fault = read_results(run)
    if results is None:
        if fault:
            row = replace(row, status="unreadable")
        return replace(row, reason="; ".join(filter(None, (reason, fault))), steps=_last_step(run))
    with suppress(KeyError, TypeError, IndexError):
        first = results["columns"][0]
        row = replace(row, metric=(first["title"], results["values"][first["key"]]))
    return replace(row, steps=results.get("steps"), seconds=results.get("seconds"))


def _standing(folder: Path) -> tuple[str, str, float]:
    status, reason = status_of(RunDir(folder))
    with suppress(OSError):
        return status, reason, (folder / "status.json").stat().st_mtime
    return status, reason, 0.0


def _last_step(run: RunDir) -> int | None:
    """Of the newest checkpoint."""
    steps = [file.stem.removeprefix("step-") for file in run.checkpoints.glob("step-*.json")]
    return max((int(step) for step in steps if step.isdecimal()), default=None)


def _folders(parent: Path) -> list[Path]:
    return sorted(folder for folder in parent.glob("*") if folder.is_dir())

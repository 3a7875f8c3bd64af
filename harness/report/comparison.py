"""Runs side by side: which of them were measured alike, and what their values come to over seeds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Literal

from harness.columns import Column
from harness.report.contrasts import Contrast, against, all_pairs
from harness.runs import Record, Run, by_variant
from harness.stats import Interval, iqm, mean_interval, stands_out

Mark = Literal["best", "tied", ""]
"""`best`: better than every other variant; `tied`: cannot be told from the best mean."""

FEWEST = 4
"""Seeds from which an interquartile mean leaves any out; of fewer it is the mean."""

Kind = Literal["floor", "ceiling"]
KINDS: tuple[Kind, ...] = ("floor", "ceiling")


@dataclass(frozen=True)
class Entry:
    """One value of one variant over its seeds.

    interval: None where a finished seed gave no finite value, for a mean over the others would flatter; `gap`
    says which. iqm: None of fewer than FEWEST seeds. doubts: why the value cannot be trusted, by seed.
    """

    values: Mapping[int, float]
    interval: Interval | None
    iqm: float | None = None
    mark: Mark = ""
    gap: str = ""
    doubts: Mapping[int, str] | None = None


@dataclass(frozen=True)
class Row:
    """A variant under one protocol: its finished runs, one a seed, how many it should have, its values.

    lost: seeds whose training was begun and has no result under any protocol, so that every mean is one of
    survivors; elsewhere: seeds that have a result under another protocol only, and are not expected here.
    """

    variant: str
    runs: tuple[Run, ...]
    expected: int
    entries: Mapping[str, Entry]
    lost: tuple[int, ...] = ()
    elsewhere: tuple[int, ...] = ()

    def mean(self, key: str) -> float | None:
        entry = self.entries.get(key)
        return entry.interval.mean if entry and entry.interval else None


@dataclass(frozen=True)
class Group:
    """Everything measured under one protocol, so that it may be compared.

    index: from 1, or 0 where there is no other protocol; columns: the main one first; rows: best first, those
    that lost trainings after all others; contrasts: every variant against the reference, in every column;
    pairs: every two variants, in the main column.
    """

    index: int
    fingerprint: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    reference: str
    contrasts: tuple[Contrast, ...]
    pairs: tuple[Contrast, ...]

    @property
    def mark(self) -> str:
        return f" [{self.index}]" if self.index else ""

    @property
    def main(self) -> Column | None:
        """What the rows are sorted by: FID where it was measured, else the first metric."""
        return self.columns[0] if self.columns else None

    @property
    def results(self) -> Record:
        """Of one of its runs: protocol, floor and ceiling are those of all."""
        return next(run.results for row in self.rows for run in row.runs if run.results)

    @property
    def seeds(self) -> int:
        """The most seeds that any variant has."""
        return max(len(row.runs) for row in self.rows)


@dataclass(frozen=True)
class Comparison:
    """All runs of a report. set_aside: finished runs in whose place one of the same seed counts that began
    later; expected: the seeds that every variant should have; not_begun: variants asked for without any
    run."""

    runs: tuple[Run, ...]
    groups: tuple[Group, ...]
    set_aside: tuple[Run, ...]
    expected: tuple[int, ...]
    not_begun: tuple[str, ...] = ()

    @property
    def counted(self) -> tuple[Run, ...]:
        """All but those set aside."""
        return tuple(run for run in self.runs if not any(run is each for each in self.set_aside))

    @property
    def variants(self) -> dict[str, list[Run]]:
        return by_variant(self.counted)

    @property
    def ranked(self) -> dict[str, list[Run]]:
        """As `variants`, in the order of the tables of results."""
        order = dict.fromkeys(row.variant for group in self.groups for row in group.rows)
        found = self.variants
        return {name: found[name] for name in (*order, *found) if name in found}


def compared(
    runs: Iterable[Run], seeds: Sequence[int] = (), reference: str = "", variants: Sequence[str] = ()
) -> Comparison:
    """Runs in groups of one protocol each, with their statistics.

    seeds: those asked for, else every seed that any variant has; reference: the variant the others are held
    against, else `base` where there is one, else the first that lost no training, else the first;
    variants: those asked for, of which there may be no run.
    """
    named = _named(tuple(runs))
    not_begun = tuple(name for name in variants if name not in {run.variant for run in named})
    expected = tuple(seeds) or tuple(sorted({run.seed for run in named}))
    newest: dict[tuple[str, str, int], Run] = {}
    by_fingerprint = dict.fromkeys(_fingerprint(run) for run in named if run.results is not None)
    for run in sorted(named, key=lambda run: str(run.provenance.get("started", ""))):
        if run.results is not None:
            newest[_fingerprint(run), run.variant, run.seed] = run
    kept = list(newest.values())
    set_aside = tuple(run for run in named if run.finished and not any(run is each for each in kept))
    alone = len(by_fingerprint) <= 1
    groups = []
    for index, fingerprint in enumerate(by_fingerprint, 1):
        members = [run for run in kept if _fingerprint(run) == fingerprint]
        having = by_variant(sorted(members, key=lambda run: run.seed))
        # Where there is one protocol only, a variant without any result has a line all the same.
        order = [name for name in (*by_variant(named), *not_begun) if alone or name in having]
        rows = {name: having.get(name, []) for name in order}
        found = _group(0 if alone else index, fingerprint, _rows(rows, named, expected), reference)
        groups.append(found)
    return Comparison(named, tuple(groups), set_aside, expected, not_begun)


def main_first(columns: Sequence[Column]) -> tuple[Column, ...]:
    """FID before all others where it was measured."""
    return tuple(sorted(columns, key=lambda column: (column.key, column.better) != ("fid", "lower")))


def _named(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Variants of several experiments under both names: `base` of one is not `base` of another."""
    if len({run.experiment for run in runs}) <= 1:
        return runs

    def name(run: Run) -> str:
        named = run.variant.startswith(f"{run.experiment}/")  # as the reader calls them
        return run.variant if named else f"{run.experiment}: {run.variant}"

    return tuple(replace(run, variant=name(run)) for run in runs)


def _fingerprint(run: Run) -> str:
    return str((run.results or {}).get("fingerprint", ""))


def _group(index: int, fingerprint: str, found: Iterable[Row], reference: str) -> Group:
    rows = list(found)
    columns = main_first(
        tuple(dict.fromkeys(column for row in rows for run in row.runs for column in run.columns))
    )
    rows = [
        replace(row, entries={column.key: _entry(column.key, row.runs) for column in columns}) for row in rows
    ]
    for column in columns:
        rows = _marked(rows, column)
    held = _reference(rows, reference)
    samples = {
        column: {
            row.variant: row.entries[column.key].values for row in rows if row.mean(column.key) is not None
        }
        for column in columns
    }
    return Group(
        index,
        fingerprint,
        columns,
        tuple(_best_first(rows, columns)),
        held,
        tuple(each for column in columns for each in against(held, samples[column], column)),
        tuple(all_pairs(samples[columns[0]], columns[0])) if columns else (),
    )


def _rows(
    variants: Mapping[str, Sequence[Run]], named: Sequence[Run], expected: Sequence[int]
) -> Iterator[Row]:
    """Without their values. named: all runs, under every protocol and without results."""
    for variant, runs in variants.items():
        own = [run for run in named if run.variant == variant]
        here, done = {run.seed for run in runs}, {run.seed for run in own if run.finished}
        lost = {run.seed for run in own} - done
        due = {*expected, *here, *lost} - (done - here)
        yield Row(variant, tuple(runs), len(due), {}, tuple(sorted(lost)), tuple(sorted(done - here)))


def _reference(rows: Sequence[Row], asked: str) -> str:
    found = [row.variant for row in rows if row.runs]
    whole = [row.variant for row in rows if row.runs and not row.lost]
    return next(name for name in (asked, "base", *whole, *found) if name in found)


def _entry(key: str, runs: Sequence[Run]) -> Entry:
    values = {run.seed: float(run.values[key]) for run in runs if _is_number(run.values.get(key))}
    doubts = {run.seed: _doubt(run, key) for run in runs if _doubt(run, key)}
    lacking = [str(run.seed) for run in runs if run.seed not in values]
    if lacking or not runs:
        seeds = f"seed{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}"
        return Entry(values, None, gap=f"no finite value in {seeds}" if lacking else "", doubts=doubts)
    numbers = list(values.values())
    middle = iqm(numbers) if len(numbers) >= FEWEST else None
    return Entry(values, mean_interval(numbers), middle, doubts=doubts)


def _doubt(run: Run, key: str) -> str:
    return str((run.results or {}).get("unreliable", {}).get(key, ""))


def _is_number(value: object) -> bool:
    return isinstance(value, float | int) and isfinite(value)


def _marked(rows: Sequence[Row], column: Column) -> list[Row]:
    """The best of a column is marked only where it is shown to be better than every other. A value that
    cannot be trusted is never marked, and neither is a mean of survivors, but the others have to beat them
    all the same."""
    key = column.key
    samples = {row.variant: row.entries[key].values for row in rows if row.mean(key) is not None}
    marks = stands_out(samples, higher_is_better=column.better == "higher").marks
    return [
        replace(row, entries={**row.entries, key: replace(row.entries[key], mark=marks.get(row.variant, ""))})
        if not row.entries[key].doubts and not row.lost
        else row
        for row in rows
    ]


def _best_first(rows: Sequence[Row], columns: Sequence[Column]) -> list[Row]:
    if not columns:
        return list(rows)
    key, sign = columns[0].key, -1 if columns[0].better == "higher" else 1

    def place(row: Row) -> tuple[bool, bool, float]:
        mean = row.mean(key)
        return (mean is None, bool(row.lost), 0.0 if mean is None else sign * mean)

    return sorted(rows, key=place)

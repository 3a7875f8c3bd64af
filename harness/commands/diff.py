"""`harness diff`: in what two runs differ, from their configuration to their values."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from harness.nonfinite import writable
from harness.notes import foreign, one_line, plain
from harness.reader import one_run
from harness.runs import Run

Pair = tuple[Any, Any]
SECTIONS = ("configuration", "environment", "code", "data", "protocol", "outcome")
HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Value:
    """A metric of both runs; `difference` is the second less the first, None where the two do not compare."""

    one: float | None
    other: float | None
    difference: float | None


@dataclass(frozen=True)
class Difference:
    """What differs, by section and key, the first run's value and the second's; and all values measured.

    comparable: whether the values were measured under one protocol; None where a run has none.
    """

    sections: Mapping[str, Mapping[str, Pair]]
    comparable: bool | None
    values: Mapping[str, Value]

    @property
    def is_nothing(self) -> bool:
        return not any(self.sections.values()) and all(
            value.one == value.other for value in self.values.values()
        )


def diff_runs(one: str, other: str, runs: Path, tracking_uri: str | None, *, as_json: bool) -> None:
    """Print on stdout in what two runs differ."""
    pair = (one_run(one, runs, tracking_uri), one_run(other, runs, tracking_uri))
    found = difference(*pair)
    if as_json:
        document = {
            "runs": [run.place for run in pair],
            **{name: found.sections[name] for name in SECTIONS},
            "comparable": found.comparable,
            "values": {key: asdict(value) for key, value in found.values.items()},
        }
        json.dump(writable(document), sys.stdout, indent=2, allow_nan=False)
        print()
        return
    show(found, pair, Console(highlight=False, width=None if sys.stdout.isatty() else 160))


def difference(one: Run, other: Run) -> Difference:
    """From `one` to `other`; keys of which both say the same are left out, but for values."""
    pairs = [_parts(run) for run in (one, other)]
    sections = {name: _changed(pairs[0][name], pairs[1][name]) for name in SECTIONS}
    prints = [(run.results or {}).get("fingerprint") for run in (one, other)]
    comparable = prints[0] == prints[1] if all(prints) else None
    titles = {column.key: column.title for run in (one, other) for column in run.columns}
    values: dict[str, Value] = {}
    for key, title in titles.items():
        ends = (_finite(one.values.get(key)), _finite(other.values.get(key)))
        both = ends[0] is not None and ends[1] is not None and comparable
        values[title] = Value(*ends, ends[1] - ends[0] if both else None)  # type: ignore[operator]
    return Difference(sections, comparable, values)


def show(found: Difference, pair: tuple[Run, Run], console: Console) -> None:
    names = [f"{run.experiment}/{run.variant}/seed{run.seed}" for run in pair]
    for mark, name, run in zip("AB", names, pair, strict=True):
        console.print(one_line(f"{mark}  {name}  {run.place}"), soft_wrap=True, markup=False)
    if found.is_nothing:
        console.print(
            "\nNothing differs: configuration, environment, code, data, protocol and values are the same.",
            soft_wrap=True,
        )
        return
    for name in SECTIONS:
        if found.sections[name]:
            console.print(f"\n[bold]{name.capitalize()}[/]")
            table = _table(["", "A", "B"])
            for key, values in found.sections[name].items():
                table.add_row(foreign(key), *(foreign(_said(value)) for value in values))
            console.print(table)
    if found.values:
        console.print("\n[bold]Values[/]")
        if found.comparable is False:
            console.print(
                "not measured alike (protocol above), so not to be compared: no difference is given",
                style="yellow",
                soft_wrap=True,
            )
        table = _table(["", "A", "B", *(["B − A"] if found.comparable else [])], "right")
        for key, value in found.values.items():
            texts = [_number(value.one), _number(value.other)]
            change = [_signed(value.difference)] if found.comparable else []
            table.add_row(foreign(key), *texts, *change)
        console.print(table)
    if found.comparable:
        hint = "one training each: to tell a difference from chance, compare seeds with `harness report`"
        console.print(hint, style="dim", soft_wrap=True)
    same = [name for name in SECTIONS if not found.sections[name]]
    if same:
        console.print(f"\nthe same: {', '.join(same)}", style="dim", soft_wrap=True)


def _parts(run: Run) -> dict[str, dict[str, Any]]:
    from harness.config.models import flat

    record, results = run.provenance, run.results or {}
    identity = results.get("identity") or record.get("identity") or {}
    git = record.get("git") or {}
    sources = {key: value for key, value in identity.items() if key.startswith("source of ")}
    packages = record.get("packages") or {}
    return {
        "configuration": dict(flat(run.config)) if run.config else {},
        "environment": {
            **{key: record.get(key) for key in ("python", "device", "platform", "processors")},
            **packages,
        },
        "code": {
            "digest": identity.get("code"),
            **sources,
            "commit": git.get("commit"),
            "uncommitted changes": git.get("dirty"),
        },
        "data": {"digest": identity.get("data")},
        "protocol": {**(results.get("protocol") or {}), "fingerprint": results.get("fingerprint")},
        "outcome": {"status": run.status, "reason": run.reason},
    }


def _changed(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Pair]:
    keys = dict.fromkeys([*one, *other])
    return {key: (one.get(key), other.get(key)) for key in keys if one.get(key) != other.get(key)}


def _table(heads: list[str], justify: Any = "left") -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, head in enumerate(heads):
        side: Any = "left" if index == 0 else justify
        table.add_column(head, justify=side, overflow="fold", no_wrap=index == 0)
    return table


def _said(value: object) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"{text[:12]}..." if len(text) >= 32 and HEX.issuperset(text) else text


def _finite(value: object) -> float | None:
    return float(value) if isinstance(value, float | int) and isfinite(value) else None


def _number(value: float | None) -> str:
    return "" if value is None else plain(value)


def _signed(value: float | None) -> str:
    if value is None:
        return ""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{plain(abs(value))}"

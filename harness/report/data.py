"""Every number of a report in files for programs: one line a value in CSV, everything in JSON.

CSV: all text is quoted and no number is, so that a reader tells them apart; nothing is put before a text that
begins like a formula, for a name has to come back as it was. A spreadsheet that is told to take quoted fields
as text keeps it from being one.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

from harness.files import write_atomic
from harness.report.comparison import KINDS, Comparison, Group
from harness.runs import Record, Run

CSV, JSON = "report.csv", "report.json"

HEAD = ("experiment", "variant", "seed", "step", "key", "title", "value", "status", "fingerprint")

VERSION = 1
"""Of the JSON, raised when a key changes its meaning."""


def write_csv(folder: Path, runs: Sequence[Run]) -> str:
    """One line a run, step and value, in long format; a value that is not finite is empty, and so is
    everything of a run that measured nothing but what it was. Returns the file's name."""
    text = StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(HEAD)
    for run in runs:
        titles = titles_of(run)
        before = (run.experiment, run.variant, run.seed)
        after = (run.status, str((run.results or {}).get("fingerprint", "")))
        empty = True
        for step, values in measured(run).items():
            for key, value in values.items():
                writer.writerow((*before, step, key, titles.get(key, ""), _or_none(value), *after))
                empty = False
        if empty:
            writer.writerow((*before, None, "", "", None, *after))
    write_atomic(folder / CSV, text.getvalue())
    return CSV


def write_json(folder: Path, name: str, description: str, comparison: Comparison, runs: Sequence[Run]) -> str:
    """Runs, statistics, tests, floor and ceiling, protocols and provenance. Returns the file's name.

    Strict JSON: what is not finite is null, and named in `not_finite` beside it.
    """
    content = {
        "version": VERSION,
        "name": name,
        "description": description,
        "seeds": list(comparison.expected),
        "groups": [_group(group) for group in comparison.groups],
        "runs": [_run(run) for run in runs],
    }
    write_atomic(folder / JSON, json.dumps(_strict(content), indent=1, allow_nan=False) + "\n")
    return JSON


def measured(run: Run) -> dict[int, dict[str, float]]:
    """Every value of a run by step and logged key: those of its curve, and at the last step its results."""
    found = {step: dict(values) for step, values in sorted(run.evaluations.items())}
    if run.results:
        last = found.setdefault(int(run.results["steps"]), {})
        last |= {f"eval/{key}": value for key, value in run.values.items()}
        theory = run.results.get("theory", {})
        last |= {f"theory/{key}": _as_float(value) for key, value in theory.items()}
    return found


def titles_of(run: Run) -> dict[str, str]:
    """By logged key."""
    diagnostics = (run.results or {}).get("theory_titles", {})
    return {
        **{f"eval/{column.key}": column.title for column in run.columns},
        **{f"theory/{key}": title for key, title in diagnostics.items()},
    }


def _group(group: Group) -> dict[str, Any]:
    results: Record = group.results
    return {
        "index": group.index,
        "fingerprint": group.fingerprint,
        "protocol": results.get("protocol", {}),
        "columns": [asdict(column) for column in group.columns],
        "reference": group.reference,
        **{kind: results.get(kind) for kind in KINDS},
        "variants": [
            {
                "variant": row.variant,
                "seeds": [run.seed for run in row.runs],
                "expected_seeds": row.expected,
                "without_result": row.lost,
                "statistics": {
                    key: {
                        **(asdict(entry.interval) if entry.interval else {"mean": None}),
                        "iqm": entry.iqm,
                        "mark": entry.mark,
                        "gap": entry.gap,
                        "values": entry.values,
                        "unreliable": dict(entry.doubts or {}),
                    }
                    for key, entry in row.entries.items()
                },
            }
            for row in group.rows
        ],
        "against_reference": [asdict(contrast) for contrast in group.contrasts],
        "pairs": [asdict(contrast) for contrast in group.pairs],
    }


def _run(run: Run) -> dict[str, Any]:
    results = dict(run.results or {})
    for key in ("experiment", "variant", "seed", *KINDS, "protocol"):
        results.pop(key, None)  # stand beside it, or in its group
    values = measured(run)
    return {
        "experiment": run.experiment,
        "variant": run.variant,
        "seed": run.seed,
        "status": run.status,
        "reason": run.reason,
        "place": run.place,
        "config": run.config,
        "results": results or None,
        "evaluations": values,
        "not_finite": sorted(_not_finite(values)),
        "training_seconds": run.seconds,
        # The changes to a commit that was not clean may be a megabyte, and stand in the run's own folder.
        "provenance": {**run.provenance, "git": _without(run.provenance.get("git") or {}, "diff")},
    }


def _not_finite(values: Mapping[int, Mapping[str, float]]) -> Iterator[str]:
    for step, by_key in values.items():
        for key, value in by_key.items():
            if not isfinite(value):
                yield f"{key} at step {step}: {value}"


def _without(record: Record, key: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != key}


def _as_float(value: object) -> float:
    return float(value) if isinstance(value, float | int | str) else float("nan")


def _or_none(value: float) -> float | None:
    return value if isfinite(value) else None


def _strict(value: Any) -> Any:
    """As JSON has it: null for what is not finite, text for any key."""
    if isinstance(value, Mapping):
        return {str(key): _strict(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(each) for each in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)

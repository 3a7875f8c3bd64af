"""`harness ls` and `harness schema`: what there is, and how it is written."""

import json
import sys

from rich.console import Console
from rich.table import Table

from harness.catalog import TABLES
from harness.config import experiment_schema
from harness.errors import UnknownNameError
from harness.options import describe, options_model
from harness.registry import Registry, did_you_mean

KINDS = {
    "datasets": "dataset",
    "networks": "network",
    "losses": "loss",
    "penalties": "penalties",
    "extractors": "evaluation.features",
    "protocols": "evaluation.protocol",
    "metrics": "evaluation.metrics",
    "diagnostics": "evaluation.diagnostics",
    "figures": "figures",
}


def list_entries(kind: str, *, as_json: bool) -> None:
    """One line an entry, its name and what it is; as JSON also its options."""
    if kind not in KINDS:
        raise UnknownNameError(f"unknown kind `{kind}`{did_you_mean(kind, list(KINDS))}")
    table: Registry[object] = TABLES[KINDS[kind]]
    rows = {
        name: {"summary": describe(entry), "options": list(options_model(entry).model_fields)}
        for name, entry in table.items()
    }
    if as_json:
        json.dump(rows, sys.stdout, indent=2)
        print()
        return
    shown = Table(show_header=False, box=None, pad_edge=False)
    shown.add_column(style="bold", no_wrap=True, min_width=max(map(len, rows)))
    shown.add_column(no_wrap=True, overflow="ellipsis")
    for name, row in rows.items():
        shown.add_row(name, str(row["summary"]))
    # What was asked for, hence on stdout; and whole where no terminal sets a width.
    Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(shown)


def print_schema() -> None:
    print(schema_text(), end="")


def schema_text() -> str:
    """The committed `experiments/schema.json`, byte for byte."""
    return json.dumps(experiment_schema(TABLES), indent=2, ensure_ascii=False) + "\n"

"""`harness ls` and `harness schema`: what there is, and how it is written."""

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from rich.console import Console
from rich.table import Table
from torch import nn

from harness.catalog import TABLES
from harness.config import experiment_schema
from harness.errors import ConfigError, UnknownNameError
from harness.networks import Pair
from harness.options import describe, options_model
from harness.registry import Registry, did_you_mean

KINDS = {
    "datasets": "dataset",
    "networks": "network",
    "losses": "loss",
    "penalties": "penalties",
    "augmentations": "augmentations",
    "extractors": "evaluation.features",
    "protocols": "evaluation.protocol",
    "metrics": "evaluation.metrics",
    "diagnostics": "evaluation.diagnostics",
    "figures": "figures",
    "samplers": "search.sampler",
    "pruners": "search.pruner",
    "spaces": "search_space",
}

SHAPES = ((1, 28, 28), (3, 32, 32), (1, 1, 2))
"""Of MNIST, of CIFAR-10, of points in the plane: a network is counted at the first of them that it draws."""

Row = dict[str, Any]


def list_entries(kind: str, *, as_json: bool) -> None:
    """One line an entry, its name and what it is, of a network also its size; as JSON also its options."""
    if kind not in KINDS:
        raise UnknownNameError(f"unknown kind `{kind}`{did_you_mean(kind, list(KINDS))}")
    table: Registry[Any] = TABLES[KINDS[kind]]
    rows: dict[str, Row] = {
        name: {"summary": describe(entry), "options": list(options_model(entry).model_fields)}
        for name, entry in table.items()
    }
    if kind == "networks":
        rows = {name: row | size_of(table[name]) for name, row in rows.items()}
    if as_json:
        json.dump(rows, sys.stdout, indent=2)
        print()
        return
    # What was asked for, hence on stdout; and whole where no terminal sets a width.
    show(rows, Console(highlight=False, width=None if sys.stdout.isatty() else 200))


def show(rows: Mapping[str, Row], console: Console) -> None:
    """A line a row. Where the terminal is narrow, only the summary gives way."""
    sized = any("shape" in row for row in rows.values())
    shown = Table(box=None, pad_edge=False, show_header=sized, expand=console.is_terminal)
    shown.add_column(style="bold")
    if sized:
        shown.add_column("G", justify="right")
        shown.add_column("D", justify="right")
        shown.add_column("at")
        shown.caption = "G, D: parameters by default, at images of channels×height×width"
        shown.caption_justify = "left"
    shown.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for name, row in rows.items():
        shown.add_row(name, *(_size_cells(row) if sized else ()), row["summary"])
    console.print(shown)


def size_of(network: Callable[..., Pair]) -> Row:
    """Parameters of `network` with default options, at the first of SHAPES that it draws."""
    for shape in SHAPES:
        with suppress(ConfigError):
            pair = network(shape)
            return {
                "shape": shape,
                "generator_parameters": _count(pair.generator),
                "discriminator_parameters": _count(pair.discriminator),
            }
    raise ConfigError(f"{network.__name__} draws none of {SHAPES}")


def _size_cells(row: Row) -> tuple[str, ...]:
    counts = (f"{row[key]:,}" for key in ("generator_parameters", "discriminator_parameters"))
    return (*counts, "×".join(map(str, row["shape"])))


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def print_schema() -> None:
    print(schema_text(), end="")


def schema_text() -> str:
    """The committed `experiments/schema.json`, byte for byte."""
    return json.dumps(experiment_schema(TABLES), indent=2, ensure_ascii=False) + "\n"

"""From an experiment file and the command line to the cells that will be trained."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from harness.config.complete import OF_THE_WHOLE, Tables, completed
from harness.config.evaluation import NamedProtocol
from harness.config.matrix import refuse_changed_axes, unfolded
from harness.config.models import OF_THE_EXPERIMENT, Cell, Experiment, ExperimentFile, Setup
from harness.config.overrides import overridden, parsed, stacked
from harness.config.problems import described
from harness.config.reading import read
from harness.config.tree import Node, merged, plain
from harness.errors import ConfigError

MAX_LINES = 5  # of errors: more are rarely read, and the first often causes the rest
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Loaded:
    """What was asked for. `cells` is ordered by variant, as in the file, then by seed.

    `experiment` has its matrix unfolded into variants, and the overrides in its base and, where a variant
    would undo one, in that variant: written as YAML and loaded again it gives the same cells.
    """

    experiment: Experiment
    cells: tuple[Cell, ...]
    path: Path


def load(path: str | Path, overrides: Sequence[str] = (), tables: Tables = MappingProxyType({})) -> Loaded:
    """Reads, overrides, checks and completes an experiment.

    `tables` maps a place of parts ("network", "evaluation.metrics", ...) to its Registry; parts of places
    without a table are taken as they are. Raises ConfigError with up to five lines, each with its place.
    """
    changes = parsed(overrides)
    tree = _mapping(read(path))
    refuse_changed_axes(tree, changes)
    tree = overridden(unfolded(tree), changes)
    top = _children(tree)
    variants: dict[str, Node] = {}
    if "variants" in top and isinstance(top["variants"].value, dict):
        variants = {name: _variant(node, changes) for name, node in top["variants"].value.items()}
        top = {**top, "variants": replace(top["variants"], value=variants)}
    experiment = _validated(Experiment, replace(tree, value=top), ExperimentFile)

    base = replace(tree, value={key: node for key, node in top.items() if key not in OF_THE_EXPERIMENT})
    of_whole = {place: table for place, table in tables.items() if place in OF_THE_WHOLE}
    of_cells = {place: table for place, table in tables.items() if place not in OF_THE_WHOLE}
    experiment, problems = completed(experiment, tree, of_whole)
    setups: dict[str, Setup] = {}
    for name, variant in (variants or {"base": Node({})}).items():
        resolved = merged(base, variant)
        try:
            setups[name], found = completed(_validated(Setup, resolved), resolved, of_cells)
            problems += found
        except ConfigError as error:
            problems += str(error).split("\n")
    _refuse(problems)
    return Loaded(experiment, tuple(_cells(experiment, setups)), Path(path))


def load_cell(path: str | Path) -> Cell:
    """The cell of a run, from the `config.yaml` that `to_yaml` wrote into its directory."""
    return _validated(Cell, _mapping(read(path)))


def load_protocol(path: str | Path) -> NamedProtocol:
    """A protocol of the user's own, from a YAML file of one."""
    return _validated(NamedProtocol, _mapping(read(path), "a protocol file"))


def _cells(experiment: Experiment, setups: Mapping[str, Setup]) -> Iterator[Cell]:
    for name, setup in setups.items():
        parts = {field: getattr(setup, field) for field in Setup.model_fields}
        for seed in experiment.seeds:
            yield Cell(experiment=experiment.name, variant=name, seed=seed, **parts)


def _mapping(node: Node, what: str = "an experiment file") -> Node:
    if not isinstance(node.value, dict):
        raise ConfigError(f"{node.place}: {what} is a mapping, `key: value` on each line")
    return node


def _children(node: Node) -> dict[str, Node]:
    return _mapping(node).value  # type: ignore[return-value]


def _variant(node: Node, overrides: Sequence[Node]) -> Node:
    if not isinstance(node.value, dict):
        return node  # left to the model, which says what it should be
    for key, child in node.value.items():
        if (first := key.partition(".")[0]) in OF_THE_EXPERIMENT:
            raise ConfigError(
                f"{child.place}: `{first}` cannot be inside a variant: it is of the whole experiment"
            )
    return stacked(node, overrides)


def _validated(model: type[M], tree: Node, written: type[BaseModel] | None = None) -> M:
    """`tree` as a `model`; messages tell the keys of `written`, where a person may write others."""
    try:
        return model.model_validate_json(json.dumps(plain(tree)))
    except ValidationError as error:
        _refuse(described(error, tree, written or model))
        raise


def _line_number(problem: str) -> int:
    found = re.match(r"[^`]*?:(\d+): ", problem)  # no backtick: an override, which comes first
    return int(found[1]) if found else 0


def _refuse(problems: Sequence[str]) -> None:
    # Variants share the base, and with it its mistakes.
    lines = sorted(dict.fromkeys(problems), key=_line_number)
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], f"... and {len(lines) - MAX_LINES} more"]
    if lines:
        raise ConfigError("\n".join(lines))

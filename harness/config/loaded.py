"""An experiment that was read: its cells, what of it is searched, and its configuration at any point."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.config.complete import OF_THE_WHOLE, SPACES, Tables, completed
from harness.config.models import Cell, Experiment, Setup
from harness.config.problems import refuse, validated
from harness.config.space import Parameter, Space
from harness.config.space_reading import required, space_of
from harness.config.tree import Node, leaves, locate, merged, noted, within
from harness.errors import ConfigError
from harness.registry import did_you_mean

_NO_SPACE = (
    "there is no search_space; add one, as in `search_space: {training.learning_rate: {log_uniform: [1e-5, "
    "1e-2]}}`, or name a preset of `harness ls spaces`"
)


@dataclass(frozen=True)
class Variant:
    """One of an experiment: its part of the file laid over the base, and the configuration that this is."""

    tree: Node
    setup: Setup


@dataclass(frozen=True)
class Loaded:
    """What was asked for. `cells` is ordered by variant, as in the file, then by seed.

    `experiment` has its matrix unfolded into variants, and the overrides in its base and, where a variant
    would undo one, in that variant: written as YAML and loaded again it gives the same cells and spaces.
    """

    experiment: Experiment
    cells: tuple[Cell, ...]
    path: Path
    # Kept from reading, so that a point of the space takes no reading:
    variants: Mapping[str, Variant] = field(repr=False, compare=False)
    written_space: Node | None = field(repr=False, compare=False)
    overrides: Sequence[Node] = field(repr=False, compare=False)
    tables: Tables = field(repr=False, compare=False)

    def space(self, variant: str) -> Space:
        """What is searched for `variant`; a preset may depend on it. Raises ConfigError, up to five lines."""
        setup = self._variant(variant).setup
        if self.written_space is None or not self.written_space.value:
            raise ConfigError(f"{self.path}: {_NO_SPACE}")
        space = space_of(self.written_space, self.tables.get(SPACES), setup)
        if not space.parameters:
            raise ConfigError(f"{self.written_space.place}: {_NO_SPACE}")
        _refuse_undone(self.overrides, space)
        return space

    def changed(self, variant: str, changes: Mapping[str, Any]) -> Setup:
        """The configuration of `variant` with plain values by key laid over it, checked and completed.

        Raises ConfigError, up to five lines, which name the keys and their values.
        """
        found = self._variant(variant)
        tree = found.tree
        nodes: dict[str, Node] = {}
        for key, value in changes.items():
            nodes[key] = noted(value, Node(None, f"search_space.{key} = {_shown(value)}"))
            if any(step.isdecimal() for step in key.split(".")):
                tree = _with_list(tree, found.setup.model_dump(mode="json"), key.split("."))
        try:
            tree = merged(tree, Node({**nodes}))
            setup, problems = completed(validated(Setup, tree), tree, self._of_cells())
            refuse(problems)
        except ConfigError as error:
            raise ConfigError(_naming([node.where for node in nodes.values()], str(error))) from error
        return setup

    def _of_cells(self) -> Tables:
        return {place: table for place, table in self.tables.items() if place not in OF_THE_WHOLE}

    def _variant(self, name: str) -> Variant:
        if name not in self.variants:
            raise ConfigError(f"{self.path}: no variant `{name}`{did_you_mean(name, self.variants)}")
        return self.variants[name]


def check_space(loaded: Loaded, variant: str) -> None:
    """Tries every end of every range, and every choice, before the first trial does.

    What is tried are points of the space: each parameter at all its ends, under each choice that it depends
    on, all others at their first. Raises ConfigError, up to five lines, each with a key and its value.
    """
    space = loaded.space(variant)
    by_key = {parameter.key: parameter for parameter in space.parameters}
    problems: list[str] = []
    for parameter in space.parameters:
        for conditions in _conditions(required(parameter, by_key)):
            for value in parameter.ends:
                point = _completed(space, {**conditions, parameter.key: value})
                try:
                    loaded.changed(variant, space.changes(point))
                except ConfigError as error:
                    found = [
                        _at_its_line(line, loaded.written_space, by_key) for line in str(error).split("\n")
                    ]
                    # What is wrong with a key is wrong at both its ends: once will do.
                    known = {line.partition(f"{parameter.key} = ")[2].partition(": ")[2] for line in problems}
                    problems += [line for line in found if line.rpartition(": ")[2] not in known]
    refuse([line for line in problems if not line.startswith("... ")])


def _conditions(labels: Mapping[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    """Each label at least once, all others at their first."""
    first: dict[str, Any] = {key: values[0] for key, values in labels.items()}
    return [first, *({**first, key: label} for key, values in labels.items() for label in values[1:])]


def _completed(space: Space, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """A whole point of the space with `fixed` in it."""
    point: dict[str, Any] = dict(fixed)
    for parameter in space.parameters:
        if parameter.key not in point and space.active(parameter, point):
            point[parameter.key] = parameter.ends[0]
    return point


def _at_its_line(problem: str, space: Node | None, by_key: Mapping[str, Parameter]) -> str:
    key = problem.removeprefix("search_space.").partition(" = ")[0]
    if space is None or key not in by_key:
        return problem
    return f"{locate(space, (key,))}: {problem}"


def _refuse_undone(overrides: Sequence[Node], space: Space) -> None:
    set_by_hand = [leaf for change in overrides for leaf in leaves(change)]
    for parameter, (path, node) in itertools.product(space.parameters, set_by_hand):
        if within(path, tuple(parameter.key.split("."))):
            raise ConfigError(
                f"{node.place}: `{parameter.key}` is searched, which would undo this; leave it out, or "
                f"change the search: search_space.{parameter.key}={{...}}"
            )


def _with_list(tree: Node, defaults: Any, path: Sequence[str]) -> Node:
    """`tree` with the list in it whose item `path` names, where the file leaves that list at its default."""
    first, *rest = path
    if isinstance(tree.value, str):
        tree = replace(tree, value={"name": tree})
    if not (rest and isinstance(tree.value, dict) and isinstance(defaults, dict) and first in defaults):
        return tree
    child, default = tree.value.get(first), defaults[first]
    if child is None and isinstance(default, list):
        child = noted(default, tree)
    elif isinstance(default, dict):
        child = _with_list(child or replace(tree, value={}), default, rest)
    return tree if child is None else replace(tree, value={**tree.value, first: child})


def _naming(changes: Sequence[str], problems: str) -> str:
    """Each line with the changes behind it, where it is of none of them alone."""
    beside = f" (with {', '.join(changes)})" if changes else ""
    lines = problems.split("\n")
    return "\n".join(line if line.startswith((*changes, "... ")) else line + beside for line in lines)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."

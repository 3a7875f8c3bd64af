"""A configuration as a tree in which every value remembers where it was written, and how two are merged."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.errors import ConfigError

Scalar = str | int | float | bool | None
Path = tuple[str | int, ...]

MAX_STEPS = 16  # in a dotted key: far more than any option needs, few enough to recurse over


@dataclass(frozen=True)
class Node:
    """One value, with the place that a message about it should name.

    `where` is `line 12` (the line of the key, where the value has one) or "override `training.steps=2000`";
    `file` is the file as the person called it, empty for an override. `text` is a scalar as it was written:
    `1e-3`, whose value is 0.001.
    """

    value: "Scalar | list[Node] | dict[str, Node]"
    where: str = "line 1"
    file: str = ""
    text: str = ""

    @property
    def place(self) -> str:
        """What an error message starts with: `experiments/x.yaml:12`, or the override."""
        return f"{self.file}:{self.where.removeprefix('line ')}" if self.file else self.where


def plain(node: Node) -> Any:
    """The tree as ordinary Python values, places forgotten."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def noted(value: Any, at: Node) -> Node:
    """Ordinary Python values as a tree, all of it written where `at` is."""
    if isinstance(value, Mapping):
        return replace(at, value={str(key): noted(child, at) for key, child in value.items()}, text="")
    if isinstance(value, list | tuple):
        return replace(at, value=[noted(child, at) for child in value], text="")
    return replace(at, value=value, text=value if isinstance(value, str) else json.dumps(value, default=str))


def nearest(node: Node, path: Sequence[str | int]) -> tuple[Node, Path]:
    """The deepest existing node on the way along `path`, and the part of `path` that leads there.

    Steps that do not exist are skipped where a later one does: validators put names of their own in between.
    """
    found: list[str | int] = []
    for step in path:
        if isinstance(node.value, dict) and step in node.value:
            node = node.value[str(step)]
        elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        else:
            continue
        found.append(step)
    return node, tuple(found)


def locate(node: Node, path: Sequence[str | int]) -> str:
    """The place of the value at `path`, or of its nearest ancestor that exists."""
    return nearest(node, path)[0].place


def json_problems(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Everything in `value` that a JSON document cannot hold, as (path, what is wrong)."""
    if isinstance(value, dict):
        for key, child in value.items():
            if not isinstance(key, str):
                yield path, f"has the key {key!r}, which is not text"
            yield from json_problems(child, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, child in enumerate(value):
            yield from json_problems(child, (*path, index))
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, f"must be a finite number, not {value}"
    elif value is not None and not isinstance(value, str | int | float | bool):
        yield path, f"must be plain data, not {type(value).__name__}"


def merged(base: Node, changes: Node) -> Node:
    """`base` with the values of `changes` in place of its own; mappings merge, all else is replaced.

    A key of `changes` may be a path (`training.steps`, `penalties.0.weight`). Whatever their order, short
    paths are applied before long ones: `network.latent.size` refines `network`. Two mappings with different
    `name`s are two different parts, whose options do not mix: the new one replaces the old one. A part
    written as a bare string becomes `{name: string}` when something inside it changes. The root is no part:
    an experiment's `name` is only a label.
    """
    return _laid(base, changes, is_root=True)


def leaves(changes: Node, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every value that a mapping of changes sets, with its path, in the order in which they apply."""
    if isinstance(changes.value, dict) and (changes.value or not before):
        for path, child in _ordered(changes.value):
            yield from leaves(child, before + path)
    else:
        yield before, changes


def rank(path: Sequence[str]) -> int:
    """Changes of low rank apply first. Naming a part replaces it, so `network.name` ranks with `network`."""
    return len(path) - (path[-1] == "name")


def _ordered(changes: dict[str, Node]) -> list[tuple[tuple[str, ...], Node]]:
    pairs = [(split_key(key, child), child) for key, child in changes.items()]
    return sorted(pairs, key=lambda pair: rank(pair[0]))


def split_key(key: str, child: Node) -> tuple[str, ...]:
    """The steps of a dotted key whose value is `child`. Raises ConfigError where that is no key."""
    path = tuple(key.split("."))
    if not all(path) or len(path) > MAX_STEPS:
        raise ConfigError(f"{child.place}: `{key[:80]}` is not a key; write it like `training.steps`")
    return path


def within(path: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    """Whether `path` is `outer` or leads to something in it."""
    return path[: len(outer)] == outer


def _laid(base: Node, changes: Node, is_root: bool = False) -> Node:
    if not isinstance(changes.value, dict):
        return changes
    if not changes.value and base.value is not None:
        return base
    if isinstance(base.value, list) and all(key.partition(".")[0].isdecimal() for key in changes.value):
        return _items(base, base.value, changes.value)
    if isinstance(base.value, str):
        base = replace(base, value={"name": base})
    elif not isinstance(base.value, dict):
        base = replace(changes, value={})
    assert isinstance(base.value, dict)
    inside = base.value
    for (first, *rest), child in _ordered(changes.value):
        old = inside.get(first)
        if first == "name" and not is_root and old is not None and old.value != child.value:
            base, inside, old = changes, {}, None
        inside = {**inside, first: _laid(old or replace(child, value=None), _nested(rest, child))}
    return replace(base, value=inside)


def _items(base: Node, items: list[Node], changes: dict[str, Node]) -> Node:
    items = list(items)
    for (first, *rest), child in _ordered(changes):
        index = int(first)
        if index >= len(items):
            raise ConfigError(f"{child.place}: no item {index}: the list has {len(items)}, counted from 0")
        items[index] = _laid(items[index], _nested(rest, child))
    return replace(base, value=items)


def _nested(path: Sequence[str], child: Node) -> Node:
    for step in reversed(path):
        child = replace(child, value={step: child})
    return child

"""`search_space` of a file, or of a preset with a name, as a Space."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.config.complete import SPACES
from harness.config.models import Setup
from harness.config.problems import collected, refuse
from harness.config.space import Parameter, Space
from harness.config.space_entry import PRESET, read_parameter
from harness.config.tree import Node, json_problems, noted, within
from harness.errors import ConfigError, HarnessError, one_line
from harness.registry import Registry, did_you_mean


def entries(node: Node) -> tuple[Node | None, dict[str, Node]]:
    """The preset that a `search_space` names, if it does, and its own entries by key."""
    if not isinstance(node.value, dict):
        return (node if isinstance(node.value, str) else None), {}
    own = dict(node.value)
    return own.pop(PRESET, None), own


def overridden_space(space: Node | None, changes: Sequence[Node]) -> Node | None:
    """A `search_space` with those of the command line's overrides in it that are of it.

    `search_space=compare_gan` replaces all of it, `search_space.loss={choice: [...]}` one entry, whose key is
    not a path into a mapping as everywhere else.
    """
    for change in changes:
        assert isinstance(change.value, dict)
        ((path, node),) = change.value.items()
        first, _, key = path.partition(".")
        if first != SPACES:
            continue
        if not key:
            space = node
            continue
        preset, own = entries(space) if space else (None, {})
        whole = {**({PRESET: preset} if preset else {}), **own, key: node}
        space = replace(change, value=whole)
    return space


def canonical(node: Node) -> Node:
    """`node` with every choice under its label, so that it is the same space when written and read again.

    Raises ConfigError with the lines of all entries that are wrong by themselves.
    """
    if not isinstance(node.value, dict):
        return node
    preset, own = entries(node)
    problems: list[str] = []
    if preset is not None and not isinstance(preset.value, str):
        problems.append(f"{preset.place}: search_space.{PRESET} must be the name of a preset")
    found = {} if preset is None else {PRESET: preset}
    for key, entry in own.items():
        found[key] = entry
        if entry.value is None and preset is not None:
            continue
        with collected(problems):
            found[key] = noted(read_parameter(key, entry).written(), entry)
    refuse(problems)
    return replace(node, value=found)


def space_of(node: Node, table: Registry[Any] | None, setup: Setup) -> Space:
    """The space that `node` writes down, for the configuration `setup` if a preset depends on it.

    Entries beside a preset replace its own, and null leaves one out. Raises ConfigError, up to five lines.
    """
    found = _with_preset(node, table, setup)
    problems: list[str] = []
    parameters: dict[str, Parameter] = {}
    for key, entry in found.items():
        with collected(problems):
            parameters[key] = read_parameter(key, entry)
    refuse(problems)
    for key, parameter in parameters.items():
        with collected(problems):
            _refuse_conditions(parameter, parameters, found[key])
    refuse(problems)
    order = _ordered(parameters, found)
    for parameter in order:
        with collected(problems):
            _refuse_contradictions(parameter, parameters, found[parameter.key])
    for inner, outer in itertools.permutations(order, 2):
        with collected(problems):
            _refuse_replaced(inner, outer, parameters, found[inner.key])
    refuse(problems)
    return Space(tuple(order))


def _with_preset(node: Node, table: Registry[Any] | None, setup: Setup) -> dict[str, Node]:
    preset, own = entries(node)
    if preset is None:
        return own
    found = _preset(preset, table, setup)
    for key, entry in own.items():
        if entry.value is not None:
            found[key] = entry
        elif key in found:
            del found[key]
        else:
            near = did_you_mean(key, found)
            raise ConfigError(f"{entry.place}: preset `{preset.value}` has no `{key}` to leave out{near}")
    return found


def required(parameter: Parameter, parameters: Mapping[str, Parameter]) -> dict[str, tuple[str, ...]]:
    """The choices that were made wherever `parameter` exists: those it depends on, and those they do."""
    found: dict[str, tuple[str, ...]] = {}
    waiting = [parameter]
    while waiting:
        for key, labels in waiting.pop().when.items():
            if key not in found:
                waiting.append(parameters[key])
            found[key] = tuple(label for label in found.get(key, labels) if label in labels)
    return found


def _preset(name: Node, table: Registry[Any] | None, setup: Setup) -> dict[str, Node]:
    if table is None:
        raise ConfigError(f"{name.place}: no presets are known")
    where = f"{name.place}: {table.kind} `{name.value}`"
    try:
        written = table.resolve(str(name.value))(setup)
    except HarnessError as error:
        raise ConfigError(f"{name.place}: {error}") from error
    except Exception as error:
        if name.value in table:  # harness's own mistake, which deserves its traceback
            raise
        raise ConfigError(f"{where} cannot be used: {one_line(error)}") from error
    if not isinstance(written, Mapping):
        raise ConfigError(f"{where} gives no mapping from keys to what is searched")
    for path, problem in json_problems(dict(written)):
        raise ConfigError(f"{where}: {'.'.join(map(str, path))} {problem}")
    return {key: noted(entry, Node(None, where)) for key, entry in written.items()}


def _refuse_conditions(parameter: Parameter, parameters: Mapping[str, Parameter], entry: Node) -> None:
    start = f"{entry.place}: search_space.{parameter.key}.when"
    choices = [key for key, other in parameters.items() if other.kind == "choice" and other is not parameter]
    for key, labels in parameter.when.items():
        if key not in parameters:
            raise ConfigError(f"{start}: `{key}` is not searched{_known(key, choices)}")
        if parameters[key].kind != "choice":
            raise ConfigError(f"{start}: `{key}` is no choice{_known(key, choices)}")
        for label in labels:
            if label not in parameters[key].choices:
                near = did_you_mean(label, parameters[key].choices)
                raise ConfigError(f"{start}: `{key}` has no choice `{label}`{near}")


def _known(key: str, choices: Sequence[str]) -> str:
    return did_you_mean(key, choices) if choices else "; no other key is a choice"


def _ordered(parameters: Mapping[str, Parameter], found: Mapping[str, Node]) -> list[Parameter]:
    """As in the file, but for what depends on a later choice, which comes after it."""
    order: dict[str, Parameter] = {}
    waiting = dict(parameters)
    while waiting:
        ready = next((one for one in waiting.values() if order.keys() >= one.when.keys()), None)
        if ready is None:
            names = ", ".join(f"`{key}`" for key in waiting)
            place = found[next(iter(waiting))].place
            raise ConfigError(f"{place}: search_space has conditions that go round in a circle: {names}")
        order[ready.key] = waiting.pop(ready.key)
    return list(order.values())


def _refuse_contradictions(parameter: Parameter, parameters: Mapping[str, Parameter], entry: Node) -> None:
    for key, labels in required(parameter, parameters).items():
        if not labels:
            raise ConfigError(
                f"{entry.place}: search_space.{parameter.key} is never searched: its conditions leave no "
                f"choice of `{key}`"
            )


def _refuse_replaced(
    inner: Parameter, outer: Parameter, parameters: Mapping[str, Parameter], entry: Node
) -> None:
    path, around = tuple(inner.key.split(".")), tuple(outer.key.split("."))
    if within(path, around) and outer.key not in required(inner, parameters):
        raise ConfigError(
            f"{entry.place}: search_space.{inner.key} is inside search_space.{outer.key}; say with which "
            f"choice it is there: when: {{{outer.key}: [...]}}"
        )

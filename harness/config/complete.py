"""Parts looked up in their tables: names resolved, options checked, defaults written out."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from harness.config.evaluation import PROTOCOL_FIXES, Evaluation, NamedProtocol
from harness.config.models import Setup
from harness.config.parts import Part
from harness.config.problems import described
from harness.config.tree import Node, Path, locate
from harness.errors import HarnessError, UnknownNameError, one_line
from harness.options import options_model
from harness.registry import Registry

OF_THE_WHOLE = ("figures", "search.sampler", "search.pruner")
PROTOCOL = "evaluation.protocol"
SPACES = "search_space"
NAMES = (PROTOCOL, SPACES)
"""Places where a table's entry is named that is no part: it stands for other keys, and has no options."""
PLACES = (
    *("dataset", "network", "loss", "penalties", "augmentations"),
    *("evaluation.features", "evaluation.metrics", "evaluation.diagnostics"),
    *OF_THE_WHOLE,
)
"""Where an experiment names parts; those OF_THE_WHOLE belong to the experiment, all others to each cell."""

Tables = Mapping[str, Registry[Any]]
S = TypeVar("S", bound=Setup)


def completed(setup: S, tree: Node, tables: Tables) -> tuple[S, list[str]]:
    """`setup` with all defaults of its parts' options filled in, and a line for each thing that is wrong."""
    if unknown := set(tables) - {*PLACES, *NAMES}:
        raise ValueError(f"not places of parts: {sorted(unknown)}; there are: {', '.join(PLACES)}")
    problems: list[str] = []
    if PROTOCOL in tables:
        setup = setup.model_copy(
            update={"evaluation": _expanded(setup.evaluation, tree, tables[PROTOCOL], problems)}
        )
    done: dict[str, dict[str, Any]] = {}  # by section; "" is the setup itself
    for place, table in tables.items():
        if place in NAMES:
            continue
        section, _, key = place.rpartition(".")
        value = getattr(getattr(setup, section) if section else setup, key)
        path = tuple(place.split("."))
        if isinstance(value, Part):
            whole: Any = _completed(value, path, tree, table, problems)
        else:
            whole = tuple(
                _completed(part, (*path, index), tree, table, problems) for index, part in enumerate(value)
            )
        done.setdefault(section, {})[key] = whole
    outer = done.pop("", {})
    for section, inner in done.items():
        outer[section] = getattr(setup, section).model_copy(update=inner)
    return setup.model_copy(update=outer), problems


def _expanded(evaluation: Evaluation, tree: Node, table: Registry[Any], problems: list[str]) -> Evaluation:
    """`evaluation` with all that its named protocol decides written out; as it is where it names none."""
    if evaluation.protocol is None:
        return evaluation
    place = locate(tree, ("evaluation", "protocol"))
    for key in PROTOCOL_FIXES:
        where = locate(tree, ("evaluation", key))
        if _is_given(tree, key):
            problems.append(
                f"{where}: evaluation.{key} is decided by protocol `{evaluation.protocol}`: leave out one of"
                " the two"
            )
    try:
        named: NamedProtocol = table.resolve(evaluation.protocol)()
    except HarnessError as error:
        problems.append(f"{place}: {error}")
        return evaluation
    return evaluation.model_copy(update={key: getattr(named, key) for key in PROTOCOL_FIXES})


def _is_given(tree: Node, key: str) -> bool:
    section = tree.value.get("evaluation") if isinstance(tree.value, dict) else None
    return isinstance(section, Node) and isinstance(section.value, dict) and key in section.value


def _completed(part: Part, path: Path, tree: Node, table: Registry[Any], problems: list[str]) -> Part:
    place = locate(tree, (*path, "name"))
    try:
        model = options_model(table.resolve(part.name))
    except UnknownNameError as error:
        problems.append(f"{place}: {error}")
        return part
    except Exception as error:
        if part.name in table:  # harness's own mistake, which deserves its traceback
            raise
        reason = one_line(error)
        problems.append(f"{place}: {table.kind} `{part.name}` cannot be used: {reason}")
        return part
    try:
        # As JSON: strict validation of JSON takes a list where a tuple is meant, and is strict in all else.
        options = model.model_validate_json(json.dumps(part.options))
    except ValidationError as error:
        problems += described(error, tree, model, path)
        return part
    return Part(name=part.name, options=options.model_dump(mode="json"))

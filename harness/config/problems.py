"""What pydantic found wrong, one line each: the place, the key, what it must be, what it is, the way out."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from harness.config.parts import SAFE_NAME, Part
from harness.config.tree import Node, Path, locate, nearest, plain
from harness.errors import ConfigError
from harness.registry import did_you_mean

# Raised by the models, worded to follow the key's name.
_OWN = ("not_json", "part_type", "space_type", "twice", "half", "unused", "pack", "gate")
_MUST_BE = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "none_required": "null",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dataclass_type": "a mapping",
    "greater_than_equal": "at least {ge}",
    "greater_than": "greater than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_too_short": "at least {min_length} characters long",
    "string_too_long": "at most {max_length} characters long",
}
_NAME = "letters, digits, `_`, `-` and single `.`, not starting with `-` or `.`"


MAX_LINES = 5  # of errors: more are rarely read, and the first often causes the rest
M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], tree: Node, written: type[BaseModel] | None = None) -> M:
    """`tree` as a `model`; messages tell the keys of `written`, where a person may write others."""
    try:
        return model.model_validate_json(json.dumps(plain(tree)))
    except ValidationError as error:
        refuse(described(error, tree, written or model))
        raise


def refuse(problems: Sequence[str]) -> None:
    """ConfigError where there are any, each once, in the order of the file."""
    # Variants share the base, and with it its mistakes.
    lines = sorted(dict.fromkeys(problems), key=_line_number)
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], f"... and {len(lines) - MAX_LINES} more"]
    if lines:
        raise ConfigError("\n".join(lines))


@contextmanager
def collected(problems: list[str]) -> Iterator[None]:
    """Adds the lines of a ConfigError to `problems`, and goes on."""
    try:
        yield
    except ConfigError as error:
        problems += str(error).split("\n")


def _line_number(problem: str) -> int:
    found = re.match(r"[^`]*?:(\d+): ", problem)  # no backtick: an override, which comes first
    return int(found[1]) if found else 0


def described(error: ValidationError, tree: Node, model: type[BaseModel], path: Path = ()) -> list[str]:
    """One line for each thing that is wrong with `tree` at `path`, which was validated as `model`."""
    lines: dict[str, None] = {}
    # The members of a union each say what they would have taken.
    wanted: dict[tuple[str, str], list[str]] = {}
    for detail in error.errors(include_url=False):
        loc = (*path, *detail["loc"], *detail.get("ctx", {}).get("path", ()))
        kind = detail["type"]
        if kind == "extra_forbidden":
            lines[_unknown_key(loc, tree, model, path)] = None
        elif kind == "missing" and isinstance(loc[-1], str):
            lines[f"{locate(tree, loc[:-1])}: missing key `{loc[-1]}`{_inside(loc[:-1], tree)}"] = None
        else:
            start = f"{locate(tree, loc)}: {_subject(loc, tree)}"
            if what := _must_be(detail):
                wanted.setdefault((start, _not(detail)), []).append(what)
            else:
                lines[f"{start} {_otherwise(detail, loc)}"] = None
    for (start, ending), whats in wanted.items():
        lines[f"{start} must be {' or '.join(dict.fromkeys(whats))}, not {ending}"] = None
    return list(lines)


def _unknown_key(loc: Path, tree: Node, model: type[BaseModel], path: Path) -> str:
    key, outer = str(loc[-1]), nearest(tree, loc[:-1])[1]
    start = f"{locate(tree, loc)}: unknown key `{key}`{_inside(outer, tree)}"
    owner = _model_at(model, outer[len(path) :])
    if owner is None:
        return start
    for section, field in owner.model_fields.items():
        inner = _model_at(field.annotation, ())
        if inner and inner is not Part and key in inner.model_fields:
            return f"{start}; did you mean `{section}.{key}`?"
    known = list(owner.model_fields)
    return start + (did_you_mean(key, known) if known else "; it takes no options")


def _must_be(detail: ErrorDetails) -> str | None:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in ("literal_error", "enum"):
        return "one of " + str(context["expected"]).replace("'", "`").replace(" or ", ", ")
    if kind == "string_pattern_mismatch":
        return _NAME if context["pattern"] == SAFE_NAME else f"text that matches {context['pattern']}"
    if template := _MUST_BE.get(kind):
        numbers = {key: f"{limit:g}" for key, limit in context.items() if isinstance(limit, float)}
        return template.format_map({**context, **numbers})
    return None


def _not(detail: ErrorDetails) -> str:
    """The value that was given, and how to write what was probably meant."""
    value = detail["input"]
    shown = json.dumps(value, ensure_ascii=False) if not isinstance(value, dict) else "a mapping"
    shown = shown if len(shown) <= 60 else f"{shown[:60]}..."
    return shown + _hint(detail, value, shown)


def _hint(detail: ErrorDetails, value: Any, shown: str) -> str:
    hint = ""
    match _MUST_BE.get(detail["type"]):
        case "an integer" if isinstance(value, float) and value.is_integer():
            hint = f"; write {int(value)}"
        case "text" if isinstance(value, int | float):
            hint = f'; quote it: "{shown}"'
        case "a list" if isinstance(value, str | int | float):
            hint = f"; write [{value if isinstance(value, str) else shown}]"
        case "a mapping" if value is None:
            hint = "; write {}"
        case "true or false" if str(value).lower() in ("yes", "on", "no", "off"):
            hint = f"; write {'true' if str(value).lower() in ('yes', 'on') else 'false'}"
    if detail["type"] == "literal_error" and isinstance(value, str):
        near = did_you_mean(value, re.findall("'(.*?)'", str(detail["ctx"]["expected"])))
        hint = near if "did you mean" in near else ""  # the list of all is in the message already
    return hint


def _otherwise(detail: ErrorDetails, loc: Path) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _OWN:
        return detail["msg"]
    if kind == "missing":
        return f"is too short: item {loc[-1]}, counted from 0, is missing"
    if kind in ("too_short", "too_long"):
        bound, limit = ("least", "min_length") if kind == "too_short" else ("most", "max_length")
        plural = "" if context[limit] == 1 else "s"
        return f"must have at {bound} {context[limit]} item{plural}, not {context['actual_length']}"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"cannot be: {message[:1].lower()}{message[1:]}"


def _subject(loc: Path, tree: Node) -> str:
    if loc and loc[-1] == "[key]":
        return f"the name `{loc[-2]}` in {_dotted(loc[:-2])}"
    return _dotted(nearest(tree, loc)[1]) or _dotted(loc) or "the experiment"


def _inside(path: Path, tree: Node) -> str:
    """` in training`, or " in network `mlp`" where the mapping is a part; nothing at the root."""
    node, found = nearest(tree, path)
    if not found:
        return ""
    name = node.value.get("name") if isinstance(node.value, Mapping) else node
    part = f" `{name.value}`" if name is not None and isinstance(name.value, str) else ""
    return f" in {_dotted(found)}{part}"


def _dotted(path: Path) -> str:
    return ".".join(str(step) for step in path)


def _model_at(annotation: Any, path: Path) -> type[BaseModel] | None:
    """The model that validates the mapping at `path` under `annotation`, if there is just a model."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not path:
            return annotation
        field = annotation.model_fields.get(str(path[0]))
        return _model_at(field.annotation, path[1:]) if field else None
    transparent = get_origin(annotation) in (Union, UnionType, Annotated)
    if not transparent and not path:
        return None
    for member in get_args(annotation):
        if found := _model_at(member, path if transparent else path[1:]):
            return found
    return None

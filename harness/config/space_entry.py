"""One entry of a `search_space`: a key, the values that it may have, and when it is searched at all."""

from collections.abc import Mapping
from decimal import Decimal, DecimalException
from sys import float_info
from typing import Any

from harness.config.labels import labelled
from harness.config.models import OF_THE_EXPERIMENT
from harness.config.space import Parameter
from harness.config.tree import Node, plain, split_key
from harness.errors import ConfigError
from harness.registry import did_you_mean

PRESET = "preset"
RANGES = ("uniform", "log_uniform", "int_uniform", "log_int_uniform")
_KINDS = (*RANGES, "choice")
_KNOWN = (*_KINDS, "step", "when")
_EXAMPLE = "`training.learning_rate: {log_uniform: [1e-5, 1e-2]}`"
_LABEL_THEM = "give all choices labels: {label: value}"


def read_parameter(key: str, entry: Node) -> Parameter:
    """`entry` as a Parameter. Raises ConfigError, one line with its place."""
    subject = f"search_space.{key}"
    if (first := split_key(key, entry)[0]) in OF_THE_EXPERIMENT:
        hint = f"; a preset is named by `{PRESET}`" if key == "name" else ""
        raise ConfigError(f"{entry.place}: `{first}` cannot be searched: it is of the whole experiment{hint}")
    if not isinstance(entry.value, dict):
        raise ConfigError(f"{entry.place}: {subject} must say how it is searched, as in {_EXAMPLE}")
    for inner, node in entry.value.items():
        if inner not in _KNOWN:
            dotted = f"; write the key with dots, as in {_EXAMPLE}" if isinstance(node.value, dict) else ""
            near = dotted or did_you_mean(inner, _KNOWN)
            raise ConfigError(f"{node.place}: unknown key `{inner}` in {subject}{near}")
    kinds = [kind for kind in _KINDS if kind in entry.value]
    if len(kinds) != 1:
        names = ", ".join(_KINDS)
        raise ConfigError(f"{entry.place}: {subject} must have exactly one of {names}, as in {_EXAMPLE}")
    kind, distribution = kinds[0], entry.value[kinds[0]]
    when = _when(subject, entry.value["when"]) if "when" in entry.value else {}
    step = entry.value.get("step")
    if step is not None and kind not in ("uniform", "int_uniform"):
        raise ConfigError(f"{step.place}: {subject}.step is for uniform and int_uniform, not for {kind}")
    if kind == "choice":
        return Parameter(key, "choice", choices=_choices(key, distribution), when=when)
    return _range(key, kind, distribution, step, when)


def _range(
    key: str, kind: str, node: Node, step_node: Node | None, when: Mapping[str, tuple[str, ...]]
) -> Parameter:
    subject = f"search_space.{key}.{kind}"
    if not isinstance(node.value, list) or len(node.value) != 2:
        raise ConfigError(f"{node.place}: {subject} must be [lowest, highest], as in {_EXAMPLE}")
    whole, log = "int" in kind, kind.startswith("log")
    low, high = (_number(subject, end, whole) for end in node.value)
    if low >= high:
        raise ConfigError(f"{node.place}: {subject} must be [lowest, highest], not [{low}, {high}]")
    if log and low <= 0:
        raise ConfigError(f"{node.place}: {subject} must be above 0, not {low}, to have logarithms")
    step = None if step_node is None else _step(f"search_space.{key}.step", step_node, low, high, whole)
    return Parameter(key, "int" if whole else "float", low, high, log=log, step=step, when=when)


def _step(subject: str, node: Node, low: float, high: float, whole: bool) -> int | float:
    step = _number(subject, node, whole)
    if step <= 0:
        raise ConfigError(f"{node.place}: {subject} must be above 0, not {step}")
    # In decimals, as they are written: 0.3 is three times 0.1.
    lowest, highest, each = (Decimal(str(number)) for number in (low, high, step))
    try:
        last = type(low)(lowest + (highest - lowest) // each * each)
    except DecimalException as error:
        raise ConfigError(f"{node.place}: {subject} must be larger than {step} for such a range") from error
    if last != high:
        way_out = f"end the range at {last}" if last > low else "make it smaller"
        raise ConfigError(f"{node.place}: {subject}: {step} does not lead from {low} to {high}; {way_out}")
    return step


def _number(subject: str, node: Node, whole: bool) -> int | float:
    value = node.value
    if whole:
        if type(value) is not int:
            hint = f"; write {int(value)}" if isinstance(value, float) and value.is_integer() else ""
            raise ConfigError(f"{node.place}: {subject} must be of integers, not {_shown(node)}{hint}")
        return value
    if type(value) not in (int, float) or not abs(value) <= float_info.max:  # type: ignore[arg-type]
        raise ConfigError(f"{node.place}: {subject} must be of finite numbers, not {_shown(node)}")
    return float(value)  # type: ignore[arg-type]


def _shown(node: Node) -> str:
    return "a mapping" if isinstance(node.value, dict) else f"`{node.text[:40]}`" if node.text else "a list"


def _choices(key: str, node: Node) -> dict[str, Any]:
    subject = f"search_space.{key}.choice"
    if isinstance(node.value, dict) and "name" in node.value:
        raise ConfigError(f"{node.place}: {subject} is one part; write a list of those to choose from")
    if not isinstance(node.value, list | dict) or len(node.value) < 2:
        raise ConfigError(
            f"{node.place}: {subject} must be a list of values or a mapping from label to value, with two at "
            "least; what has one value is no choice: write it in the configuration"
        )
    found: dict[str, Any] = {}
    for label, value in labelled(node.value):
        if not label:
            raise ConfigError(f"{value.place}: a value of {subject} has no name; {_LABEL_THEM}")
        if label == "name":  # written out, the choices would read as a part
            raise ConfigError(f"{value.place}: `name` in {subject} cannot be a label; {_LABEL_THEM}")
        if label in found:
            raise ConfigError(f"{value.place}: {subject} has `{label}` for the second time; {_LABEL_THEM}")
        found[label] = plain(value)
    return found


def _when(subject: str, node: Node) -> dict[str, tuple[str, ...]]:
    way_out = "must name another choice and its labels, as in `when: {loss: [hinge]}`"
    if not isinstance(node.value, dict) or not node.value:
        raise ConfigError(f"{node.place}: {subject}.when {way_out}")
    found: dict[str, tuple[str, ...]] = {}
    for key, labels in node.value.items():
        items = labels.value if isinstance(labels.value, list) else [labels]
        if not items or any(isinstance(item.value, list | dict) for item in items):
            raise ConfigError(f"{labels.place}: {subject}.when {way_out}")
        texts = (item.value if isinstance(item.value, str) else item.text for item in items)
        found[key] = tuple(dict.fromkeys(texts))
    return found

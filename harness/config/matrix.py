"""`matrix`: every combination of the values of several keys is a variant, without anybody writing it out."""

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.config.labels import labelled
from harness.config.models import OF_THE_EXPERIMENT
from harness.config.parts import MAX_VARIANT_NAME, SAFE_NAME
from harness.config.tree import Node, leaves, merged, split_key, within
from harness.errors import ConfigError
from harness.registry import did_you_mean

MAX_COMBINATIONS = 500  # more than a report can show, few enough to be written out and read again
_SAFE = re.compile(SAFE_NAME)
_EXAMPLE = "write it like `loss: [hinge, wasserstein]`"


def unfolded(tree: Node) -> Node:
    """An experiment with its `matrix` written out among its `variants`; as it is where it has none.

    An axis is a key of the configuration, dotted or not, with a list of values or a mapping from label to
    value. In a list, text is its own label, a part's is its name; numbers, true, false and null say of what
    they are, and stand as written: `learning_rate_1e-3`. A combination is named by its labels, joined by `-`
    in the order of the axes; the first axis varies slowest.

    A variant with the name of a combination is laid over it, and null leaves the combination out; all other
    variants come after the combinations. Raises ConfigError, one line with its place.
    """
    assert isinstance(tree.value, dict)
    top = dict(tree.value)
    if (matrix := top.pop("matrix", None)) is None:
        return tree
    combinations = _combinations(matrix)
    variants = top.get("variants", replace(matrix, value={}))
    if isinstance(variants.value, dict):  # anything else is left to the model, which says what it should be
        value = _beside(combinations, variants.value)
        if not value:
            raise ConfigError(f"{variants.place}: every combination of the matrix is left out; remove both")
        top["variants"] = replace(variants, value=value)
    return replace(tree, value=top)


def refuse_changed_axes(tree: Node, overrides: Sequence[Node]) -> None:
    """ConfigError for an override of what the matrix varies: the names of its variants would not be true."""
    matrix = tree.value.get("matrix") if isinstance(tree.value, dict) else None
    axes = matrix.value if matrix and isinstance(matrix.value, dict) else {}
    for key, override in itertools.product(axes, overrides):
        axis = tuple(key.split("."))
        for path, changed in leaves(override):
            if within(path, axis) or within(axis, path):
                raise ConfigError(f"{changed.place}: `{key}` is an axis of the matrix; change it in the file")


def _beside(combinations: dict[str, Node], variants: Mapping[str, Node]) -> dict[str, Node]:
    found = dict(combinations)
    for name, changes in variants.items():
        if changes.value is not None:
            found[name] = merged(combinations[name], changes) if name in combinations else changes
        elif name in combinations:
            del found[name]
        else:
            near = did_you_mean(name, combinations)
            raise ConfigError(f"{changes.place}: no combination `{name}` to leave out{near}")
    return found


def _combinations(matrix: Node) -> dict[str, Node]:
    axes = _axes(matrix)
    if (count := math.prod(map(len, axes.values()))) > MAX_COMBINATIONS:
        raise ConfigError(
            f"{matrix.place}: matrix has {count:,} combinations, more than {MAX_COMBINATIONS}; make several "
            "experiments of it"
        )
    found: dict[str, Node] = {}
    for choice in itertools.product(*(values.items() for values in axes.values())):
        name = "-".join(label for label, _ in choice)
        if name in found:
            raise ConfigError(
                f"{matrix.place}: two combinations of the matrix are named `{name}`; change a label"
            )
        if len(name) > MAX_VARIANT_NAME:
            raise ConfigError(
                f"{matrix.place}: the combination `{name[:80]}` of the matrix has a name longer than "
                f"{MAX_VARIANT_NAME} characters; give values shorter labels: {{label: value}}"
            )
        changes = {key: value for key, (_, value) in zip(axes, choice, strict=True)}
        # Without dotted keys: the changes of a variant come after these, whatever the length of their keys.
        found[name] = merged(replace(matrix, value={}), replace(matrix, value=changes))
    return found


def _axes(matrix: Node) -> dict[str, dict[str, Node]]:
    """The values of each axis by their labels."""
    if not isinstance(matrix.value, dict) or not matrix.value:
        raise ConfigError(f"{matrix.place}: matrix must be a mapping with an axis or more; {_EXAMPLE}")
    paths: dict[tuple[str, ...], str] = {}
    for key, axis in matrix.value.items():
        path = split_key(key, axis)
        if path[0] in OF_THE_EXPERIMENT:
            raise ConfigError(f"{axis.place}: `{path[0]}` cannot be an axis: it is of the whole experiment")
        for other, its_key in paths.items():
            if within(path, other) or within(other, path):
                inner, outer = (key, its_key) if within(path, other) else (its_key, key)
                raise ConfigError(
                    f"{axis.place}: matrix.{inner} is inside matrix.{outer}; make one axis of the two, "
                    "or write the combinations as variants"
                )
        paths[path] = key
    return {key: _values(key, axis) for key, axis in matrix.value.items()}


def _values(key: str, axis: Node) -> dict[str, Node]:
    subject = f"matrix.{key}"
    if not isinstance(axis.value, list | dict) or not axis.value:
        raise ConfigError(
            f"{axis.place}: {subject} must be a list of values or a mapping from label to value, "
            f"with one at least; {_EXAMPLE}"
        )
    if isinstance(axis.value, dict) and "name" in axis.value:
        raise ConfigError(f"{axis.place}: {subject} is one part; write a list of those to choose from")
    found: dict[str, Node] = {}
    for label, value in labelled(axis.value, prefix=f"{key.rpartition('.')[2]}_"):
        if label is None:
            raise ConfigError(
                f"{value.place}: a value of {subject} has no name; give all values labels: {{label: value}}"
            )
        if not _SAFE.fullmatch(label):
            raise ConfigError(
                f"{value.place}: `{label[:80]}` in {subject} cannot be in a variant's name; "
                "give all values labels: {label: value}"
            )
        if label in found:
            raise ConfigError(
                f"{value.place}: {subject} has `{label}` for the second time; give all values labels: "
                "{label: value}"
            )
        found[label] = value
    return found

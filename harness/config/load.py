"""From an experiment file and the command line to the cells that will be trained."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from harness.config.complete import OF_THE_WHOLE, SPACES, Tables, completed
from harness.config.evaluation import NamedProtocol
from harness.config.loaded import Loaded, Variant
from harness.config.matrix import refuse_changed_axes, unfolded
from harness.config.models import OF_THE_EXPERIMENT, Cell, Experiment, ExperimentFile, Setup
from harness.config.overrides import overridden, parsed, stacked
from harness.config.problems import collected, refuse, validated
from harness.config.reading import parse, read
from harness.config.space_reading import canonical, entries, overridden_space
from harness.config.tree import Node, merged
from harness.errors import ConfigError, UnknownNameError


def load(path: str | Path, overrides: Sequence[str] = (), tables: Tables = MappingProxyType({})) -> Loaded:
    """Reads, overrides, checks and completes an experiment.

    `tables` maps a place of parts ("network", "evaluation.metrics", ...) to its Registry; parts of places
    without a table are taken as they are. Raises ConfigError with up to five lines, each with its place.
    """
    changes = parsed(overrides)
    return _loaded(read(path), Path(path), changes, tables)


def load_text(text: str, name: str, tables: Tables = MappingProxyType({})) -> Loaded:
    """An experiment that is in no file, as `to_yaml` wrote it; `name` is what messages call it."""
    node = parse(text, file=name)
    if node is None:
        raise ConfigError(f"{name}:1: the experiment is empty")
    return _loaded(node, Path(name), (), tables)


def _loaded(tree: Node, path: Path, changes: Sequence[Node], tables: Tables) -> Loaded:
    tree = _mapping(tree)
    refuse_changed_axes(tree, changes)
    of_setups = [change for change in changes if _first_key(change) != SPACES]
    tree = overridden(unfolded(tree), of_setups)
    problems: list[str] = []
    top = _children(tree)
    if (space := overridden_space(top.get(SPACES), changes)) is not None:
        top = {**top, SPACES: Node({})}
        with collected(problems):
            top[SPACES] = canonical(space)
    variants: dict[str, Node] = {}
    if "variants" in top and isinstance(top["variants"].value, dict):
        variants = {name: _variant(node, of_setups) for name, node in top["variants"].value.items()}
        top = {**top, "variants": replace(top["variants"], value=variants)}
    experiment = validated(Experiment, replace(tree, value=top), ExperimentFile)

    base = replace(tree, value={key: node for key, node in top.items() if key not in OF_THE_EXPERIMENT})
    of_whole = {place: table for place, table in tables.items() if place in OF_THE_WHOLE}
    of_cells = {place: table for place, table in tables.items() if place not in OF_THE_WHOLE}
    experiment, found = completed(experiment, replace(tree, value=top), of_whole)
    problems += found
    if space is not None and (preset := entries(space)[0]) and SPACES in tables:
        with collected(problems):
            _refuse_unknown(preset, tables)
    resolved: dict[str, Variant] = {}
    for name, variant in (variants or {"base": Node({})}).items():
        with collected(problems):
            whole = merged(base, variant)
            setup, found = completed(validated(Setup, whole), whole, of_cells)
            resolved[name] = Variant(whole, setup)
            problems += found
    refuse(problems)
    cells = tuple(_cells(experiment, resolved))
    return Loaded(experiment, cells, path, resolved, space, of_setups, tables)


def load_cell(path: str | Path) -> Cell:
    """The cell of a run, from the `config.yaml` that `to_yaml` wrote into its directory."""
    return validated(Cell, _mapping(read(path)))


def load_protocol(path: str | Path) -> NamedProtocol:
    """A protocol of the user's own, from a YAML file of one."""
    return validated(NamedProtocol, _mapping(read(path), "a protocol file"))


def _cells(experiment: Experiment, variants: Mapping[str, Variant]) -> Iterator[Cell]:
    for name, variant in variants.items():
        for seed in experiment.seeds:
            yield Cell.of(variant.setup, experiment=experiment.name, variant=name, seed=seed)


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


def _first_key(change: Node) -> str:
    return next(iter(_children(change))).partition(".")[0]


def _refuse_unknown(preset: Node, tables: Tables) -> None:
    try:
        tables[SPACES].resolve(str(preset.value))
    except UnknownNameError as error:
        raise ConfigError(f"{preset.place}: {error}") from error

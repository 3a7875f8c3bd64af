"""`training.steps=2000` on the command line: read by the rules of the file, and stronger than any variant."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from harness.config.reading import parse
from harness.config.tree import MAX_STEPS, Node, leaves, merged, plain, rank, within
from harness.errors import ConfigError

_KEY = re.compile(rf"[\w-]+(?:\.[\w-]+){{0,{MAX_STEPS - 1}}}")
_HINT = "write key=value, for example training.steps=2000 or seeds=0,1"


def override(text: str) -> Node:
    """`key.path=value` as a mapping of one change. A comma outside brackets makes a list: `seeds=0,1`."""
    shown = " ".join(text.split())
    where = f"override `{shown if len(shown) <= 80 else shown[:80] + '...'}`"
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals:
        raise ConfigError(f"{where}: no `=`; {_HINT}")
    if not _KEY.fullmatch(key):
        raise ConfigError(f"{where}: `{key[:80]}` is not a key; {_HINT}")
    if (first := key.partition(".")[0]) in ("variants", "matrix"):
        what = "variants are" if first == "variants" else "the matrix is"
        raise ConfigError(f"{where}: {what} changed in the file; the command line changes all variants")
    node = _value(value, where)
    if node.value == {}:
        raise ConfigError(f"{where}: an empty mapping changes nothing")
    return Node({key: node}, where)


def parsed(texts: Iterable[str]) -> list[Node]:
    """All overrides in the order in which they apply: `network=dcgan` before `network.latent.size=64`."""
    changes = [override(text) for text in texts]
    return sorted(changes, key=lambda change: rank(next(iter(plain(change))).split(".")))


def overridden(base: Node, overrides: Sequence[Node]) -> Node:
    """The base with every override in it."""
    for change in overrides:
        base = merged(base, change)
    return base


def stacked(variant: Node, overrides: Sequence[Node]) -> Node:
    """A variant's changes, followed by the overrides that it would otherwise undo.

    The base has the overrides already, so that those of keys the variant leaves alone are not repeated. A
    variant that only refines what an override names is left alone too: `network.latent.size: 64` still holds
    under `network=dcgan`, while `network: mlp` does not.
    """
    assert isinstance(variant.value, dict)
    value = dict(variant.value)
    own = [_part(path) for path, _ in leaves(variant)]
    for change in overrides:
        for path, leaf in leaves(change):
            refinable = isinstance(leaf.value, str)
            if not any(within(path, other) or (within(other, path) and not refinable) for other in own):
                continue
            value = {key: node for key, node in value.items() if not within(tuple(key.split(".")), path)}
            value[".".join(path)] = leaf
            own.append(_part(path))
    return replace(variant, value=value)


def _value(text: str, where: str) -> Node:
    # Read as the items of a list, which makes the comma work; the line break ends a comment.
    try:
        node = parse(f"[{text}\n]", where=where)
    except ConfigError as error:
        raise ConfigError(f"{error}; quote text with special characters: key='\"...\"'") from error
    items = node.value if node else None
    if not isinstance(items, list) or (not items and text.strip()):
        raise ConfigError(
            f"{where}: cannot read the value; quote text with special characters: key='\"...\"'"
        )
    if not items:
        return Node(None, where)
    return Node(items, where) if len(items) > 1 or text.rstrip().endswith(",") else items[0]


def _part(path: tuple[str, ...]) -> tuple[str, ...]:
    # Who names a part decides all of it: the options of another part are gone.
    return path[:-1] if len(path) > 1 and path[-1] == "name" else path

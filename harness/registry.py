"""Explicit tables of named things, and the one place where a name becomes an object."""

import difflib
import importlib
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

from harness.errors import UnknownNameError

T = TypeVar("T")


def did_you_mean(name: str, known: Mapping[str, object] | list[str]) -> str:
    """`; did you mean `hinge`?` where something near is known, else the list of what is."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean `{near[0]}`?" if near else f"; known: {', '.join(sorted(known))}"


class Registry(Mapping[str, T], Generic[T]):
    """A frozen table from name to entry, e.g. `LOSSES = Registry("loss", "harness.losses", hinge=hinge)`.

    Names outside the table are looked up among the installed packages' entry points of `group`,
    and `package.module:Name` is imported, so users add entries without touching harness.
    """

    def __init__(self, kind: str, group: str, /, **entries: T) -> None:
        self.kind = kind
        self.group = group
        self._entries = entries

    def __getitem__(self, name: str) -> T:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def resolve(self, name: str) -> T:
        """The entry called `name`; raises UnknownNameError with the nearest known name."""
        if name in self._entries:
            return self._entries[name]
        if ":" in name:
            return cast(T, _imported(name, self.kind))
        for point in entry_points(group=self.group, name=name):
            return cast(T, point.load())
        raise UnknownNameError(f"unknown {self.kind} `{name}`{did_you_mean(name, self._entries)}")


def _imported(path: str, kind: str) -> object:
    module, _, attribute = path.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UnknownNameError(f"cannot import {kind} `{path}`: {error}") from error

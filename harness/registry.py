"""Explicit tables of named things, and the one place where a name becomes an object."""

import difflib
import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from operator import attrgetter
from types import ModuleType
from typing import Generic, TypeVar, cast

from harness.errors import UnknownNameError, one_line

T = TypeVar("T")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean `hinge`?` where something near is known, else the list of what is."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean `{near[0]}`?" if near else f"; known: {', '.join(names)}"


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
        """The entry called `name`; UnknownNameError where there is none, or its module cannot be imported."""
        if name in self._entries:
            return self._entries[name]
        module, attribute = self._place(name)
        try:
            return cast(T, _attribute(_imported(module), attribute))
        except UnknownNameError as error:
            raise UnknownNameError(f"cannot import {self.kind} `{name}`: {error}") from error

    def module_of(self, name: str) -> ModuleType | None:
        """The module in which `resolve` looks for an entry of the user's own; None for one of this table."""
        if name in self._entries:
            return None
        self.resolve(name)
        return sys.modules[self._place(name)[0]]

    def _place(self, name: str) -> tuple[str, str]:
        """Module and attribute of what is not in the table."""
        if ":" in name:
            module, _, attribute = name.partition(":")
            if not module or not attribute:
                raise UnknownNameError(f"{self.kind} `{name}` should be `package.module:Name`")
            return module, attribute
        offered = entry_points(group=self.group)
        for point in offered.select(name=name):
            return point.module, point.attr
        raise UnknownNameError(
            f"unknown {self.kind} `{name}`{did_you_mean(name, {*self._entries, *offered.names})}"
        )


def _imported(module: str) -> ModuleType:
    """Raises UnknownNameError, which tells a module that is not there from one that fails."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not f"{module}.".startswith(f"{error.name}."):  # it is there, and imports what is not
            raise _failure(module, error) from error
        raise UnknownNameError(
            f"there is no module `{error.name}`: install it, name its folder in PYTHONPATH, or give the"
            " command in that folder"
        ) from error
    except (Exception, SystemExit) as error:  # a module of the user's may fail in any way when it is run
        raise _failure(module, error) from error


def _failure(module: str, error: BaseException) -> UnknownNameError:
    reason = one_line(error)
    return UnknownNameError(f"module `{module}` fails with {reason}")


def _attribute(module: ModuleType, path: str) -> object:
    try:
        return attrgetter(path)(module)
    except AttributeError as error:
        own = [name for name, value in vars(module).items() if _is_defined_in(module, name, value)]
        near = did_you_mean(path, own) if own else ""
        raise UnknownNameError(f"module `{module.__name__}` has no `{path}`{near}") from error


def _is_defined_in(module: ModuleType, name: str, value: object) -> bool:
    public = callable(value) and not name.startswith("_")
    return public and getattr(value, "__module__", None) == module.__name__

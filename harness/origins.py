"""The source of parts that are not harness's own, so that a result is not used again once they change."""

import ast
import hashlib
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from harness.catalog import TABLES
from harness.config import Cell, Part
from harness.config.complete import OF_THE_WHOLE, PLACES

STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib")).resolve()


def source_digests(cell: Cell) -> dict[str, str]:
    """The `module_digest` of every part of `cell` that is not in harness, by the part's name."""
    found = {}
    for place in PLACES:
        if place in OF_THE_WHOLE:
            continue
        for part in _parts(cell, place):
            if module := TABLES[place].module_of(part.name):
                found[part.name] = module_digest(module)
    return found


def _parts(cell: Cell, place: str) -> tuple[Part, ...]:
    section, _, key = place.rpartition(".")
    value: Part | tuple[Part, ...] = getattr(cell.evaluation if section else cell, key)
    return (value,) if isinstance(value, Part) else value


@cache  # of the code that runs: a file that changes later is not imported again either
def module_digest(module: ModuleType) -> str:
    """SHA-256 over the file of a module and, followed from there, the Python files that it imports.

    Those of its own package count, and in a folder of the user's those beside it. What else it depends on
    does not: other installed packages, data that it reads, modules whose names it makes up as it runs.
    """
    sha = hashlib.sha256()
    for name, file in sorted(_sources(module)):
        sha.update(name.encode())
        sha.update(file.read_bytes())
    return sha.hexdigest()


def _sources(module: ModuleType) -> set[tuple[str, Path]]:
    """All modules that count, each with its file; none where the module is compiled into Python."""
    if getattr(module, "__file__", None) is None:
        return set()
    name, file = module.__name__, Path(str(module.__file__)).absolute()
    root = file.parents[name.count(".") + (file.stem == "__init__")]
    package = name.partition(".")[0] if _is_shared(root) else None
    found: set[tuple[str, Path]] = set()
    waiting = [(name, file), *_files(name, root)]
    while waiting:
        if (one := waiting.pop()) in found:
            continue
        found.add(one)
        for imported in _imports(*one):
            top = imported.partition(".")[0]
            if top != "harness" and package in {None, top}:
                waiting += _files(imported, root)
    return found


def _is_shared(root: Path) -> bool:
    """Whether the packages in a folder have nothing to do with each other."""
    return root.name in {"site-packages", "dist-packages"} or root.resolve() == STANDARD_LIBRARY


def _files(name: str, root: Path) -> Iterator[tuple[str, Path]]:
    """The modules under `root` that run where `name` is imported: itself, if it is one, and its packages."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        path = root.joinpath(*parts[:length])
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                yield ".".join(parts[:length]), file


def _imports(name: str, file: Path) -> Iterator[str]:
    """Absolute names of what a module imports anywhere in its text, and of what it takes from there."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # compiled, or never imported in fact
        return
    package = name if file.stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            base = ".".join(filter(None, [*above, node.module]))
            yield from (f"{base}.{alias.name}" for alias in node.names if base)

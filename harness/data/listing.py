"""Which files of a folder are images, and whether its subfolders are classes."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from harness.errors import DataError

SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"},
)

SHOWN = 5
"""Bad files that an error names."""


@dataclass(frozen=True)
class Listing:
    """images: paths relative to the folder, sorted; classes: names of the subfolders, sorted, where those are
    classes, else empty; others: files that are no images, by suffix."""

    images: tuple[str, ...]
    classes: tuple[str, ...]
    others: Counter[str]

    def class_of(self, name: str) -> str:
        """The name of the class of an image, by its path."""
        return name.partition("/")[0]


def list_images(folder: Path) -> Listing:
    """Every image under `folder`, at any depth; hidden files and folders are passed over.

    Subfolders are classes, as in torchvision's ImageFolder, where there are at least two and every image is
    exactly one level down. DataError where the folder cannot be read, has no images, or holds runs, whose
    pictures are grids of samples.
    """
    images: list[str] = []
    others: Counter[str] = Counter()
    for name in _files(folder, "", set()):
        suffix = PurePosixPath(name).suffix.lower()
        if suffix in SUFFIXES:
            images.append(name)
        else:
            others[suffix or "no suffix"] += 1
    if not images:
        found = f": {_count(others)} of other kinds" if others else ""
        known = " ".join(sorted(SUFFIXES))
        raise DataError(f"folder {folder} holds no images{found}; images are {known}, also in subfolders")
    images.sort()
    return Listing(tuple(images), _classes(images), others)


def is_run(names: Set[str]) -> bool:
    """Whether a folder with these files is that of a run."""
    return "config.yaml" in names and not names.isdisjoint({"status.json", "generator.safetensors"})


def first_few(bad: Sequence[tuple[str, str]]) -> str:
    """The first bad files, each with its reason, and how many more there are."""
    shown = ", ".join(f"{name} ({reason})" for name, reason in bad[:SHOWN])
    return f"{shown}, and {len(bad) - SHOWN:,} more" if len(bad) > SHOWN else shown


def note_of(others: Counter[str]) -> tuple[str, ...]:
    """What is said of files that are no images."""
    if not others:
        return ()
    kinds = [kind for kind, _ in sorted(others.items(), key=lambda item: (-item[1], item[0]))]
    shown = ", ".join(kinds[:3]) + (", ..." if len(kinds) > 3 else "")
    return (f"{_count(others)} of other kinds passed over ({shown})",)


def _count(others: Counter[str]) -> str:
    return f"{others.total():,} file{'' if others.total() == 1 else 's'}"


def _classes(images: list[str]) -> tuple[str, ...]:
    if any(name.count("/") != 1 for name in images):
        return ()
    classes = sorted({name.partition("/")[0] for name in images})
    return tuple(classes) if len(classes) > 1 else ()


def _files(folder: Path, inside: str, above: set[tuple[int, int]]) -> Iterator[str]:
    """Files at any depth, through links to folders too, but never in a circle."""
    here = folder / inside
    try:
        status = here.stat()
        with os.scandir(here) as found:
            entries = [entry for entry in found if not entry.name.startswith(".")]
    except OSError as error:
        raise DataError(f"cannot read folder {here}: {error.strerror or error}") from error
    key = (status.st_dev, status.st_ino)
    if key in above:
        return
    if is_run({entry.name for entry in entries}):
        raise DataError(
            f"folder {folder} holds runs, whose pictures are no samples: name one run, as in {here}"
        )
    for entry in entries:
        name = f"{inside}{entry.name}"
        if entry.is_dir():
            yield from _files(folder, f"{name}/", above | {key})
        elif entry.is_file() or entry.is_symlink():  # a link to nowhere is a bad file; a pipe is none
            yield name

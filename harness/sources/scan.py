"""A first look at every image file: its bytes' digest and its header, without decoding it."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from harness.data.listing import first_few
from harness.data.pixels import BadImageError, Header, bombs_refused, read_header
from harness.errors import DataError
from harness.sources.ahead import ahead

FILES_AT_ONCE = 64
"""Files of one task of the pool: a task costs as much as a small header."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A file after the first look. `digest`: SHA-256 of its bytes; `header`: None if it is bad, and why."""

    name: str
    digest: bytes = b""
    header: Header | None = None
    reason: str = ""


def scan(folder: Path, names: Sequence[str], workers: int) -> list[Looked]:
    """A first look at the files `names` of `folder`, in their order."""
    groups = [names[start : start + FILES_AT_ONCE] for start in range(0, len(names), FILES_AT_ONCE)]
    with bombs_refused():
        looked = ahead(lambda group: [_look(folder, name) for name in group], groups, workers)
        return list(chain.from_iterable(looked))


def _look(folder: Path, name: str) -> Looked:
    try:
        with (folder / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
            if not file.tell():
                return Looked(name, reason="empty")
            file.seek(0)
            return Looked(name, digest, read_header(file))
    except BadImageError as error:
        return Looked(name, reason=str(error))
    except OSError as error:
        return Looked(name, reason=error.strerror or str(error))


def without_odd_sizes(looked: Sequence[Looked], title: str) -> list[Looked]:
    """The same files, those bad that are not of the size that more than half of the good ones have.

    DataError where no size is that common: then there is nothing to be called odd.
    """
    sizes = Counter((file.header.height, file.header.width) for file in looked if file.header)
    if not sizes:
        return list(looked)
    (height, width), count = sizes.most_common(1)[0]
    if 2 * count <= sizes.total() and len(sizes) > 1:
        raise DataError(
            f"{title} has images of {len(sizes):,} sizes, none of which more than half of them have: "
            "resize them, all in the same way, before they are compared"
        )

    def judged(file: Looked) -> Looked:
        if file.header is None or (file.header.height, file.header.width) == (height, width):
            return file
        own = f"{file.header.height}×{file.header.width}"
        return replace(file, header=None, reason=f"{own}, while most are {height}×{width}")

    return [judged(file) for file in looked]


def lines_of(bad: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Bad files as lines of a list: name and reason."""
    return tuple(f"{name}: {reason}" for name, reason in bad)


def refusal(title: str, bad: Sequence[tuple[str, str]], total: int, *, at_least: bool = False) -> DataError:
    """The error over (name, reason) of bad files, of which the first few are shown."""
    shown = first_few(bad)
    if len(bad) == total:
        return DataError(f"{title}: not one of {total:,} files can be used: {shown}")
    number = f"{'at least ' if at_least else ''}{len(bad):,}"
    return DataError(
        f"{title}: {number} of {total:,} files cannot be used: {shown}; "
        "mend or remove them, or leave them out with --skip-bad"
    )

"""Arrays of .npy and .npz files, streamed: from the file itself, or out of the zip without unpacking it."""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from harness.errors import DataError
from harness.sources.stored import Found, Stored, found_among

_BROKEN = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile)
"""What numpy and zipfile raise over files that are damaged, cut off, locked or of another kind."""


def open_npy(path: Path, title: str) -> Found:
    """The one array of a .npy file."""
    return Found(_stored(lambda: path.open("rb"), path.stat().st_size, title))


def open_npz(path: Path, title: str) -> Found:
    """The images and labels of a .npz file, compressed or not."""
    with _clear(title):
        archive = zipfile.ZipFile(path)
        members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
        archive.close()
    arrays = {
        member.filename.removesuffix(".npy"): _stored(
            _member(path, member.filename), member.file_size, f"{title}, array {member.filename[:-4]}"
        )
        for member in members
    }
    return found_among(arrays, title)


def _member(path: Path, name: str) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        with zipfile.ZipFile(path) as archive:
            return archive.open(name)  # keeps the file open by itself

    return opened


def _stored(opened: Callable[[], IO[bytes]], size: int, title: str) -> Stored:
    """The array of one stream of `size` bytes."""
    with _clear(title), opened() as stream:
        shape, fortran, dtype = _header(stream)
        start = stream.tell()
    plain = not dtype.hasobject and dtype.fields is None
    if plain and fortran and len(shape) > 1:
        raise DataError(f"{title} is in Fortran order: save `np.ascontiguousarray(x)`")
    needed = start + prod(shape) * dtype.itemsize
    if plain and size < needed:
        raise DataError(f"{title} is cut off: {size:,} bytes of {needed:,}")

    def rows(count: int) -> Iterator[NDArray[np.generic]]:
        row = prod(shape[1:]) * dtype.itemsize
        with _clear(title), opened() as stream:
            _header(stream)  # a seek would put an end to zipfile's checksum
            for first in range(0, shape[0], count):
                here = min(count, shape[0] - first)
                data = stream.read(here * row)
                if len(data) < here * row:
                    raise DataError(f"{title} is cut off after {first + len(data) // row:,} of {shape[0]:,}")
                # A copy, for torch refuses to share what cannot be written to.
                yield np.frombuffer(bytearray(data), dtype).reshape(here, *shape[1:])
            stream.read(1)  # where the checksum of a zip is compared

    return Stored(shape, dtype.name, rows)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    return shape, fortran, dtype


@contextmanager
def _clear(title: str) -> Iterator[None]:
    """Whatever a library says of a bad file, in one line that names it."""
    try:
        yield
    except _BROKEN as error:
        reason = " ".join(str(error).split())
        if "magic" in reason:
            reason = "it does not begin as such a file does"
        raise DataError(f"{title} cannot be read: {reason or type(error).__name__}") from error

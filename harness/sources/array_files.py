"""Images in one file: .npy, .npz or .safetensors, read in chunks."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from harness.errors import DataError
from harness.files import sha256
from harness.sources.layout import layout_of
from harness.sources.numpy_files import open_npy, open_npz
from harness.sources.source import Chunk, Source, per_chunk
from harness.sources.stored import Found, Stored, found_among


def array_source(path: Path) -> Source:
    """The images of an array file: uint8, in a layout of `layout_of`; labels where `found_among` finds them.

    Floats are a DataError with the conversion, for their range would be a guess; so is a file that is damaged
    or cut off, or that changed by the time it is read.
    """
    title = f"file {path.name}"
    try:
        before = _stamp(path)
        found = OPENED[path.suffix.lower()](path, title)
        layout = layout_of(found.images.shape, found.images.dtype, title)
        content = sha256(path)
    except OSError as error:
        raise DataError(f"{title} cannot be read: {error.strerror or error}") from error
    labels = None if found.labels is None else torch.from_numpy(found.labels.astype(np.int64))

    def read() -> Iterator[Chunk]:
        if not path.exists() or _stamp(path) != before:
            raise DataError(f"{title} changed before it was read: start again when it is whole")
        first = 0
        for rows in found.images.rows(per_chunk(layout.shape)):
            images = layout.arranged(torch.from_numpy(rows))
            last = first + len(images)
            yield Chunk(images, None if labels is None else labels[first:last])
            first = last

    notes = tuple(f"{title}: {note}" for note in found.notes)
    return Source(title, layout.count, layout.shape, read, content, notes)


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


_DTYPES: Mapping[str, str] = {
    "U8": "uint8",
    "BOOL": "bool",
    **{
        f"{kind}{bits}": f"{name}{bits}"
        for kind, name in (("I", "int"), ("U", "uint"))
        for bits in (8, 16, 32, 64)
    },
    **{f"F{bits}": f"float{bits}" for bits in (16, 32, 64)},
    "BF16": "bfloat16",
}


def open_safetensors(path: Path, title: str) -> Found:
    """The images and labels of a .safetensors file."""
    try:
        with safe_open(path, framework="numpy") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
            arrays = {
                name: Stored(
                    tuple(part.get_shape()),
                    _DTYPES.get(part.get_dtype(), part.get_dtype()),
                    _rows(path, name),
                )
                for name, part in slices.items()
            }
    except SafetensorError as error:
        raise DataError(f"{title} cannot be read: {' '.join(str(error).split())}") from error
    return found_among(arrays, title)


def _rows(path: Path, name: str) -> Callable[[int], Iterator[NDArray[np.generic]]]:
    def rows(count: int) -> Iterator[NDArray[np.generic]]:
        with safe_open(path, framework="numpy") as file:
            part = file.get_slice(name)
            total = part.get_shape()[0]
            for first in range(0, total, count):
                # A copy, for torch refuses to share what cannot be written to.
                yield np.array(part[first : min(first + count, total)])

    return rows


OPENED: Mapping[str, Callable[[Path, str], Found]] = {
    ".npy": open_npy,
    ".npz": open_npz,
    ".safetensors": open_safetensors,
}
"""How files are opened, by suffix."""

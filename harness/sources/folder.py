"""A folder of image files, of any number: scanned once, decoded in threads, never all in memory."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from harness.data.listing import Listing, list_images, note_of
from harness.data.pixels import BadImageError, Header, decode, versions
from harness.errors import DataError
from harness.sources.ahead import ahead
from harness.sources.scan import Looked, lines_of, refusal, scan, without_odd_sizes
from harness.sources.source import Chunk, Source, per_chunk

MOST_FILES = 128
"""Files of one task of the pool, and so images of one chunk, however small."""


def folder_source(folder: Path, *, skip_bad: bool, workers: int) -> Source:
    """The images under `folder`: files of `listing.SUFFIXES` at any depth, in the order of their paths.

    Grey where all are stored as grey, else RGB; what is done to files of other modes is in the notes.
    Subfolders that are classes give labels. Empty, unreadable, broken, odd-sized and oversized files are a
    DataError that names them, or are skipped with `skip_bad`. What is cut off shows only when it is decoded:
    then `read` raises, or the chunk says what was skipped. A file that changed since is always a DataError.
    """
    title = f"folder {folder.resolve().name or folder}"
    listing = list_images(folder)
    looked = without_odd_sizes(scan(folder, listing.images, workers), title)
    bad = [(file.name, file.reason) for file in looked if file.header is None]
    good = [(file, file.header) for file in looked if file.header is not None]
    if bad and (not skip_bad or not good):
        raise refusal(title, bad, len(looked))
    images = _Images(folder, title, listing, tuple(good), skip_bad, workers)
    return Source(
        title=title,
        count=len(good),
        shape=images.shape,
        read=images.read,
        content=images.content(),
        notes=tuple(f"{title}: {note}" for note in (*images.notes(), *note_of(listing.others))),
        skipped=lines_of(bad),
    )


@dataclass(frozen=True)
class _Images:
    """The good files of a folder, with their headers."""

    folder: Path
    title: str
    listing: Listing
    files: tuple[tuple[Looked, Header], ...]
    skip_bad: bool
    workers: int

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        channels = max(header.channels for _, header in self.files)
        return channels, self.files[0][1].height, self.files[0][1].width

    def content(self) -> str:
        """SHA-256 over all files and classes, in any order, and all that decoding depends on."""
        classes = self.listing.classes
        sha = hashlib.sha256(f"folder 1, {versions()}, {self.skip_bad}, {classes}".encode())
        keys = [
            file.digest + (f"/{self.listing.class_of(file.name)}".encode() if classes else b"")
            for file, _ in self.files
        ]
        for key in sorted(keys):
            sha.update(hashlib.sha256(key).digest())
        return sha.hexdigest()

    def notes(self) -> Iterator[str]:
        """What happened to images on their way to uint8, and to how many."""
        said = Counter(line for _, header in self.files for line in header.said)
        if self.shape[0] == 3:
            said["were grey, repeated to three channels"] = sum(
                header.channels == 1 for _, header in self.files
            )
        total = len(self.files)
        for line, count in sorted(said.items()):
            if count:
                yield f"{'all' if count == total > 1 else f'{count:,} of'} {total:,} images {line}"

    def read(self) -> Iterator[Chunk]:
        size = per_chunk(self.shape, MOST_FILES)
        groups = (self.files[start : start + size] for start in range(0, len(self.files), size))
        for chunk, bad in ahead(self._decoded, groups, self.workers):
            if bad and not self.skip_bad:
                raise refusal(self.title, bad, len(self.files), at_least=True)
            yield chunk

    def _decoded(self, files: Sequence[tuple[Looked, Header]]) -> tuple[Chunk, list[tuple[str, str]]]:
        """One chunk, and name and reason of its bad files."""
        channels, height, width = self.shape
        pixels = np.empty((len(files), height, width, channels), np.uint8)
        good: list[str] = []
        bad: list[tuple[str, str]] = []
        for file, _ in files:
            data = self._same_bytes(file)
            try:
                pixels[len(good)] = decode(data, channels)
                good.append(file.name)
            except BadImageError as error:
                bad.append((file.name, str(error)))
        images = torch.from_numpy(pixels[: len(good)]).permute(0, 3, 1, 2).contiguous()
        return Chunk(images, self._labels(good), lines_of(bad)), bad

    def _same_bytes(self, file: Looked) -> bytes:
        try:
            data = (self.folder / file.name).read_bytes()
        except OSError as error:
            raise self._changed(file.name, error.strerror or str(error)) from error
        if hashlib.sha256(data).digest() != file.digest:
            raise self._changed(file.name, "other bytes than before")
        return data

    def _changed(self, name: str, how: str) -> DataError:
        return DataError(
            f"{self.title} changed while it was read: {name} ({how}); start again when it is whole"
        )

    def _labels(self, names: Sequence[str]) -> Tensor | None:
        classes = self.listing.classes
        if not classes:
            return None
        return torch.tensor([classes.index(self.listing.class_of(name)) for name in names], dtype=torch.int64)

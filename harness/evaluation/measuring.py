"""Images to features, once: read in batches, put in an order of their own, and remembered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from harness.data import contents
from harness.errors import DataError
from harness.evaluation.cache import Entry, entry_file, recall, remember
from harness.features import Extractor, extract
from harness.metrics.inputs import Sample
from harness.protocol import RealImages
from harness.sources import Chunk, Source

Progress = Callable[[str, int, int], None]
"""Told the title of a source, how many of its images are done, and of how many."""


@dataclass(frozen=True)
class Measured:
    """A set of images after one pass through an extractor.

    sample: in the order of the images' digests, so that no value depends on the order of files; keys: those
    digests; recalled: whether the features were known from an earlier evaluation.
    """

    source: Source
    sample: Sample
    keys: tuple[bytes, ...]
    skipped: tuple[str, ...] = ()
    recalled: bool = False

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def collapsed(self) -> bool:
        """Whether all images are the same one."""
        return len(self) > 1 and self.keys[0] == self.keys[-1]

    def as_real(self, *, with_labels: bool) -> RealImages:
        """How a protocol names them; with the labels, where a metric reads those."""
        labels = self.sample.labels if with_labels else None
        return RealImages(self.source.title, len(self), contents.digest_of_set(self.keys, labels))


def measure(
    source: Source,
    extractor: Extractor,
    *,
    batch_size: int,
    device: torch.device,
    keep_pixels: bool,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Measured:
    """The images of `source` through `extractor`, in batches of exactly `batch_size` but for the last.

    Memory holds the features, a few batches, and the images themselves only with `keep_pixels`. With a
    `cache` folder, features of a source that knows its content are read back instead of computed again.
    """
    file = None
    if cache is not None and source.content is not None:
        file = entry_file(cache, source.content, extractor, batch_size, device)
    known = recall(file) if file is not None else None
    pixels = None
    if recalled := known is not None:
        if keep_pixels:
            pixels = _pixels(source)
    else:
        known, pixels = _one_pass(source, extractor, batch_size, device, keep_pixels, progress)
        if file is not None:
            remember(file, known)
    assert known is not None
    sample = Sample(pixels, known.features, known.logits, known.labels)
    return Measured(source, sample, known.keys, (*source.skipped, *known.skipped), recalled)


def _one_pass(
    source: Source,
    extractor: Extractor,
    batch_size: int,
    device: torch.device,
    keep_pixels: bool,
    progress: Progress | None,
) -> tuple[Entry, Tensor | None]:
    """Everything of a source, in the order of the digests."""
    keys: list[bytes] = []
    skipped: list[str] = []
    parts: list[Sample] = []
    for chunk in _rebatched(source.read(), batch_size):
        skipped += chunk.skipped
        if not len(chunk.images):
            continue
        keys += contents.digests(chunk.images)
        features, logits = extract(extractor, chunk.images, batch_size, device)
        parts.append(Sample(chunk.images if keep_pixels else None, features, logits, chunk.labels))
        if progress:
            progress(source.title, len(keys), source.count)
    if not keys:
        raise DataError(f"{source.title}: not one image could be read")
    whole = _joined(parts).rows(contents.order(keys))
    entry = Entry(tuple(sorted(keys)), whole.features, whole.logits, whole.labels, tuple(skipped))
    return entry, whole.pixels


def _joined(parts: list[Sample]) -> Sample:
    def column(name: str) -> Tensor | None:
        found = [getattr(part, name) for part in parts]
        return None if found[0] is None else torch.cat(found)

    features = column("features")
    assert features is not None
    return Sample(column("pixels"), features, column("logits"), column("labels"))


def _pixels(source: Source) -> Tensor:
    """The images themselves, in the order of their digests."""
    images = torch.cat([chunk.images for chunk in source.read()])
    return images[contents.order(contents.digests(images))]


def _rebatched(chunks: Iterator[Chunk], size: int) -> Iterator[Chunk]:
    """The same images in chunks of `size`, the last one smaller: a batch must not depend on how they came."""
    waiting: list[Chunk] = []
    count = 0
    for chunk in chunks:
        waiting.append(chunk)
        count += len(chunk.images)
        while count >= size:
            whole = _merged(waiting)
            rest = Chunk(whole.images[size:], None if whole.labels is None else whole.labels[size:])
            labels = None if whole.labels is None else whole.labels[:size]
            yield Chunk(whole.images[:size], labels, whole.skipped)
            waiting, count = [rest], len(rest.images)
    if waiting:
        yield _merged(waiting)


def _merged(chunks: list[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    labels = [chunk.labels for chunk in chunks if chunk.labels is not None]
    return Chunk(
        torch.cat([chunk.images for chunk in chunks]),
        torch.cat(labels) if labels else None,
        tuple(line for chunk in chunks for line in chunk.skipped),
    )

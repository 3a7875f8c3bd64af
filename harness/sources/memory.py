"""Images that are in memory already: tensors, arrays, and the splits of a data set."""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.data import Dataset, Split
from harness.errors import DataError
from harness.sources.layout import checked_labels, layout_of
from harness.sources.source import Chunk, Source, per_chunk

SPLITS = ("train", "validation", "test")


def tensor_source(
    images: Tensor | NDArray[np.generic], title: str, labels: Tensor | NDArray[np.generic] | None = None
) -> Source:
    """Images uint8 in a layout of `layout_of`, or points float32 (n, 1, 1, dim), on any device; `labels`:
    integers (n,), where there are any. DataError where they are neither, or a point is not finite."""
    tensor = arranged(images, title)
    named = None if labels is None else checked_labels(_as_tensor(labels, title), len(tensor), title)
    sha = hashlib.sha256(f"{tuple(tensor.shape)} {tensor.dtype}".encode())
    for part in (tensor, named):
        if part is not None:
            sha.update(part.contiguous().numpy().data)
    return Source(
        title,
        len(tensor),
        shape_of(tensor),
        _reading(tensor, named),
        sha.hexdigest(),
        levels=None if tensor.is_floating_point() else 256,
    )


def dataset_source(dataset: Dataset, split: str) -> Source:
    """One split of a data set: `train`, `validation` or `test`."""
    part: Split = getattr(dataset, split)
    return Source(
        f"{dataset.name}, {split} split",
        len(part),
        dataset.shape,
        _reading(part.images, part.labels),
        hashlib.sha256(f"{dataset.digest}/{split}".encode()).hexdigest(),
        levels=dataset.levels,
        density=dataset.density,
    )


def arranged(images: object, title: str) -> Tensor:
    """Images uint8 (n, channels, height, width), or points float32 (n, 1, 1, dim), on the CPU.

    DataError where it is neither, or a point is not finite. Where a torch tensor could be read in two ways,
    its channels come first, as everywhere in torch.
    """
    tensor = _as_tensor(images, title)
    if tensor.dtype == torch.float32 and tensor.ndim == 4 and tensor.shape[1:3] == (1, 1) and tensor.numel():
        if not tensor.isfinite().all():
            raise DataError(f"{title} holds points that are not finite")
        return tensor
    dtype = str(tensor.dtype).removeprefix("torch.")
    layout = layout_of(tuple(tensor.shape), dtype, title, channels_first=isinstance(images, Tensor))
    return layout.arranged(tensor)


def shape_of(images: Tensor) -> tuple[int, int, int]:
    """(channels, height, width) of (n, channels, height, width)."""
    channels, height, width = images.shape[1:]
    return channels, height, width


def _as_tensor(array: object, title: str) -> Tensor:
    """On the CPU, sharing memory where it can; DataError for what is no array, or of a type torch lacks."""
    if isinstance(array, Tensor):
        return array.detach().cpu()
    if not isinstance(array, np.ndarray):
        kind = type(array).__name__
        raise DataError(f"{title}: a {kind} holds no images, which are a torch tensor or a numpy array")
    if array.dtype.hasobject:
        raise DataError(f"{title} holds Python objects: images are uint8")
    # A copy where torch would refuse: strides below zero, memory that cannot be written to, big-endian.
    plain = np.require(array, array.dtype.newbyteorder("="), ["C", "W"])
    try:
        return torch.from_numpy(plain)
    except TypeError as error:
        raise DataError(f"{title} holds {array.dtype}: images are uint8") from error


def _reading(images: Tensor, labels: Tensor | None) -> Callable[[], Iterator[Chunk]]:
    def read() -> Iterator[Chunk]:
        size = per_chunk(shape_of(images))
        for start in range(0, len(images), size):
            part = slice(start, start + size)
            yield Chunk(images[part], None if labels is None else labels[part])

    return read

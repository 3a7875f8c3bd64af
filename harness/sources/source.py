"""What a source of images is: something that says what it holds, and can be read in chunks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod

from torch import Tensor

from harness.data.density import Density

CHUNK_BYTES = 4 << 20
"""What the images of one chunk take at most, unless a single one takes more."""


@dataclass(frozen=True)
class Chunk:
    """Some images of a source: uint8 (n, channels, height, width), n may be 0, or points float32 (n, 1, 1,
    dim); `labels` int64 (n,) where the source has classes. `skipped`: a line for each thing that was met on
    the way here and is no image, with the reason."""

    images: Tensor
    labels: Tensor | None = None
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """Images from anywhere. Making one looks at what there is; only `read` decodes it.

    title: how a sentence names it, as in `folder faces`, `mnist, test split`;
    count: how many images it will give, or a few more, where some turn out to be broken on reading;
    shape: (channels, height, width), the same for all of them;
    read: begins anew at every call, and gives all images in chunks of any size, holding a few chunks at most;
    content: SHA-256 over all that `read` depends on, independent of the order of files, found without
        decoding anything; None where it cannot be known beforehand;
    notes: what a reader must know of how the images were read;
    skipped: what was found to be no image already;
    levels: evenly spaced grey values of the images, None for points;
    density: the distribution of points, where it is known.
    """

    title: str
    count: int
    shape: tuple[int, int, int]
    read: Callable[[], Iterator[Chunk]]
    content: str | None = None
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    levels: int | None = 256
    density: Density | None = None


def per_chunk(shape: tuple[int, int, int], most: int = 512) -> int:
    """How many uint8 images of `shape` make a chunk: at least one, `most` at most."""
    return max(1, min(most, CHUNK_BYTES // max(1, prod(shape))))

"""Grey and colour images brought together, without inventing or losing anything."""

from collections.abc import Iterator
from dataclasses import replace

from torch import Tensor

from harness.errors import DataError
from harness.sources import Chunk, Source


def with_channels(source: Source, channels: int) -> Source:
    """`source` with images of that many channels: grey ones repeated, colour ones turned grey where they are.

    Grey to three channels repeats the one, as every Inception protocol does. Three to one takes the first if
    all three are equal, as in grey images that were saved in colour; reading others raises DataError.
    """
    here, height, width = source.shape
    if here == channels:
        return source
    if (here, channels) not in {(1, 3), (3, 1)}:
        raise DataError(f"{source.title}: images of {here} channels cannot be read as images of {channels}")

    def read() -> Iterator[Chunk]:
        for chunk in source.read():
            yield replace(chunk, images=_converted(chunk.images, channels, source.title))

    note = "grey images repeated in three channels" if channels == 3 else "grey images saved in colour"
    return replace(
        source,
        shape=(channels, height, width),
        read=read,
        content=None if source.content is None else f"{source.content}/{channels}",
        notes=(*source.notes, f"{source.title}: {note}"),
    )


def _converted(images: Tensor, channels: int, title: str) -> Tensor:
    if channels == 3:
        return images.expand(-1, 3, -1, -1).contiguous()
    coloured = (images != images[:, :1]).flatten(1).any(1)
    if bool(coloured.any()):
        raise DataError(
            f"{title}: {int(coloured.sum())} of {len(images)} images are in colour, and the protocol reads"
            " grey ones: choose another protocol, or turn them grey yourself"
        )
    return images[:, :1].contiguous()

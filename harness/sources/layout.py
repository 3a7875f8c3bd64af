"""What an array of images means: which of its axes are channels, height and width; or why nobody can tell."""

from dataclasses import dataclass

import torch
from torch import Tensor

from harness.errors import DataError

CHANNELS = (1, 3)

TO_UINT8 = (
    'from [-1, 1] by `(x * 127.5 + 127.5).round().clip(0, 255).astype("uint8")`, '
    'from [0, 1] by `(x * 255).round().clip(0, 255).astype("uint8")`'
)
"""With numpy; torch writes `.to(torch.uint8)` in the place of the last call."""


@dataclass(frozen=True)
class Layout:
    """How an array of `count` images of `shape` (channels, height, width) is stored. `grey`: it has no axis
    of channels; `channels_last`: that axis is the last."""

    count: int
    shape: tuple[int, int, int]
    grey: bool = False
    channels_last: bool = False

    def arranged(self, images: Tensor) -> Tensor:
        """Any number of such images as uint8 (n, channels, height, width)."""
        if self.grey:
            return images.unsqueeze(1)
        return images.movedim(-1, 1).contiguous() if self.channels_last else images


def layout_of(shape: tuple[int, ...], dtype: str, title: str, *, channels_first: bool = False) -> Layout:
    """The layout of an array: uint8 (n, h, w), (n, h, w, c) or (n, c, h, w) with one or three channels.

    DataError for everything else, and where two readings are possible, unless `channels_first` prefers the
    last of these three. `title` names the array.
    """
    _refuse_dtype(dtype, title)
    wanted = "images are (n, h, w), (n, h, w, c) or (n, c, h, w), with 1 or 3 channels"
    if len(shape) not in {3, 4}:
        raise DataError(f"{title} has shape {shape}: {wanted}")
    if 0 in shape:
        raise DataError(f"{title} has shape {shape} and so holds no images")
    if len(shape) == 3:
        if shape[2] in {1, 3, 4}:
            raise DataError(f"{title} has shape {shape}, which looks like one image: {wanted}")
        return Layout(shape[0], (1, shape[1], shape[2]), grey=True)
    count, second, third, last = shape
    first_fits, last_fits = second in CHANNELS, last in CHANNELS
    if first_fits and last_fits and not channels_first:
        raise DataError(
            f"{title} has shape {shape}, where either axis 1 or axis 3 could be the channels: "
            "write the images as a folder of PNG files"
        )
    if first_fits:
        return Layout(count, (second, third, last))
    if last_fits:
        return Layout(count, (last, second, third), channels_last=True)
    if 4 in {second, last}:
        way = "x[..., :3]" if last == 4 else "x[:, :3]"
        raise DataError(f"{title} has shape {shape}, and so an alpha channel, it seems: drop it with `{way}`")
    raise DataError(f"{title} has shape {shape}: {wanted}")


def checked_labels(labels: Tensor, count: int, title: str) -> Tensor:
    """`labels` as int64 (count,); DataError where they are not one integer for each image."""
    integral = not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)
    if labels.shape != (count,) or not integral:
        found = f"{str(labels.dtype).removeprefix('torch.')} {tuple(labels.shape)}"
        raise DataError(f"{title}: labels are one integer for each of {count:,} images, not {found}")
    return labels.to(torch.int64)


def _refuse_dtype(dtype: str, title: str) -> None:
    if dtype == "uint8":
        return
    if dtype == "object":
        raise DataError(f"{title} holds Python objects, which are not read: save a plain array of uint8")
    if "float" in dtype:
        raise DataError(f"{title} holds {dtype}, whose range nobody can tell: make it uint8, {TO_UINT8}")
    way = (
        '`x.astype("uint8") * 255`'
        if dtype == "bool"
        else '`x.astype("uint8")`, if all of it is within 0..255'
    )
    raise DataError(f"{title} holds {dtype}: make it uint8, {way}")

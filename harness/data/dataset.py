"""What a data set is: images or points in memory, split for good, with a digest of every byte."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from harness.data.density import Density


@dataclass(frozen=True)
class Split:
    """images: uint8 (n, channels, height, width), or points as images of one row: float32 (n, 1, 1, dim);
    labels: int64 (n,)."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def to(self, device: torch.device) -> "Split":
        """The same, on another device."""
        return Split(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Dataset:
    """A labelled data set of images, or of points, with fixed train, validation and test splits.

    `levels` is how many grey values the images use, evenly spaced over 0..255. Generated images are rounded
    to the same values: otherwise real and generated supports differ and the true JSD is log 2. Points are
    real numbers, and never rounded: None. `density` is the distribution they come from, where it is known.
    `mirrors`: a mirrored image is as good as the original, which holds for photographs and not for letters.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    classes: tuple[str, ...]
    source: str
    levels: int | None = 256
    density: Density | None = None
    mirrors: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of one image, (1, 1, dim) of one point."""
        channels, height, width = self.train.images.shape[1:]
        return channels, height, width

    @cached_property
    def digest(self) -> str:
        """SHA-256 over every image or point, label and split boundary, and over the box of the density."""
        sha = hashlib.sha256(f"{self.name}/{self.levels}".encode())
        if self.density:
            sha.update(str((self.density.low, self.density.high)).encode())
        for split in (self.train, self.validation, self.test):
            sha.update(str(tuple(split.images.shape)).encode())
            sha.update(split.images.contiguous().numpy().data)
            sha.update(split.labels.contiguous().numpy().data)
        return sha.hexdigest()


def to_float(images: Tensor) -> Tensor:
    """uint8 0..255 to float32 in [-1, 1], the range of every generator of images; points pass unchanged."""
    if images.is_floating_point():
        return images
    return images.to(torch.float32).div_(127.5).sub_(1)


def quantise(images: Tensor, levels: int | None = 256) -> Tensor:
    """Float images in [-1, 1] to uint8, rounded to the nearest of `levels` evenly spaced grey values.

    Rounding, not truncation: `(x * 255).byte()` darkens every image by half a level. With `levels` None they
    are points, which pass unchanged, as float32.
    """
    if levels is None:
        return images.float()
    steps = images.float().add(1).mul(0.5 * (levels - 1)).round().clamp(0, levels - 1)
    return steps.mul(255 / (levels - 1)).round().to(torch.uint8)

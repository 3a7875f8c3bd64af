"""Stacked MNIST: three digits in one image, and so 1,000 known modes for a generator to lose."""

from pathlib import Path
from typing import Annotated

import torch
from pydantic import Field

from harness.data.dataset import Dataset, Split
from harness.data.mnist import Resolution, mnist
from harness.seeding import generator

HELD_OUT = 10_000
"""Images of the validation split, and of the test split."""


def stacked_mnist(
    data_root: Path,
    *,
    num_train: Annotated[int, Field(ge=1, le=1_000_000, description="training images")] = 128_000,
    root: str | None = None,
    resolution: Resolution = 28,
) -> Dataset:
    """Three MNIST digits drawn at random, one a colour channel: 1,000 classes (Srivastava et al. 2017).

    The class is the number that the digits write, red first. VEEGAN and PacGAN (Lin et al. 2018) draw their
    128,000 images from all 70,000 digits; here each split is drawn from its own split of MNIST, so that no
    digit of a test image was ever learnt from. The same images at every call; in memory 2,352 bytes each,
    300 MB with the defaults. `root` is the folder that holds `MNIST/raw`.
    """
    digits = mnist(data_root, root=root, resolution=resolution)
    return Dataset(
        name="stacked_mnist",
        train=stack(digits.train, "train", num_train),
        validation=stack(digits.validation, "validation", HELD_OUT),
        test=stack(digits.test, "test", HELD_OUT),
        classes=tuple(f"{number:03}" for number in range(1000)),
        source=f"{digits.source}, three at a time",
    )


def stack(digits: Split, part: str, count: int) -> Split:
    """`count` images of three grey `digits` each, drawn with replacement, for the split called `part`."""
    drawn = torch.randint(len(digits), (count, 3), generator=generator(0, f"stacked_mnist/{part}"))
    images = digits.images.index_select(0, drawn.flatten())
    return Split(
        images.view(count, 3, *digits.images.shape[2:]),
        digits.labels[drawn] @ torch.tensor([100, 10, 1]),
    )

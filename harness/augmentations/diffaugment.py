"""DiffAugment: real and generated images alike are augmented before the discriminator judges them.

Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training" (NeurIPS), section 3.2. The
defaults are those of the authors' published code; with them augmented images have the same distribution. The
generator's gradient passes through, so it learns images as they are before they are augmented.
"""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import pad

from harness.augmentations.augmentation import Augmentation

Ratio = Annotated[float, Field(ge=0, le=1, description="share of the image's height, and of its width")]
Strength = Annotated[float, Field(ge=0, le=1, description="half the width of the range of its parameter")]


def translation(*, ratio: Ratio = 0.125) -> Augmentation:
    """Shifts by whole pixels, uniform up to `ratio` of each side; zeros move in (Zhao et al. 2020, 3.2)."""

    def translate(images: Tensor) -> Tensor:
        rows, columns = (_shifted(images, size, _pixels(size, ratio)) for size in images.shape[2:])
        each = torch.arange(len(images), device=images.device).view(-1, 1, 1, 1)
        channels = torch.arange(images.shape[1], device=images.device).view(1, -1, 1, 1)
        return pad(images, (1, 1, 1, 1))[each, channels, rows[:, None, :, None], columns[:, None, None]]

    return translate


def cutout(*, ratio: Ratio = 0.5) -> Augmentation:
    """A rectangle of `ratio` of each side becomes zero, its centre anywhere (Zhao et al. 2020, 3.2)."""

    def cut(images: Tensor) -> Tensor:
        rows, columns = (_covered(images, size, _pixels(size, ratio)) for size in images.shape[2:])
        hole = rows.unsqueeze(2) & columns.unsqueeze(1)
        return images * ~hole.unsqueeze(1)

    return cut


def color(
    *, brightness: Strength = 0.5, saturation: Strength = 1.0, contrast: Strength = 0.5
) -> Augmentation:
    """Brightness, saturation and contrast at random (Zhao et al. 2020, section 3.2).

    U(-brightness, brightness) is added to every pixel. Its distance from the mean over channels is multiplied
    by U(1 - saturation, 1 + saturation), then that from the image's mean by U(1 - contrast, 1 + contrast).
    """

    def recolor(images: Tensor) -> Tensor:
        images = images + brightness * _uniform(images)
        grey = images.mean(1, keepdim=True)
        images = grey + (images - grey) * (1 + saturation * _uniform(images))
        mean = images.mean((1, 2, 3), keepdim=True)
        return mean + (images - mean) * (1 + contrast * _uniform(images))

    return recolor


def _pixels(size: int, ratio: float) -> int:
    return int(size * ratio + 0.5)


def _shifted(images: Tensor, size: int, most: int) -> Tensor:
    """(n, size): where each pixel of a side comes from, in an image with a frame of one zero pixel."""
    shifts = torch.randint(-most, most + 1, (len(images), 1), device=images.device)
    return (torch.arange(1, size + 1, device=images.device) + shifts).clamp(0, size + 1)


def _covered(images: Tensor, size: int, length: int) -> Tensor:
    """(n, size): whether each pixel of a side is in a stretch of `length`, which may reach over the edge."""
    centres = torch.randint(0, size + 1 - length % 2, (len(images), 1), device=images.device)
    distance = torch.arange(size, device=images.device) - centres + length // 2
    return (distance >= 0) & (distance < length)


def _uniform(images: Tensor) -> Tensor:
    """(n, 1, 1, 1): U(-1, 1) for each image."""
    draws = torch.rand(len(images), 1, 1, 1, device=images.device)
    return (draws * 2 - 1).to(images.dtype)

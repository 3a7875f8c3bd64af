"""Consistency regularisation: D is to say the same of an image and of the image moved a little.

What is random in it is drawn from torch's default generator.
"""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from harness.augmentations import mirrored
from harness.errors import ConfigError
from harness.losses.loss import Judge, Penalty
from harness.losses.terms import Every, Weight, weighted

Shift = Annotated[int, Field(ge=0, le=1024, description="most pixels by which an image moves")]
Flip = Annotated[bool, Field(description="also mirror half of the images; not for digits or text")]


def shifted(images: Tensor, most: int) -> Tensor:
    """Each of `images` (batch, channels, height, width) moved by -most to most pixels along both sides.

    What was outside is the mirror image of what is inside.
    """
    batch, _, height, width = images.shape
    offsets = torch.randint(-most, most + 1, (2, batch, 1), device=images.device)
    rows = _reflected(torch.arange(height, device=images.device) + offsets[0], height)
    columns = _reflected(torch.arange(width, device=images.device) + offsets[1], width)
    which = torch.arange(batch, device=images.device)[:, None, None]
    moved = images.movedim(1, -1)[which, rows[:, :, None], columns[:, None, :]]
    return moved.movedim(-1, 1)


def consistency_term(judge: Judge, real: Tensor, *, shift: int, flip: bool) -> Tensor:
    """E (D(x) - D(T(x)))^2 on real images (Zhang et al. 2020, algorithm 1).

    T is a random shift by up to `shift` pixels, if `flip` of images mirrored with probability 1/2.
    """
    moved = shifted(mirrored(real) if flip else real, shift)
    # Two passes, since the judge knows the classes of one batch.
    return (judge(real) - judge(moved)).square().mean()


def consistency(*, weight: Weight = 10.0, every: Every = 1, shift: Shift = 2, flip: Flip = False) -> Penalty:
    """CR-GAN: D says the same of an image that is shifted or mirrored (Zhang et al. 2020, algorithm 1)."""
    if not (shift or flip):
        raise ConfigError("penalty consistency without shift or flip changes nothing: set one of them")

    def term(judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
        return consistency_term(judge, real, shift=shift, flip=flip)

    return weighted(term, weight, every, images_only=True)


def _reflected(index: Tensor, size: int) -> Tensor:
    """Indices from anywhere into [0, size), as if the image went on as its mirror image at either edge."""
    period = max(2 * (size - 1), 1)
    index = index % period
    return torch.minimum(index, period - index)

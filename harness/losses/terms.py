"""What all penalties with a term share: a weight, laziness, and single precision."""

from collections.abc import Callable
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from harness.losses.loss import Judge, Penalty

Weight = Annotated[float, Field(gt=0, description="factor of the penalty in the discriminator's loss")]
Every = Annotated[
    int,
    Field(
        ge=1,
        le=1_000_000,
        description="k: added at every k-th update of D only, k times over",
    ),
]
Term = Callable[[Judge, Tensor, Tensor], Tensor]
"""(judge, real, fake) -> a scalar."""


def weighted(term: Term, weight: float, every: int, *, images_only: bool = False) -> Penalty:
    """The penalty `weight * term`, in float32 or better with autocast off, whatever the training's precision.

    Gradients of gradients, and differences of near equals, lose too many digits below.
    """

    def weighed(judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
        with torch.autocast(real.device.type, enabled=False):
            return weight * term(judge, _at_least_single(real), _at_least_single(fake))

    return Penalty(weighed, every=every, images_only=images_only)


def _at_least_single(images: Tensor) -> Tensor:
    return images.to(torch.promote_types(images.dtype, torch.float32))

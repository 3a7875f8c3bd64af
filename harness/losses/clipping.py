"""Weight clipping: the first way to a critic of bounded slope."""

from typing import Annotated

import torch
from pydantic import Field
from torch import nn

from harness.losses.loss import Penalty

Bound = Annotated[float, Field(gt=0, description="largest absolute weight after clipping")]


@torch.no_grad()
def clip_weights(discriminator: nn.Module, bound: float) -> None:
    """Clamp every parameter to [-bound, bound] in place (Arjovsky et al. 2017, algorithm 1).

    Under spectral normalisation those are the weights before they are normalised.
    """
    for parameter in discriminator.parameters():
        parameter.clamp_(-bound, bound)


def weight_clipping(*, bound: Bound = 0.01) -> Penalty:
    """WGAN: weights clamped after each update (Arjovsky et al. 2017, algorithm 1)."""
    return Penalty(project=lambda discriminator: clip_weights(discriminator, bound))

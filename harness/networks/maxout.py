"""The pair of the first GAN on MNIST: a rectifier generator, a maxout discriminator with dropout.

Goodfellow et al. 2014, section 5; maxout units are those of Goodfellow et al. 2013, eq. 1. The numbers that
the paper leaves out are the defaults here, as its published configuration has them (`mnist.yaml` of the
repository `goodfeli/adversarial`): weights uniform in ±.05 (generator) and ±.005 (discriminator), biases zero
but for the generator's last, which starts at the training images' marginals; no constraint on norms.

Both networks count pixels from 0 (black) to 1, as the original does, while images here live in [-1, 1]: an
input that drops out must become black, which it does only where black is zero.
"""

from math import prod, sqrt
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from harness.networks.pair import Latent, Pair, Shape, Widths

Dropout = Annotated[float, Field(ge=0, lt=1, description="probability that a unit is silenced")]
Range = Annotated[float, Field(gt=0, description="weights start uniform in [-range, range]")]

UNIFORM_SCALE = sqrt(3)
"""U[-1, 1) times this has variance 1: the original's uniform noise is U(-√3, √3)."""

RAREST = 1e-7
"""Marginals are kept this far from 0 and 1, whose log-odds are infinite."""


class MaxoutGenerator(nn.Module):
    """z (batch, latent.size) -> images (batch, channels, height, width) in [-1, 1]."""

    def __init__(self, shape: Shape, latent: Latent, widths: Widths) -> None:
        super().__init__()
        self.shape = shape
        self.scale = UNIFORM_SCALE if latent.distribution == "uniform" else 1.0
        layers: list[nn.Module] = []
        for inputs, outputs in zip((latent.size, *widths), widths, strict=False):
            layers += [nn.Linear(inputs, outputs), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1], prod(shape))

    def forward(self, z: Tensor) -> Tensor:
        pixels: Tensor = self.head(self.body(z * self.scale)).sigmoid()
        return (pixels * 2 - 1).view(-1, *self.shape)

    @torch.no_grad()
    def start_at_marginals(self, images: Tensor) -> None:
        """Set the last bias to the log-odds of each pixel's mean over `images`, uint8 (n, *shape)."""
        means = images.flatten(1).double().mean(0).div_(255).clamp_(RAREST, 1 - RAREST)
        self.head.bias.copy_(means.logit())


class Maxout(nn.Module):
    """(batch, inputs) -> (batch, units): each unit is the greatest of `pieces` linear functions."""

    def __init__(self, inputs: int, units: int, pieces: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, units * pieces)
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        # Pieces before units: the maximum then runs over whole rows, which processors do many times as fast.
        highest: Tensor = self.linear(x).unflatten(-1, (self.pieces, -1)).amax(-2)
        return highest


class MaxoutDiscriminator(nn.Module):
    """images (batch, channels, height, width) in [-1, 1] -> logits (batch,)."""

    def __init__(
        self, shape: Shape, units: Widths, pieces: int, input_dropout: float, hidden_dropout: float
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Dropout(input_dropout)]
        for inputs, outputs in zip((prod(shape), *units), units, strict=False):
            layers += [Maxout(inputs, outputs, pieces), nn.Dropout(hidden_dropout)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(units[-1], 1)

    def forward(self, images: Tensor) -> Tensor:
        pixels = images.flatten(1).add(1).mul(0.5)
        logits: Tensor = self.head(self.body(pixels))
        return logits.squeeze(1)


def maxout(
    shape: Shape,
    *,
    latent: Latent = Latent(size=100, distribution="uniform"),  # noqa: B008 - frozen
    generator_widths: Widths = (1200, 1200),
    discriminator_units: Widths = (240, 240),
    pieces: Annotated[int, Field(ge=2, description="linear functions in a maxout unit")] = 5,
    input_dropout: Dropout = 0.2,
    hidden_dropout: Dropout = 0.5,
    generator_range: Range = 0.05,
    discriminator_range: Range = 0.005,
) -> Pair:
    """The MNIST pair of the first GANs, maxout with dropout (Goodfellow et al. 2014).

    Uniform latents are scaled to variance 1.
    """
    generator = MaxoutGenerator(shape, latent, generator_widths)
    discriminator = MaxoutDiscriminator(shape, discriminator_units, pieces, input_dropout, hidden_dropout)
    _initialise(generator, generator_range)
    _initialise(discriminator, discriminator_range)
    # Dropout draws a mask for every image, so images may share a pass.
    return Pair(
        generator, discriminator, latent, rowwise=True, meet=generator.start_at_marginals, bounded=True
    )


def _initialise(module: nn.Module, limit: float) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.uniform_(layer.weight, -limit, limit)
            nn.init.zeros_(layer.bias)

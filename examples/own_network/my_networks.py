"""A pair that harness does not have: a generator that is a function of a place, a discriminator that attends.

The generator is one small network that is asked for every pixel by itself: where it is, as Fourier features
(Tancik et al. 2020, section 5), and z go in, its grey value comes out. The discriminator takes an image as a
set of patches that look at each other (Vaswani et al. 2017, section 3.2).
"""

from math import pi
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from harness.errors import ConfigError
from harness.networks import Latent, Pair, Shape

Width = Annotated[int, Field(ge=1, le=1024)]


class FourierGenerator(nn.Module):
    """z (batch, latent_size) -> images (batch, channels, height, width) in [-1, 1]."""

    waves: Tensor

    def __init__(self, shape: Shape, latent_size: int, width: int, frequencies: int) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("waves", fourier_features(shape, frequencies))
        self.of_place = nn.Linear(self.waves.shape[1], width)
        self.of_latent = nn.Sequential(nn.Linear(latent_size, width), nn.SiLU(), nn.Linear(width, 2 * width))
        self.body = nn.Sequential(
            *(nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)),
            *(nn.SiLU(), nn.Linear(width, shape[0])),
        )

    def forward(self, z: Tensor) -> Tensor:
        scale, shift = self.of_latent(z).unsqueeze(1).chunk(2, dim=-1)
        pixels: Tensor = self.body(
            self.of_place(self.waves) * (1 + scale) + shift
        )  # (batch, places, channels)
        return pixels.tanh().mT.reshape(-1, *self.shape)


def fourier_features(shape: Shape, frequencies: int) -> Tensor:
    """(height * width, 4 * frequencies): sines and cosines of the row and the column of every pixel, which
    run from 0 to 1, at wavelengths 2, 1, 1/2, ..."""
    _, height, width = shape
    rows, columns = torch.linspace(0, 1, height), torch.linspace(0, 1, width)
    places = torch.cartesian_prod(rows, columns)
    angles = (places.unsqueeze(-1) * pi * 2.0 ** torch.arange(frequencies)).flatten(1)
    return torch.cat((angles.sin(), angles.cos()), dim=1)


class AttentionDiscriminator(nn.Module):
    """images (batch, channels, height, width) -> logits (batch,)."""

    def __init__(self, shape: Shape, width: int, patch: int) -> None:
        super().__init__()
        channels, height, across = shape
        self.cut = nn.Conv2d(channels, width, patch, stride=patch)
        self.places = nn.Parameter(torch.randn((height // patch) * (across // patch), width))
        self.queries, self.keys, self.values = (nn.Linear(width, width) for _ in range(3))
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(self.places.numel(), 2 * width),
            nn.LeakyReLU(0.2),
            nn.Linear(2 * width, 1),
        )

    def forward(self, images: Tensor) -> Tensor:
        patches = self.cut(images).flatten(2).transpose(1, 2) + self.places  # (batch, patches, width)
        # Written out, for a penalty such as R1 differentiates twice, which fused attention does not allow.
        likeness = self.queries(patches) @ self.keys(patches).mT / patches.shape[-1] ** 0.5
        patches = patches + likeness.softmax(dim=-1) @ self.values(patches)
        logits: Tensor = self.head(patches)
        return logits.squeeze(1)


def fourier(
    shape: Shape,
    *,
    latent: Latent = Latent(),  # noqa: B008 - frozen
    generator_width: Width = 128,
    discriminator_width: Width = 64,
    frequencies: Annotated[int, Field(ge=1, le=8, description="wavelengths of a pixel's place")] = 3,
    patch: Annotated[int, Field(ge=1, description="side of a patch in pixels; divides the image's")] = 2,
) -> Pair:
    """Fourier features of places in, pixels out; judged by attention between patches."""
    if any(side % patch for side in shape[1:]):
        raise ConfigError(f"network fourier: patch is {patch}, which does not divide {shape[1]}×{shape[2]}")
    return Pair(
        FourierGenerator(shape, latent.size, generator_width, frequencies),
        AttentionDiscriminator(shape, discriminator_width, patch),
        latent,
        rowwise=True,
        bounded=True,
    )

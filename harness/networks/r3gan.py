"""R3GAN (Huang et al. 2024, section 4): a residual pair without normalisation, for resolutions from 8 to 64.

Every stage of a size runs inverted bottlenecks, 1x1 - grouped 3x3 - 1x1, whose last layer starts at zero, so
that both networks begin as their skip paths (Fixup, Zhang et al. 2019). The authors' networks for CIFAR-10
have `generator_width: 768` and `discriminator_width: 768`; their resampling fades to zero at the borders.
"""

from itertools import pairwise
from math import sqrt
from typing import Annotated, TypeVar

import torch
from pydantic import Field
from torch import Tensor, nn

from harness.networks.conditional import Conditioning, Head, split_latent
from harness.networks.ladder import ladder, refuse_all_but_squares
from harness.networks.pair import Latent, Pair, Shape, activation_layer
from harness.networks.resample import Resample

EXPANSION = 2
"""Hidden channels of a block for each channel of its input."""

GROUP = 16
"""Hidden channels that one group of a 3x3 convolution reads and writes."""

GAIN = sqrt(2 / (1 + 0.2**2))
"""Gives back the second moment that a leaky rectifier of slope 0.2 takes away (He et al. 2015, eq. 14)."""

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)

Width = Annotated[
    int, Field(ge=8, le=1024, multiple_of=GROUP // EXPANSION, description="channels at every resolution")
]
Blocks = Annotated[int, Field(ge=1, le=8, description="residual blocks at every resolution")]


class ResidualBlock(nn.Module):
    """(batch, width, size, size) -> the same, x + residual(x); one of `depth` such blocks of a network.

    The weights before the last, which are zero, shrink by depth^(-1/4), so that the first update moves the
    network by the same amount whatever its depth (Zhang et al. 2019, section 3, for three layers).
    """

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        hidden = EXPANSION * width
        gain = GAIN * depth**-0.25
        self.residual = nn.Sequential(
            _scaled(nn.Conv2d(width, hidden, 1), gain),
            activation_layer("leaky_relu"),
            _scaled(nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden // GROUP), gain),
            activation_layer("leaky_relu"),
            _scaled(nn.Conv2d(hidden, width, 1, bias=False), 0.0),
        )

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = x + self.residual(x)
        return changed


class R3ganGenerator(nn.Module):
    """z (batch, latent_size), or (batch, latent_size + classes) -> images (batch, channels, size, size).

    The last layer is linear: images are near [-1, 1] once it has learnt to draw them, not confined to it.
    """

    def __init__(
        self, shape: Shape, latent_size: int, width: int, blocks: int, conditioning: Conditioning | None
    ) -> None:
        super().__init__()
        channels, resolution, _ = shape
        sizes = ladder(resolution)
        self.latent_size = latent_size
        self.embedding, inputs = None, latent_size
        if conditioning:
            self.embedding = _scaled(nn.Linear(conditioning.classes, latent_size, bias=False))
            inputs += latent_size
        self.modulation = _scaled(nn.Linear(inputs, width, bias=False))
        self.basis = nn.Parameter(torch.randn(width, sizes[0], sizes[0]))
        self.body = _stages(sizes, width, blocks)
        self.to_image = _scaled(nn.Conv2d(width, channels, 1, bias=False))

    def forward(self, z: Tensor) -> Tensor:
        if self.embedding is not None:
            noise, classes = split_latent(z, self.latent_size)
            z = torch.cat((noise, self.embedding(classes)), 1)
        x = self.basis * self.modulation(z)[:, :, None, None]
        images: Tensor = self.to_image(self.body(x))
        return images


class R3ganDiscriminator(nn.Module):
    """images (batch, channels, size, size) -> logits (batch,), or what `Head` gives of classes."""

    def __init__(self, shape: Shape, width: int, blocks: int, conditioning: Conditioning | None) -> None:
        super().__init__()
        channels, resolution, _ = shape
        sizes = ladder(resolution)[::-1]
        self.from_image = _scaled(nn.Conv2d(channels, width, 1, bias=False))
        self.body = _stages(sizes, width, blocks)
        self.basis = _scaled(nn.Conv2d(width, width, sizes[-1], groups=width, bias=False))
        self.head = Head(width, conditioning)
        _scaled(self.head.linear)
        if self.head.embedding is not None:
            nn.init.normal_(self.head.embedding.weight, 0.0, self.head.embedding.weight.numel() ** -0.5)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        features = self.basis(self.body(self.from_image(images))).flatten(1)
        logits: Tensor = self.head(features, labels)
        return logits


def r3gan(
    shape: Shape,
    *,
    latent: Latent = Latent(size=64),  # noqa: B008 - frozen
    generator_width: Width = 64,
    discriminator_width: Width = 64,
    blocks: Blocks = 2,
    conditioning: Conditioning | None = None,
) -> Pair:
    """Residual networks without normalisation, any square resolution 8 to 64 (R3GAN, Huang et al. 2024).

    The generator's output is linear. Made for `loss: relativistic_paired` with `penalties: [r1, r2]`.
    """
    refuse_all_but_squares("r3gan", shape)
    return Pair(
        R3ganGenerator(shape, latent.size, generator_width, blocks, conditioning),
        R3ganDiscriminator(shape, discriminator_width, blocks, conditioning),
        latent,
        rowwise=True,
        conditioning=conditioning,
    )


def _stages(sizes: list[int], width: int, blocks: int) -> nn.Sequential:
    """`blocks` residual blocks at every size, and resampling from one size to the next."""
    depth = blocks * len(sizes)
    layers: list[nn.Module] = [ResidualBlock(width, depth) for _ in range(blocks)]
    for before, after in pairwise(sizes):
        layers += [Resample(before, after), *(ResidualBlock(width, depth) for _ in range(blocks))]
    return nn.Sequential(*layers)


def _scaled(layer: Layer, gain: float = 1.0) -> Layer:
    """N(0, gain² / inputs) weights, which multiply the second moment by gain², and zero biases."""
    nn.init.normal_(layer.weight, 0.0, gain / sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer

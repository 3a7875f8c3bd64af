"""The residual pair of SNGAN (Miyato et al. 2018, table 4) and of WGAN-GP, for resolutions from 8 to 64.

At 32 x 32 both networks are those for CIFAR-10; other sizes keep the widths, and climb and descend as many
rungs as they need. Maps grow by bilinear interpolation, as in `mimicry` (Lee & Town 2020). WGAN-GP (Gulrajani
et al. 2017) has `generator_width: 128` and `discriminator_normalization: none`; its critic takes the mean
over the pixels where this one takes their sum.
"""

from itertools import pairwise
from math import sqrt
from typing import Annotated, Literal, TypeVar

from pydantic import Field
from torch import Tensor, nn

from harness.errors import ConfigError
from harness.networks.conditional import ClassSequential, Conditioning, Head, split_latent
from harness.networks.ladder import ladder, refuse_all_but_squares
from harness.networks.normalization import DiscriminatorNormalization, norm_layers, spectral
from harness.networks.pair import Latent, Pair, Shape
from harness.networks.resample import Resample

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)
Width = Annotated[int, Field(ge=1, le=1024, description="channels at every resolution")]

LARGEST_JUDGED = 8
"""The discriminator halves maps down to this size, and judges them with blocks that keep it."""


class GeneratorBlock(nn.Module):
    """x (batch, width, before, before), one-hot (batch, classes) -> (batch, width, after, after)."""

    def __init__(
        self,
        width: int,
        before: int,
        after: int,
        normalization: Literal["batch", "none"],
        classes: int,
    ) -> None:
        super().__init__()
        self.grow = Resample(before, after)
        self.residual = ClassSequential(
            *norm_layers(normalization, width, before, classes=classes), nn.ReLU(), self.grow,
            _conv(width, width, 3, sqrt(2)),
            *norm_layers(normalization, width, after, classes=classes), nn.ReLU(),
            _conv(width, width, 3, sqrt(2)),
        )  # fmt: skip
        self.shortcut = _conv(width, width, 1)

    def forward(self, x: Tensor, one_hot: Tensor | None = None) -> Tensor:
        # The shortcut is linear in each pixel, so it may come before the growth, at a quarter of the work.
        grown: Tensor = self.residual(x, one_hot) + self.grow(self.shortcut(x))
        return grown


class ResnetGenerator(nn.Module):
    """z (batch, latent_size), or (batch, latent_size + classes) -> images (batch, channels, size, size)."""

    def __init__(
        self,
        shape: Shape,
        latent_size: int,
        width: int,
        normalization: Literal["batch", "none"],
        conditioning: Conditioning | None,
    ) -> None:
        super().__init__()
        channels, resolution, _ = shape
        sizes = ladder(resolution)
        classes = conditioning.classes if conditioning else 0
        self.latent_size, self.size = latent_size, sizes[0]
        self.stem = _scaled(nn.Linear(latent_size, width * sizes[0] ** 2))
        self.blocks = nn.ModuleList(
            GeneratorBlock(width, before, after, normalization, classes) for before, after in pairwise(sizes)
        )
        # This norm is the same for every class, as in the published networks.
        self.head = nn.Sequential(
            *norm_layers(normalization, width, resolution), nn.ReLU(), _conv(width, channels, 3), nn.Tanh()
        )

    def forward(self, z: Tensor) -> Tensor:
        z, one_hot = split_latent(z, self.latent_size)
        x = self.stem(z).unflatten(1, (-1, self.size, self.size))
        for block in self.blocks:
            x = block(x, one_hot)
        images: Tensor = self.head(x)
        return images


class DiscriminatorBlock(nn.Module):
    """x (batch, inputs, size, size) -> pool(residual(x)) + shortcut(pool(x)), smaller where `pool` halves."""

    def __init__(self, residual: nn.Module, shortcut: nn.Module, pool: nn.Module) -> None:
        super().__init__()
        self.residual = residual
        self.shortcut = shortcut
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        judged: Tensor = self.pool(self.residual(x)) + self.shortcut(self.pool(x))
        return judged


class ResnetDiscriminator(nn.Module):
    """images (batch, channels, size, size) -> logits (batch,), or what `Head` gives of classes."""

    def __init__(
        self,
        shape: Shape,
        width: int,
        normalization: DiscriminatorNormalization,
        conditioning: Conditioning | None,
    ) -> None:
        super().__init__()
        channels, size, _ = shape

        def residual(size: int) -> nn.Sequential:
            return nn.Sequential(
                *norm_layers(normalization, width, size), nn.ReLU(), _conv(width, width, 3, sqrt(2)),
                *norm_layers(normalization, width, size), nn.ReLU(), _conv(width, width, 3, sqrt(2)),
            )  # fmt: skip

        # Nothing normalises or rectifies the image itself.
        first = nn.Sequential(_conv(channels, width, 3, sqrt(2)), nn.ReLU(), _conv(width, width, 3, sqrt(2)))
        halve = nn.AvgPool2d(2, ceil_mode=True)  # an odd last row or column is averaged by itself
        blocks = [DiscriminatorBlock(first, _conv(channels, width, 1), halve)]
        size = (size + 1) // 2
        while size > LARGEST_JUDGED:
            blocks.append(DiscriminatorBlock(residual(size), _conv(width, width, 1), halve))
            size = (size + 1) // 2
        blocks += [DiscriminatorBlock(residual(size), nn.Identity(), nn.Identity()) for _ in range(2)]
        self.body = nn.Sequential(*blocks, nn.ReLU())
        self.head = Head(width, conditioning)
        _scaled(self.head.linear)
        if self.head.embedding is not None:
            nn.init.xavier_uniform_(self.head.embedding.weight)
        if normalization == "spectral":
            spectral(self)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        logits: Tensor = self.head(self.body(images).sum((2, 3)), labels)
        return logits


def resnet(
    shape: Shape,
    *,
    latent: Latent = Latent(size=128),  # noqa: B008 - frozen
    generator_width: Width = 256,
    discriminator_width: Width = 128,
    generator_normalization: Literal["batch", "none"] = "batch",
    discriminator_normalization: DiscriminatorNormalization = "spectral",
    conditioning: Conditioning | None = None,
) -> Pair:
    """Residual blocks, any square resolution 8 to 64 (SNGAN, Miyato et al. 2018)."""
    refuse_all_but_squares("resnet", shape)
    if conditioning and generator_normalization == "none":
        raise ConfigError("resnet tells its generator the class by generator_normalization: batch")
    return Pair(
        ResnetGenerator(shape, latent.size, generator_width, generator_normalization, conditioning),
        ResnetDiscriminator(shape, discriminator_width, discriminator_normalization, conditioning),
        latent,
        rowwise=discriminator_normalization != "batch",
        bounded=True,
        conditioning=conditioning,
    )


def _conv(inputs: int, outputs: int, kernel: int, gain: float = 1.0) -> nn.Conv2d:
    return _scaled(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), gain)


def _scaled(layer: Layer, gain: float = 1.0) -> Layer:
    """Glorot's uniform weights times `gain`, and zero biases, as in the authors' code."""
    nn.init.xavier_uniform_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer

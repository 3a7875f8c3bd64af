"""DCGAN (Radford et al. 2016) for any resolution from 8 to 64 and any number of channels.

Sizes halve, rounding up, from the resolution down to 4..7; the generator climbs the same ladder, each
transposed convolution doubling and then dropping the odd row and column where the rung is odd.
"""

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from harness.errors import ConfigError
from harness.networks.pair import Activation, Latent, Normalization, Pair, Shape, activation_layer

SMALLEST, LARGEST = 8, 64
Width = Annotated[int, Field(ge=1, le=1024, description="channels next to the image; doubled at each rung")]


def ladder(resolution: int) -> list[int]:
    """Sizes from the smallest feature map up to the image, e.g. 28 -> [7, 14, 28], 64 -> [4, 8, ..., 64]."""
    sizes = [resolution]
    while sizes[-1] > 7:
        sizes.append((sizes[-1] + 1) // 2)
    return sizes[::-1]


class DcganGenerator(nn.Module):
    """z (batch, latent_size) -> images (batch, channels, resolution, resolution) in [-1, 1]."""

    def __init__(
        self, shape: Shape, latent_size: int, width: int, activation: Activation, normalization: Normalization
    ) -> None:
        super().__init__()
        channels, resolution, _ = shape
        self.sizes = ladder(resolution)
        widths = [width * 2**i for i in range(len(self.sizes) - 1)][::-1]
        self.stem = nn.Linear(latent_size, widths[0] * self.sizes[0] ** 2)
        self.stem_norm = nn.Sequential(
            *_norm(normalization, widths[0], self.sizes[0]), activation_layer(activation)
        )
        blocks: list[nn.Module] = []
        for inputs, outputs, size in zip(widths, widths[1:], self.sizes[1:], strict=False):
            norm = _norm(normalization, outputs, size)
            layers = [_up(inputs, outputs, bias=not norm), _Crop(size), *norm, activation_layer(activation)]
            blocks.append(nn.Sequential(*layers))
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(_up(widths[-1], channels, bias=True), _Crop(resolution), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        size = self.sizes[0]
        x = self.stem(z).view(len(z), -1, size, size)
        images: Tensor = self.head(self.blocks(self.stem_norm(x)))
        return images


class DcganDiscriminator(nn.Module):
    """images (batch, channels, resolution, resolution) -> logits (batch,)."""

    def __init__(
        self, shape: Shape, width: int, activation: Activation, normalization: Normalization
    ) -> None:
        super().__init__()
        inputs, resolution, _ = shape
        sizes = ladder(resolution)[::-1]
        layers: list[nn.Module] = []
        for i, size in enumerate(sizes[1:]):
            outputs = width * 2**i
            # No normalisation next to the image (Radford et al. 2016, section 3): it makes the pair unstable.
            norm = _norm(normalization, outputs, size) if i > 0 else []
            odd = sizes[i] % 2  # an odd map is padded by one row and column so that it halves upwards
            layers += [
                nn.ZeroPad2d((0, odd, 0, odd)),
                nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=not norm),
                *norm,
                activation_layer(activation),
            ]
            inputs = outputs
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(inputs * sizes[-1] ** 2, 1)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(images).flatten(1))
        return logits.squeeze(1)


def dcgan(
    shape: Shape,
    *,
    latent: Latent = Latent(size=100),  # noqa: B008 - frozen
    generator_width: Width = 64,
    discriminator_width: Width = 64,
    generator_activation: Activation = "relu",
    discriminator_activation: Activation = "leaky_relu",
    generator_normalization: Normalization = "batch",
    discriminator_normalization: Normalization = "batch",
) -> Pair:
    """Strided convolutions, any square resolution 8 to 64 (Radford et al. 2016)."""
    _, height, width = shape
    if height != width or not SMALLEST <= height <= LARGEST:
        raise ConfigError(
            f"dcgan draws square images of {SMALLEST} to {LARGEST} pixels, not {height} x {width}; "
            "choose another network or another resolution"
        )
    pair = Pair(
        DcganGenerator(shape, latent.size, generator_width, generator_activation, generator_normalization),
        DcganDiscriminator(shape, discriminator_width, discriminator_activation, discriminator_normalization),
        latent,
        rowwise=discriminator_normalization != "batch",
        bounded=True,
    )
    pair.generator.apply(_initialise)
    pair.discriminator.apply(_initialise)
    return pair


class _Crop(nn.Module):
    """Drop what a doubling made too much."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        return x[..., : self.size, : self.size]


def _up(inputs: int, outputs: int, *, bias: bool) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=bias)


def _norm(normalization: Normalization, channels: int, size: int) -> list[nn.Module]:
    match normalization:
        case "batch":
            return [nn.BatchNorm2d(channels)]
        case "layer":
            return [nn.LayerNorm([channels, size, size])]
        case "none":
            return []


def _initialise(module: nn.Module) -> None:
    """N(0, 0.02) weights, N(1, 0.02) batch-norm scales (Radford et al. 2016, section 4)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)

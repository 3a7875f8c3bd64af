"""DCGAN (Radford et al. 2016) for any resolution from 8 to 64 and any number of channels.

Sizes halve, rounding up, from the resolution down to 4..7; the generator climbs the same ladder, each
transposed convolution doubling and then dropping the odd row and column where the rung is odd.
"""

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from harness.networks.conditional import ClassSequential, Conditioning, Head, split_latent
from harness.networks.ladder import ladder, refuse_all_but_squares
from harness.networks.normalization import DiscriminatorNormalization, Normalization, norm_layers, spectral
from harness.networks.pair import Activation, Latent, Pair, Shape, activation_layer

Width = Annotated[int, Field(ge=1, le=1024, description="channels next to the image; doubled at each rung")]


class DcganGenerator(nn.Module):
    """z (batch, latent_size), or (batch, latent_size + classes) -> images (batch, channels, size, size) in
    [-1, 1].

    A class is told by batch normalisation where there is any, else beside the noise.
    """

    def __init__(
        self,
        shape: Shape,
        latent_size: int,
        width: int,
        activation: Activation,
        normalization: Normalization,
        conditioning: Conditioning | None = None,
    ) -> None:
        super().__init__()
        channels, resolution, _ = shape
        self.latent_size = latent_size
        self.sizes = ladder(resolution)
        classes = conditioning.classes if conditioning else 0
        widths = [width * 2**i for i in range(len(self.sizes) - 1)][::-1]
        self.inputs = latent_size if normalization == "batch" else latent_size + classes
        self.stem = nn.Linear(self.inputs, widths[0] * self.sizes[0] ** 2)
        layers = [
            *norm_layers(normalization, widths[0], self.sizes[0], classes=classes),
            activation_layer(activation),
        ]
        for inputs, outputs, size in zip(widths, widths[1:], self.sizes[1:], strict=False):
            norm = norm_layers(normalization, outputs, size, classes=classes)
            layers += [_up(inputs, outputs, bias=not norm), _Crop(size), *norm, activation_layer(activation)]
        self.body = ClassSequential(*layers)
        self.head = nn.Sequential(_up(widths[-1], channels, bias=True), _Crop(resolution), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        _, one_hot = split_latent(z, self.latent_size)
        x = self.stem(z[:, : self.inputs]).unflatten(1, (-1, self.sizes[0], self.sizes[0]))
        images: Tensor = self.head(self.body(x, one_hot))
        return images


class DcganDiscriminator(nn.Module):
    """images (batch, channels, size, size) -> logits (batch,), or what `Head` gives of classes."""

    def __init__(
        self,
        shape: Shape,
        width: int,
        activation: Activation,
        normalization: DiscriminatorNormalization,
        conditioning: Conditioning | None = None,
    ) -> None:
        super().__init__()
        inputs, resolution, _ = shape
        sizes = ladder(resolution)[::-1]
        layers: list[nn.Module] = []
        for i, size in enumerate(sizes[1:]):
            outputs = width * 2**i
            # No normalisation next to the image (Radford et al. 2016, section 3): it makes the pair unstable.
            norm = norm_layers(normalization, outputs, size) if i > 0 else []
            odd = sizes[i] % 2  # an odd map is padded by one row and column so that it halves upwards
            layers += [
                nn.ZeroPad2d((0, odd, 0, odd)),
                nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=not norm),
                *norm,
                activation_layer(activation),
            ]
            inputs = outputs
        self.body = nn.Sequential(*layers)
        self.head = Head(inputs * sizes[-1] ** 2, conditioning)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        logits: Tensor = self.head(self.body(images).flatten(1), labels)
        return logits


def dcgan(
    shape: Shape,
    *,
    latent: Latent = Latent(size=100),  # noqa: B008 - frozen
    generator_width: Width = 64,
    discriminator_width: Width = 64,
    generator_activation: Activation = "relu",
    discriminator_activation: Activation = "leaky_relu",
    generator_normalization: Normalization = "batch",
    discriminator_normalization: DiscriminatorNormalization = "batch",
    conditioning: Conditioning | None = None,
) -> Pair:
    """Strided convolutions, any square resolution 8 to 64 (Radford et al. 2016)."""
    refuse_all_but_squares("dcgan", shape)
    generator = DcganGenerator(
        shape, latent.size, generator_width, generator_activation, generator_normalization, conditioning
    )
    discriminator = DcganDiscriminator(
        shape, discriminator_width, discriminator_activation, discriminator_normalization, conditioning
    )
    generator.apply(_initialise)
    discriminator.apply(_initialise)
    if discriminator_normalization == "spectral":
        spectral(discriminator)
    return Pair(
        generator,
        discriminator,
        latent,
        rowwise=discriminator_normalization != "batch",
        bounded=True,
        conditioning=conditioning,
    )


class _Crop(nn.Module):
    """Drop what a doubling made too much."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        return x[..., : self.size, : self.size]


def _up(inputs: int, outputs: int, *, bias: bool) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=bias)


def _initialise(module: nn.Module) -> None:
    """N(0, 0.02) weights, N(1, 0.02) batch-norm scales (Radford et al. 2016, section 4)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if isinstance(bias := getattr(module, "bias", None), nn.Parameter):
            nn.init.zeros_(bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)

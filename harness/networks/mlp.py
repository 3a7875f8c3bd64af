"""Fully connected generator and discriminator, of any depth and width."""

from math import prod
from typing import Literal

from torch import Tensor, nn

from harness.networks.conditional import ClassSequential, Conditioning, Head, split_latent
from harness.networks.normalization import DiscriminatorNormalization, Normalization, norm_layers, spectral
from harness.networks.pair import Activation, Latent, Pair, Shape, Widths, activation_layer

Output = Literal["tanh", "sigmoid", "linear"]


class MlpGenerator(nn.Module):
    """z (batch, latent_size), or (batch, latent_size + classes) -> images (batch, channels, height, width).

    A class is told by batch normalisation where there is any, else beside the noise (Mirza & Osindero 2014,
    figure 1).
    """

    def __init__(
        self,
        shape: Shape,
        latent_size: int,
        widths: Widths,
        activation: Activation,
        normalization: Normalization,
        output: Output,
        conditioning: Conditioning | None = None,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.latent_size = latent_size
        classes = conditioning.classes if conditioning else 0
        told_by_norm = normalization == "batch" and len(widths) > 1  # the first layer has none
        self.inputs = latent_size if told_by_norm else latent_size + classes
        self.body = _hidden_layers(self.inputs, widths, activation, normalization, classes)
        self.head = nn.Linear(widths[-1], prod(shape))
        self.output = output

    def forward(self, z: Tensor) -> Tensor:
        _, one_hot = split_latent(z, self.latent_size)
        x: Tensor = self.head(self.body(z[:, : self.inputs], one_hot))
        if self.output == "tanh":
            x = x.tanh()
        elif self.output == "sigmoid":
            x = x.sigmoid() * 2 - 1  # images live in [-1, 1] whatever the output unit
        return x.view(-1, *self.shape)


class MlpDiscriminator(nn.Module):
    """images (batch, channels, height, width) -> logits (batch,), or what `Head` gives of classes."""

    def __init__(
        self,
        shape: Shape,
        widths: Widths,
        activation: Activation,
        normalization: DiscriminatorNormalization,
        conditioning: Conditioning | None = None,
    ) -> None:
        super().__init__()
        self.body = _hidden_layers(prod(shape), widths, activation, normalization)
        self.head = Head(widths[-1], conditioning)
        if normalization == "spectral":
            spectral(self)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        logits: Tensor = self.head(self.body(images.flatten(1)), labels)
        return logits


def mlp(
    shape: Shape,
    *,
    latent: Latent = Latent(),  # noqa: B008 - frozen
    generator_widths: Widths = (256, 256),
    discriminator_widths: Widths = (256, 256),
    activation: Activation = "leaky_relu",
    generator_normalization: Normalization = "none",
    discriminator_normalization: DiscriminatorNormalization = "none",
    output: Output = "tanh",
    conditioning: Conditioning | None = None,
) -> Pair:
    """Multilayer perceptrons of any depth and width (Goodfellow et al. 2014).

    `output` linear is for points, which live anywhere; images live in [-1, 1].
    """
    return Pair(
        MlpGenerator(
            shape, latent.size, generator_widths, activation, generator_normalization, output, conditioning
        ),
        MlpDiscriminator(shape, discriminator_widths, activation, discriminator_normalization, conditioning),
        latent,
        rowwise=discriminator_normalization != "batch",
        bounded=output != "linear",
        conditioning=conditioning,
    )


def _hidden_layers(
    inputs: int,
    widths: Widths,
    activation: Activation,
    normalization: DiscriminatorNormalization,
    classes: int = 0,
) -> ClassSequential:
    layers: list[nn.Module] = []
    for i, width in enumerate(widths):
        layers.append(nn.Linear(inputs, width))
        # The first layer has no batch norm: on z it would erase the scale of the latents, on images the
        # statistics that tell real from generated.
        if normalization != "batch" or i > 0:
            layers += norm_layers(normalization, width, classes=classes)
        layers.append(activation_layer(activation))
        inputs = width
    return ClassSequential(*layers)

"""Fully connected generator and discriminator, of any depth and width."""

from math import prod
from typing import Literal

from torch import Tensor, nn

from harness.networks.pair import Activation, Latent, Normalization, Pair, Shape, Widths, activation_layer

Output = Literal["tanh", "sigmoid", "linear"]


class MlpGenerator(nn.Module):
    """z (batch, latent_size) -> images (batch, channels, height, width)."""

    def __init__(
        self,
        shape: Shape,
        latent_size: int,
        widths: Widths,
        activation: Activation,
        normalization: Normalization,
        output: Output,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.body = _hidden_layers(latent_size, widths, activation, normalization)
        self.head = nn.Linear(widths[-1], prod(shape))
        self.output = output

    def forward(self, z: Tensor) -> Tensor:
        x: Tensor = self.head(self.body(z))
        if self.output == "tanh":
            x = x.tanh()
        elif self.output == "sigmoid":
            x = x.sigmoid() * 2 - 1  # images live in [-1, 1] whatever the output unit
        return x.view(-1, *self.shape)


class MlpDiscriminator(nn.Module):
    """images (batch, channels, height, width) -> logits (batch,)."""

    def __init__(
        self, shape: Shape, widths: Widths, activation: Activation, normalization: Normalization
    ) -> None:
        super().__init__()
        self.body = _hidden_layers(prod(shape), widths, activation, normalization)
        self.head = nn.Linear(widths[-1], 1)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(images.flatten(1)))
        return logits.squeeze(1)


def mlp(
    shape: Shape,
    *,
    latent: Latent = Latent(),  # noqa: B008 - frozen
    generator_widths: Widths = (256, 256),
    discriminator_widths: Widths = (256, 256),
    activation: Activation = "leaky_relu",
    generator_normalization: Normalization = "none",
    discriminator_normalization: Normalization = "none",
    output: Output = "tanh",
) -> Pair:
    """Multilayer perceptrons of any depth and width (Goodfellow et al. 2014).

    `output` linear is for points, which live anywhere; images live in [-1, 1].
    """
    return Pair(
        MlpGenerator(shape, latent.size, generator_widths, activation, generator_normalization, output),
        MlpDiscriminator(shape, discriminator_widths, activation, discriminator_normalization),
        latent,
        rowwise=discriminator_normalization != "batch",
        bounded=output != "linear",
    )


def _hidden_layers(
    inputs: int, widths: Widths, activation: Activation, normalization: Normalization
) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i, width in enumerate(widths):
        layers.append(nn.Linear(inputs, width))
        # The first layer has no batch norm: on z it would erase the scale of the latents, on images the
        # statistics that tell real from generated.
        if normalization == "batch" and i > 0:
            layers.append(nn.BatchNorm1d(width))
        elif normalization == "layer":
            layers.append(nn.LayerNorm(width))
        layers.append(activation_layer(activation))
        inputs = width
    return nn.Sequential(*layers)

"""The pair of PacGAN's experiments on points: batch normalisation in G, maxout units in D.

Lin et al. 2018, section 4.1, and the authors' code (`synthetic_data_experiments` of `fjxmlzn/PacGAN`, written
in Blocks), which has what the paper leaves out: all weights from N(0, .02²), biases zero, none before a batch
norm, and no dropout. Packing itself is `training.packing`.
"""

from math import prod
from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from harness.networks.maxout import Maxout
from harness.networks.pair import Latent, Pair, Shape, Widths

MOMENTUM = 0.05
"""How far the running statistics of a batch norm move at each step."""

EPSILON = 1e-4
"""What a batch norm adds to the variance: Blocks' default, no trifle beside the first layer's 8e-4."""


class PacganGenerator(nn.Module):
    """z (batch, latent_size) -> points or images (batch, channels, height, width), anywhere."""

    def __init__(self, shape: Shape, latent_size: int, widths: Widths) -> None:
        super().__init__()
        self.shape = shape
        layers: list[nn.Module] = []
        for inputs, outputs in zip((latent_size, *widths), widths, strict=False):
            layers += [
                nn.Linear(inputs, outputs, bias=False),
                nn.BatchNorm1d(outputs, EPSILON, MOMENTUM),
                nn.ReLU(inplace=True),
            ]
        self.body = nn.Sequential(*layers, nn.Linear(widths[-1], prod(shape)))

    def forward(self, z: Tensor) -> Tensor:
        points: Tensor = self.body(z)
        return points.view(-1, *self.shape)


class PacganDiscriminator(nn.Module):
    """points or images (batch, channels, height, width) -> logits (batch,)."""

    def __init__(self, shape: Shape, units: Widths, pieces: int) -> None:
        super().__init__()
        sizes = zip((prod(shape), *units), units, strict=False)
        self.body = nn.Sequential(*[Maxout(inputs, outputs, pieces) for inputs, outputs in sizes])
        self.head = nn.Linear(units[-1], 1)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(images.flatten(1)))
        return logits.squeeze(1)


def pacgan(
    shape: Shape,
    *,
    latent: Latent = Latent(size=2),  # noqa: B008 - frozen
    generator_widths: Widths = (400, 400, 400, 400),
    discriminator_units: Widths = (200, 200, 200),
    pieces: Annotated[int, Field(ge=2, description="linear functions in a maxout unit")] = 5,
    initial_std: Annotated[float, Field(gt=0, description="of all weights")] = 0.02,
) -> Pair:
    """The pair of the ring and the grid of Gaussians in PacGAN (Lin et al. 2018, section 4.1)."""
    pair = Pair(
        PacganGenerator(shape, latent.size, generator_widths),
        PacganDiscriminator(shape, discriminator_units, pieces),
        latent,
        rowwise=True,
    )
    for layer in (*pair.generator.modules(), *pair.discriminator.modules()):
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0.0, initial_std)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return pair

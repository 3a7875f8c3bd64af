"""What a network is to the rest of harness: a generator, a discriminator, and the latents between them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from harness.networks.conditional import Conditioning

Shape = tuple[int, int, int]
"""(channels, height, width) of one image."""

Widths = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=16)]
Activation = Literal["relu", "leaky_relu", "elu", "silu", "tanh"]


class Latent(BaseModel):
    """The latent z that a generator is fed with."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    size: int = Field(64, ge=1, description="dimensions of z")
    distribution: Literal["normal", "uniform"] = Field("normal", description="N(0, 1) or U[-1, 1)")


def indifferent(images: Tensor) -> None:
    """The initial weights do not depend on the data."""


@dataclass(frozen=True)
class Pair:
    """generator: (batch, latent.size) -> images (batch, channels, height, width) in [-1, 1], or points
    (batch, 1, 1, dim) anywhere; discriminator: such images -> logits (batch,).

    `rowwise`: the discriminator judges every image by itself, with no statistics over the batch, so that real
    and generated images may share one pass, which is faster. `meet`(images) is called once, before the first
    step, with the training images, uint8 (n, channels, height, width), for weights that start from them.
    `bounded`: the generator cannot leave [-1, 1], so it is refused for points that do.
    `conditioning`: how both are told a class, None where they are not. The generator then takes z
    (batch, latent.size + classes), the noise followed by the class as a one-hot vector. The discriminator
    takes (images, labels int64 (batch,)) under projection; under auxiliary it takes images alone and gives
    (batch, 1 + classes): the logit, then the logits of the classes.
    """

    generator: nn.Module
    discriminator: nn.Module
    latent: Latent
    rowwise: bool = False
    meet: Callable[[Tensor], None] = indifferent
    bounded: bool = False
    conditioning: Conditioning | None = None


def activation_layer(name: Activation) -> nn.Module:
    """A fresh activation; leaky slopes are 0.2, the value of DCGAN and of most GANs since."""
    match name:
        case "relu":
            return nn.ReLU(inplace=True)
        case "leaky_relu":
            return nn.LeakyReLU(0.2, inplace=True)
        case "elu":
            return nn.ELU(inplace=True)
        case "silu":
            return nn.SiLU(inplace=True)
        case "tanh":
            return nn.Tanh()

"""Networks that are told a class: what a configuration says of it, and the layers that take it in."""

from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn.functional import batch_norm


class Conditioning(BaseModel):
    """How the two networks are told the class of an image.

    The generator is fed z (batch, latent.size + classes): the noise, then the class as a one-hot vector.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    method: Literal["projection", "auxiliary"] = Field(
        description="projection: D(images, labels), class embedding times features (Miyato & Koyama 2018); "
        "auxiliary: D(images) also classifies (AC-GAN, Odena et al. 2017)"
    )
    classes: int = Field(ge=2, description="as many as the data set has")
    weight: float = Field(
        1.0, gt=0, description="of the classification loss in both objectives, under auxiliary"
    )


def split_latent(z: Tensor, latent_size: int) -> tuple[Tensor, Tensor]:
    """A conditioned generator's input -> noise (batch, latent_size), one-hot classes (batch, classes)."""
    return z[:, :latent_size], z[:, latent_size:]


class ClassBatchNorm(nn.Module):
    """Batch normalisation whose gain and bias belong to the class (Dumoulin et al. 2017, eq. 5).

    x (batch, features, ...), one-hot classes (batch, classes) -> the shape of x. Gains start at 1, biases at
    0, where it is plain batch normalisation.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, features: int, classes: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(classes, features))
        self.bias = nn.Parameter(torch.zeros(classes, features))
        self.register_buffer("running_mean", torch.zeros(features))
        self.register_buffer("running_var", torch.ones(features))
        self.momentum, self.eps = momentum, eps

    def forward(self, x: Tensor, one_hot: Tensor) -> Tensor:
        mean, variance = self.running_mean, self.running_var
        x = batch_norm(x, mean, variance, None, None, self.training, self.momentum, self.eps)
        each = (-1, x.shape[1], *[1] * (x.dim() - 2))
        scaled: Tensor = x * (one_hot @ self.gain).view(each) + (one_hot @ self.bias).view(each)
        return scaled


class ClassSequential(nn.Sequential):
    """Layers one after the other; those that normalise by class are told it, one-hot (batch, classes)."""

    def forward(self, x: Tensor, one_hot: Tensor | None = None) -> Tensor:
        for layer in self:
            x = layer(x, one_hot) if isinstance(layer, ClassBatchNorm) else layer(x)
        return x


class Head(nn.Module):
    """The last layer of a discriminator: features (batch, features), and under projection the labels, int64
    (batch,) -> logits (batch,); under auxiliary the logits of the classes beside it, (batch, 1 + classes).
    """

    def __init__(self, features: int, conditioning: Conditioning | None) -> None:
        super().__init__()
        auxiliary = conditioning is not None and conditioning.method == "auxiliary"
        self.linear = nn.Linear(features, 1 + conditioning.classes if conditioning and auxiliary else 1)
        self.embedding = (
            nn.Embedding(conditioning.classes, features) if conditioning and not auxiliary else None
        )

    def forward(self, features: Tensor, labels: Tensor | None = None) -> Tensor:
        scores: Tensor = self.linear(features)
        if self.embedding is not None:
            assert labels is not None  # the pair says that it is conditioned by projection
            # Miyato & Koyama 2018, eq. 3.
            projected: Tensor = scores.squeeze(1) + (self.embedding(labels) * features).sum(1)
            return projected
        return scores.squeeze(1) if scores.shape[1] == 1 else scores

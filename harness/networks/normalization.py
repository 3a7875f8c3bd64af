"""Normalisation of activations and of weights, as options name it."""

from typing import Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from harness.networks.conditional import ClassBatchNorm

Normalization = Literal["none", "batch", "layer"]
DiscriminatorNormalization = Literal["none", "batch", "layer", "spectral"]

M = TypeVar("M", bound=nn.Module)


def norm_layers(
    normalization: DiscriminatorNormalization, channels: int, size: int | None = None, *, classes: int = 0
) -> list[nn.Module]:
    """The layer that normalises maps (batch, channels, size, size), or vectors (batch, channels) where there
    is no size, batch normalisation by class where there are classes; none where nothing is normalised, or
    only the weights are."""
    match normalization:
        case "batch" if classes:
            return [ClassBatchNorm(channels, classes)]
        case "batch":
            return [nn.BatchNorm1d(channels) if size is None else nn.BatchNorm2d(channels)]
        case "layer":
            return [nn.LayerNorm(channels if size is None else [channels, size, size])]
        case "none" | "spectral":
            return []


class FullPrecision(nn.Module):
    """A parametrisation that computes in the dtype of its weight, whatever autocast says.

    In bf16 a largest singular value would be off by about a thousandth, differently at every iteration.
    """

    def __init__(self, parametrization: nn.Module) -> None:
        super().__init__()
        self.parametrization = parametrization

    def forward(self, weight: Tensor) -> Tensor:
        with torch.autocast(weight.device.type, enabled=False):
            parametrized: Tensor = self.parametrization(weight)
        return parametrized


def spectral(network: M) -> M:
    """Every weight of `network` divided by its largest singular value (SNGAN, Miyato et al. 2018, eq. 7).

    One power iteration for each forward pass in training mode. To be called once the weights have their
    initial values.
    """
    place = "parametrizations.weight.0"
    for module in list(network.modules()):
        if isinstance(module, nn.Linear | nn.Conv2d | nn.Embedding):
            spectral_norm(module)
            module.set_submodule(place, FullPrecision(module.get_submodule(place)))
    return network

"""Square feature maps of any size made larger or smaller, as products of matrices."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate


class Resample(nn.Module):
    """(batch, channels, before, before) -> (batch, channels, after, after), bilinear and free of aliases.

    Doubling is the usual bilinear interpolation, halving its transpose, the filter [1, 3, 3, 1] / 8; either
    keeps constants as they are, at the borders too. It is written as products, W x Wᵀ, because torch's own
    interpolation takes several times as long on a CPU, and has no deterministic gradient on a GPU.
    """

    weights: Tensor

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        rows = interpolate(torch.eye(before)[None, None], (after, before), mode="bilinear", antialias=True)
        self.register_buffer("weights", rows[0, 0], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.weights @ x @ self.weights.mT

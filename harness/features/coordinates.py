"""Points as their own features: data sets that are distributions in a few dimensions need no network."""

import torch
from torch import Tensor, nn

from harness.errors import ConfigError
from harness.features.extractor import Extractor, of_points


class Coordinates(nn.Module):
    """float32 (n, 1, 1, dim) -> the same, (n, dim); no logits."""

    def forward(self, points: Tensor) -> tuple[Tensor, None]:
        return points.flatten(1), None


def coordinates(dataset: str, shape: tuple[int, int, int]) -> Extractor:
    """The coordinates of points, for data sets without images; no logits, so no inception score."""
    if not of_points(shape):
        raise ConfigError(f"data set {dataset} has images, not points: use evaluation.features: pixels")
    return Extractor(
        name="coordinates",
        title="coordinates",
        digest="coordinates: float32, unchanged",
        width=shape[2],
        num_classes=None,
        module=Coordinates().eval(),
        reads=torch.float32,
    )

"""Pixels as features: no network, so nothing to pin and nothing to argue about."""

import math

from torch import Tensor, nn

from harness.features.extractor import Extractor, refuse_points


class Flatten(nn.Module):
    """uint8 (n, channels, height, width) -> float32 (n, channels · height · width) in [0, 1]; no logits."""

    def forward(self, images: Tensor) -> tuple[Tensor, None]:
        return images.flatten(1).float() / 255, None


def pixels(dataset: str, shape: tuple[int, int, int]) -> Extractor:
    """Flattened pixels in [0, 1]; no logits, so no inception score."""
    refuse_points(dataset, shape)
    return Extractor(
        name="pixels",
        title="pixels",
        digest="pixels: uint8 / 255, flattened channel-first",
        width=math.prod(shape),
        num_classes=None,
        module=Flatten().eval(),
    )

"""Random weights of Inception under which features look like the real ones, and images to tell apart.

Pool3 features of photographs average 0.4 and differ from image to image; a plain random network gives nearly
the same features for every image. So each batch normalisation takes the moments of its inputs, as training
makes it do.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.features.inception_network import blank_layers


@dataclass(frozen=True)
class Weights:
    """The same state dict twice, with the SHA-256 of either file."""

    pth: Path
    pth_sha256: str
    safetensors: Path
    safetensors_sha256: str

    @property
    def options(self) -> dict[str, str]:
        return {"weights": str(self.pth), "sha256": self.pth_sha256}


def random_state(seed: int) -> dict[str, Tensor]:
    """A state dict of torch-fidelity's Inception, a function of the seed."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        network = blank_layers()
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
            elif isinstance(layer, nn.BatchNorm2d):
                # Large biases keep most units on: with half of them off, rounding grows from layer to layer.
                nn.init.uniform_(layer.weight, 0.5, 1.0)
                nn.init.normal_(layer.bias, 0.5, 0.2)
                layer.momentum = 1.0
        nn.init.normal_(network.get_submodule("fc").get_parameter("weight"), 0, 0.2)
        network[:-1](F.interpolate(pictures(16, (3, 32, 32), seed=seed).float(), (299, 299)) / 128 - 1)
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def pictures(count: int, shape: tuple[int, int, int], *, seed: int) -> Tensor:
    """uint8 (count, *shape): blobs of random size, colour and contrast under a little noise."""
    source = torch.Generator().manual_seed(seed)
    channels = shape[0]
    found = []
    for index in range(count):
        grid = torch.rand(1, channels, 2 + index % 7, 2 + index % 5, generator=source) - 0.5
        blobs = F.interpolate(grid, shape[1:], mode="bicubic", align_corners=False)[0]
        colour = torch.rand(channels, 1, 1, generator=source)
        noise = torch.randn(shape, generator=source) * 0.03
        found.append(colour + blobs * (0.5 + torch.rand(1, generator=source)) + noise)
    return (torch.stack(found) * 255).round().clamp(0, 255).to(torch.uint8)

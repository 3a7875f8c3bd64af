"""What tests of networks share: inputs that are the same at every call, and the size of a network."""

import torch
from torch import Tensor, nn

from harness.seeding import generator


def normal(*size: int) -> Tensor:
    """N(0, 1) of this shape."""
    return torch.randn(*size, generator=generator(0, "test"))


def parameters(module: nn.Module) -> int:
    """How many numbers `module` learns."""
    return sum(parameter.numel() for parameter in module.parameters())

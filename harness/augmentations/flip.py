"""Mirroring of real images, for data sets where a mirrored image is as good as the original.

It is no entry of the table, for those augment generated images as well, so that the generator still learns
the data as they are. Mirroring only what is real makes the data set itself twice as large.
"""

import torch
from torch import Tensor


def mirrored(images: Tensor) -> Tensor:
    """Images (n, channels, height, width), each flipped left to right with probability 1/2."""
    flipped = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return torch.where(flipped, images.flip(-1), images)

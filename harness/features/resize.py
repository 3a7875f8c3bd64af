"""Images to the 299×299 that Inception reads, in the two ways that published numbers come from.

The resize decides a FID as much as the generator does, so neither way rounds to uint8 on its way: uint8
(n, channels, height, width) -> float32 (n, channels, 299, 299) in 0..255.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

SIZE = 299

Resize = Literal["tensorflow", "clean"]


def tensorflow(images: Tensor) -> Tensor:
    """Bilinear as TensorFlow 1 had it, and with it every FID since Heusel et al. 2017.

    Output row i reads at i · height / 299: no pixel centres, no antialiasing. Bit-equal on the CPU to
    torch-fidelity's `interpolate_bilinear_2d_like_tensorflow1x`, in a tenth of its time for small images: the
    columns are interpolated in the rows that there are, before there are 299.
    """
    pixels = images.to(torch.float32)
    low, high, share = _neighbours(pixels.shape[3], pixels.device)
    left = pixels[:, :, :, low]
    pixels = left + (pixels[:, :, :, high] - left) * share
    low, high, share = _neighbours(pixels.shape[2], pixels.device)
    above = pixels[:, :, low]
    return above + (pixels[:, :, high] - above) * share[:, None]


def _neighbours(size: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """The two pixels of `size` that each of the 299 lies between, and how far it is from the first."""
    # In float32, as TensorFlow's kernel computes them.
    position = torch.arange(SIZE, dtype=torch.float32, device=device) * torch.tensor(size / SIZE)
    low = position.long()
    return low, (low + 1).clamp_max(size - 1), position - low


def clean(images: Tensor) -> Tensor:
    """Bicubic with antialiasing, each channel a float image of PIL, clipped (Parmar et al. 2022, clean-fid).

    In float64, as PIL computes its weights: equal to it within the rounding of float32, 1.6e-5 grey levels.
    In float32 torch misplaces its samples, by up to a hundredth of a grey level.
    """
    pixels = images.to(torch.float64)
    resized = F.interpolate(pixels, (SIZE, SIZE), mode="bicubic", align_corners=False, antialias=True)
    return resized.clamp(0, 255).to(torch.float32)


RESIZERS: Mapping[Resize, Callable[[Tensor], Tensor]] = {"tensorflow": tensorflow, "clean": clean}

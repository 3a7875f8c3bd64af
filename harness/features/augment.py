"""Random affine maps of whole batches, so that a small data set does not run out."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def random_affine(
    images: Tensor, source: torch.Generator, *, shift: float, degrees: float, scale: float, shear: float
) -> Tensor:
    """uint8 (n, c, h, w) to float32 0..255 of the same shape, each image under its own random affine map.

    Uniform draws: `shift` pixels along each axis, `degrees` of rotation, a factor e^±`scale` for each axis,
    `shear` as a tangent. Bilinear, black outside. `source` lives on the CPU: one stream on every device.
    """
    n, _, height, width = images.shape
    dx, dy, angle, sx, sy, tangent = torch.rand(6, n, generator=source).mul_(2).sub_(1)
    angle, sx, sy, tangent = (
        angle * math.radians(degrees),
        (sx * scale).exp(),
        (sy * scale).exp(),
        tangent * shear,
    )
    cos, sin = angle.cos(), angle.sin()
    # Rows of rotation · shear · scale. `affine_grid` measures x in half widths and y in half heights.
    aspect = height / width
    theta = torch.stack(
        [
            torch.stack([cos * sx, (cos * tangent - sin) * sy * aspect, dx * (2 * shift / width)], dim=1),
            torch.stack([sin * sx / aspect, (sin * tangent + cos) * sy, dy * (2 * shift / height)], dim=1),
        ],
        dim=1,
    ).to(images.device)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images.to(torch.float32), grid, mode="bilinear", align_corners=False)

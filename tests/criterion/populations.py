"""Samples of distributions whose JSD is known."""

import math

import torch
from torch import Tensor

LOG_2 = math.log(2)

SHIFTED = {0.5: 0.0303113005208, 1: 0.111421482185, 2: 0.336830820347, 4: 0.632720193737}
"""JSD of N(0, 1) and N(mu, 1) by mu, nats, by quadrature."""

RING_WIDER = 0.0712446
"""JSD of the ring of 8 (sigma .1, radius 2) and the same with sigma .15, nats, by quadrature."""


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def ring(seed: int, n: int, modes: int = 8, sigma: float = 0.1) -> Tensor:
    """n samples of the first `modes` of 8 Gaussians on a circle of radius 2."""
    source = torch.Generator().manual_seed(seed)
    angle = torch.randint(modes, (n,), generator=source) * (math.tau / 8)
    centres = 2 * torch.stack([angle.cos(), angle.sin()], 1)
    return centres + sigma * torch.randn(n, 2, generator=source)


def share_kept(share: float) -> float:
    """JSD of a distribution and of the part of it, renormalised, that holds `share` of its mass."""
    a = share
    gone = (1 - a) * LOG_2
    return 0.5 * (a * math.log(2 * a / (1 + a)) + gone) + 0.5 * math.log(2 / (1 + a))

"""A distribution that is known exactly: what V, D* and C(G) are computed from while a GAN learns it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log, pi

import torch
from torch import Tensor

TAIL = 7.0
"""Standard deviations around a mean that hold all but 3e-12 of a Gaussian along one axis."""


@dataclass(frozen=True)
class Density:
    """A distribution of points in `dim` dimensions.

    sample(n, source): n points, float64 (n, dim), on the device of `source`.
    log_prob(points): nats, (n, dim) of any float type -> float64 (n,); None where the distribution has no
    density. `low` and `high` are the corners of a box that holds all but about 1e-9 of the mass, for plots,
    quadrature and noise. `modes` (k, dim), float64, are the centres where there are any, `shares` (k,),
    float64, the mass around each, and `sigma` is the standard deviation along each axis around every one of
    them, None where they differ.
    """

    dim: int
    sample: Callable[[int, torch.Generator], Tensor]
    log_prob: Callable[[Tensor], Tensor] | None
    low: tuple[float, ...]
    high: tuple[float, ...]
    modes: Tensor | None = None
    sigma: float | None = None
    shares: Tensor | None = None


def gaussian_mixture(
    means: Sequence[Sequence[float]], sigmas: Sequence[float], weights: Sequence[float]
) -> Density:
    """sum_k weights_k N(means_k, sigmas_k² I): k means of one dimension, sigmas > 0, weights >= 0.

    Weights are divided by their sum.
    """
    centres = torch.tensor(means, dtype=torch.float64)
    spreads = torch.tensor(sigmas, dtype=torch.float64)
    shares = torch.tensor(weights, dtype=torch.float64)
    shares = shares / shares.sum()
    dim = centres.shape[1]
    heights = shares.log() - dim * (spreads.log() + log(2 * pi) / 2)

    def sample(count: int, source: torch.Generator) -> Tensor:
        uniform = torch.rand(count, generator=source, device=source.device, dtype=torch.float64)
        ends = shares.cumsum(0)[:-1].to(source.device)
        chosen = torch.searchsorted(ends, uniform, right=True)
        noise = torch.randn(count, dim, generator=source, device=source.device, dtype=torch.float64)
        centre, spread = centres.to(source.device)[chosen], spreads.to(source.device)[chosen]
        return noise.mul_(spread[:, None]).add_(centre)

    def log_prob(points: Tensor) -> Tensor:
        points = points.double()
        # One component after the other: (n, k) numbers are held, and never (n, k, dim).
        terms = [
            height - (points - centre.to(points.device)).square().sum(1) / (2 * spread**2)
            for height, centre, spread in zip(heights.tolist(), centres, spreads.tolist(), strict=True)
        ]
        return torch.stack(terms).logsumexp(0)

    present = shares > 0
    reach = TAIL * spreads[:, None]
    return Density(
        dim=dim,
        sample=sample,
        log_prob=log_prob,
        low=tuple((centres - reach)[present].amin(0).tolist()),
        high=tuple((centres + reach)[present].amax(0).tolist()),
        modes=centres[present],
        sigma=float(spreads[0]) if bool((spreads == spreads[0]).all()) else None,
        shares=shares[present],
    )

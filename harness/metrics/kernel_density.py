"""Density of points in a few dimensions from a sample: kernels of many widths, stacked.

One bandwidth does not fit what a GAN draws: narrow modes, wide ones, and strays between them, of which a
single one, impossible under the narrow kernels, ruins a likelihood. So the estimate is a mixture of kernel
densities (stacking, Smyth and Wolpert 1999): the same points, but kernels of widths from the spread of all
points down to a thousandth of it, and in a second family kernels that are wider where points are sparser
(Abramson 1982: width ∝ density^-½). How much of each is decided by the likelihood of points that are no
kernel's centre.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import log, pi

import torch
from torch import Tensor

from harness.metrics import checks

HALVINGS = (11, 7)
"""Scales of the family of equal widths, and of the other one; each is half of the one before."""

WIDEST = 4.0
"""Of the second family, in typical distances to the NEIGHBOUR-th neighbour."""

NEIGHBOUR = 16

BLOCK = 64
"""Rows of the matrix of kernels that are held at once: with 8,000 centres 4 MiB, which a cache holds."""

ITERATIONS = 200
LEAST = 1e-4
"""Scales of less weight are dropped."""


@dataclass(frozen=True)
class Kernels:
    """centres (n, dim) and, by family, the widest standard deviation of the kernel on each, (n,); float64."""

    centres: Tensor
    widths: tuple[Tensor, ...]

    @classmethod
    def on(cls, centres: Tensor) -> "Kernels":
        """Both families on these points, at least 2."""
        from scipy.spatial import KDTree

        n, dim = centres.shape
        spread = centres.std(0).mean().clamp_min(1e-9)
        points = centres.numpy()
        distances = KDTree(points).query(points, min(NEIGHBOUR, n - 1) + 1)[0][:, -1]
        # Repeated points have neighbours at distance 0, and a kernel needs a width.
        radii = torch.from_numpy(distances).clamp_min(1e-6 * float(spread))
        typical = radii.log().mean().exp()
        # The density around a centre is ∝ radius^-dim, so Abramson's width is ∝ radius^(dim/2).
        return cls(centres, (spread.expand(n), WIDEST * typical * (radii / typical) ** (dim / 2)))

    def log_densities(self, points: Tensor, family: int, scales: int) -> Tensor:
        """(scales, m): log densities in nats at points (m, dim) of the widest scales of a family."""
        widths, dim = self.widths[family], self.centres.shape[1]
        log_heights = -dim * widths.log()
        top = log_heights.max()
        heights, shrink = (log_heights - top).exp(), 1 / (2 * widths**2)
        found = points.new_empty(scales, len(points))
        for rows in checks.slices(len(points), BLOCK):
            exponents = _squared_distances(points[rows], self.centres).mul_(shrink)
            least = exponents.amin(1)  # taken out, so that the nearest kernel is 1 at every scale
            kernels = exponents.sub_(least[:, None]).neg_().exp_()
            for scale in range(scales):
                if scale:
                    kernels.square_().square_()  # half the width: exp(-u)⁴ = exp(-4u)
                found[scale, rows] = (kernels @ heights).log() - least * 4**scale
        constant = top - log(len(self.centres)) - dim / 2 * log(2 * pi)
        return found + constant + dim * log(2) * torch.arange(scales, dtype=torch.float64)[:, None]


def fit_weights(kernels: Kernels, points: Tensor, *known: Tensor) -> Tensor:
    """Weights, sum 1, of all scales of both families and then of the `known` log densities (m,) under which
    `points` (m, dim), none of them a centre, are most likely.

    Expectation maximisation from equal weights; the likelihood is concave in them.
    """
    families = [kernels.log_densities(points, family, scales) for family, scales in enumerate(HALVINGS)]
    logs = torch.cat([*families, *[each[None] for each in known]])
    densities = (logs - logs.amax(0)).exp()
    weights = logs.new_full((len(logs),), 1 / len(logs))
    for _ in range(ITERATIONS):
        weights = weights * (densities / (weights @ densities)).mean(1)
    weights = torch.where(weights < LEAST, 0, weights)
    return weights / weights.sum()


def stacked(kernels: Kernels, weights: Tensor, points: Tensor, *known: Tensor) -> Tensor:
    """Log density (m,) of the mixture at points (m, dim); `known` as in `fit_weights`, at these points."""
    terms: list[Tensor] = []
    *families, last = weights.split([*HALVINGS, len(known)])
    for family, shares in enumerate(families):
        if scales := int((shares > 0).nonzero().amax() + 1) if bool((shares > 0).any()) else 0:
            logs = kernels.log_densities(points, family, scales)
            terms.append((logs + shares[:scales, None].log()).logsumexp(0))
    terms += [each + share.log() for each, share in zip(known, last, strict=True)]
    return torch.stack(terms).logsumexp(0)


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Numbers below 1e-308, of which far kernels are full, cost a processor many times as much as others."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def _squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """(n, m) of rows (n, dim) and (m, dim), as plain sums of squares: narrow kernels magnify any rounding."""
    squares = (a[:, 0, None] - b[:, 0]).square_()
    for axis in range(1, a.shape[1]):
        squares.add_((a[:, axis, None] - b[:, axis]).square_())
    return squares

"""p_g of a generator that does not know its own density: the masses its latents put into cells."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PIECES = 20_000
"""Pieces of a latent line."""

REACH = 8.0
"""Where the line of a normal latent ends: 1e-15 of the mass lies beyond."""

BANDWIDTHS = tuple(0.002 * 1.6**power for power in range(14))
"""Standard deviations of the kernel that are tried, in standard deviations of the samples: .002 to .9."""


def latent_masses(distribution: str) -> tuple[Array, Array]:
    """Ends (n + 1,) of the pieces of a one-dimensional latent, ascending, and their masses (n,), sum 1."""
    if distribution == "uniform":
        return np.linspace(-1, 1, PIECES + 1), np.full(PIECES, 1 / PIECES)
    from scipy.special import ndtr

    z = np.linspace(-REACH, REACH, PIECES + 1)
    masses = np.diff(ndtr(z))
    return z, masses / masses.sum()


def latent_quantiles(distribution: str, count: int) -> Array:
    """z (count,) at the middles of equal shares of a one-dimensional latent."""
    shares = (np.arange(count) + 0.5) / count
    if distribution == "uniform":
        return 2 * shares - 1
    from scipy.special import ndtri

    z: Array = ndtri(shares)
    return z


def pushed_masses(images: Array, masses: Array, midpoints: Array) -> Array:
    """Masses (m,) in cells around `midpoints`, evenly spaced, of a line of latents drawn through G.

    `images` (n + 1,) are G at the ends of the pieces. Between two of them G is taken for straight, so that
    each piece spreads its mass evenly: p_g(x) = sum over z with G(z) = x of p_z(z) / |G'(z)|, with no noise
    and no bandwidth, wherever G folds.
    """
    width = midpoints[1] - midpoints[0]
    edges = np.append(midpoints - width / 2, midpoints[-1] + width / 2)
    low = np.minimum(images[1:], images[:-1])
    length = np.maximum(np.abs(np.diff(images)), 1e-3 * width)  # where G is flat, a point mass, nearly
    height = masses / length
    # The density is a sum of boxes: it steps up where one begins and down where it ends.
    knots = np.concatenate([low, low + length])
    order = knots.argsort()
    knots, density = knots[order], np.concatenate([height, -height])[order].cumsum()
    below = np.concatenate([[0.0], (density[:-1] * np.diff(knots)).cumsum()])
    inside: Array = np.maximum(np.diff(np.interp(edges, knots, below)), 0)
    return inside


def smoothed_masses(samples: Array, axes: tuple[Array, ...]) -> Array:
    """Masses of a Gaussian kernel density of samples (n, d) in the cells around `axes`, flat.

    The samples are counted in the cells, and the counts are smoothed. The bandwidth is the one under which
    half of the samples make the other half most likely.
    """
    from scipy.ndimage import gaussian_filter

    widths = np.array([axis[1] - axis[0] for axis in axes])
    edges = [
        np.append(axis - width / 2, axis[-1] + width / 2) for axis, width in zip(axes, widths, strict=True)
    ]
    fit, judge = (np.histogramdd(half, edges)[0] for half in (samples[::2], samples[1::2]))
    spread = samples.std(0) / widths

    def smooth(counts: Array, bandwidth: float) -> Array:
        heights: Array = gaussian_filter(counts, bandwidth * spread, mode="constant", truncate=6)
        masses: Array = heights / heights.sum()
        return masses

    def likelihood(bandwidth: float) -> float:
        seen = judge > 0
        return float(judge[seen] @ np.log(smooth(fit, bandwidth)[seen] + 1e-300))

    best = max(BANDWIDTHS, key=likelihood)
    return smooth(fit + judge, best).ravel()

"""Exact entropies and divergences of discrete distributions, and what Goodfellow et al. (2014) make of them.

p and q are probability masses of one shape, any shape: a vector, a two-dimensional histogram. They are summed
in float64. 0 log 0 = 0. Information is in nats, or in units of another `base`: 2 for bits, 10 for bans.
DistributionError (a ValueError too) refuses what is no distribution: negative, NaN, a sum off 1 by over 1e-9.
"""

from math import e, log

import numpy as np
from numpy.typing import ArrayLike

from harness.divergences.logs import Array, array, log_ratio, nats_per_unit, total
from harness.errors import DistributionError

TOLERANCE = 1e-9
"""How far from 1 masses may sum. Rounding stays below it; masses in float32 do not."""


def entropy(p: ArrayLike, *, base: float = e) -> float:
    """H(p) = -sum p log p, in [0, log n] for n masses."""
    masses = _masses("p", p)
    return max(0.0, -total(masses, _log(masses))) / nats_per_unit(base)


def cross_entropy(p: ArrayLike, q: ArrayLike, *, base: float = e) -> float:
    """H(p, q) = -sum p log q = H(p) + KL(p || q); inf where q is 0 and p is not."""
    p, q = _pair(p, q)
    return max(0.0, -total(p, _log(q))) / nats_per_unit(base)


def kl_divergence(p: ArrayLike, q: ArrayLike, *, base: float = e) -> float:
    """KL(p || q) = sum p log p/q, at least 0; inf where q is 0 and p is not. KL(q || p) is another number."""
    p, q = _pair(p, q)
    # A difference of logs, because p / q can overflow; cut at 0, because rounding can take it below.
    return max(0.0, total(p, log_ratio(_log(p), _log(q)))) / nats_per_unit(base)


def js_divergence(p: ArrayLike, q: ArrayLike, *, base: float = e) -> float:
    """JSD(p || q) = KL(p || m)/2 + KL(q || m)/2 with m = (p + q)/2, in [0, log 2] nats (Lin 1991).

    It is log 2 for all p and q on disjoint supports, however far apart they are.
    """
    return _js_nats(*_pair(p, q)) / nats_per_unit(base)


def optimal_discriminator(p: ArrayLike, q: ArrayLike) -> Array:
    """D*(x) = p / (p + q) in the shape of p, the D of the largest V (Goodfellow et al. 2014, proposition 1).

    Where p and q are both 0 every D is optimal, and 1/2 is returned.
    """
    p, q = _pair(p, q)
    return _share(p, q)


def value_function(d: ArrayLike, p: ArrayLike, q: ArrayLike) -> float:
    """V(D, G) = sum p log D + sum q log(1 - D) in nats, for data p and generated q (eq. 1 of the same).

    d in [0, 1] has the shape of p, or is one number. -inf where D is 0 on the support of p, or 1 on that of
    q: even a D* is, once it is closer to 1 than a float can be. `criterion` has no such edge.
    """
    p, q = _pair(p, q)
    d = array("D", d)
    if d.shape not in {(), p.shape}:
        raise DistributionError(
            f"D has shape {d.shape} and p {p.shape}; give D one value a mass, or one in all"
        )
    if not ((d >= 0) & (d <= 1)).all():
        raise DistributionError("D must lie in [0, 1]; pass a discriminator's logits through a sigmoid")
    d = np.broadcast_to(d, p.shape)
    with np.errstate(divide="ignore"):
        return total(p, np.log(d)) + total(q, np.log1p(-d))


def criterion(p: ArrayLike, q: ArrayLike) -> float:
    """C(G) = max_D V(D, G) = 2 JSD(p || q) - log 4 in nats, in [-log 4, 0] (theorem 1 of the same)."""
    return 2 * _js_nats(*_pair(p, q)) - log(4)


def _js_nats(p: Array, q: Array) -> float:
    # p / m as 2 p / (p + q): m itself would be 0 for the smallest floats. At p = q it is exactly 1.
    halves = (total(ours, _log(2 * _share(ours, other))) for ours, other in ((p, q), (q, p)))
    return min(max(0.0, sum(halves) / 2), log(2))


def _share(p: Array, q: Array) -> Array:
    """p / (p + q), and 1/2 where both are 0."""
    return np.divide(p, p + q, where=p + q > 0, out=np.full_like(p, 0.5))


def _log(values: Array) -> Array:
    with np.errstate(divide="ignore"):
        logs: Array = np.log(values)
    return logs


def _pair(p: ArrayLike, q: ArrayLike) -> tuple[Array, Array]:
    p, q = _masses("p", p), _masses("q", q)
    if p.shape != q.shape:
        raise DistributionError(
            f"p has shape {p.shape} and q {q.shape}; give both a mass for every outcome, if only 0"
        )
    return p, q


def _masses(name: str, values: ArrayLike) -> Array:
    masses = array(name, values)
    if masses.ndim == 0 or masses.size == 0:
        raise DistributionError(f"{name} must hold at least one mass, not be of shape {masses.shape}")
    if (least := masses.min()) < 0:
        raise DistributionError(f"{name} has a negative mass, {least:g}; probabilities are at least 0")
    if not abs((mass := masses.sum()) - 1) <= TOLERANCE:
        raise DistributionError(f"{name} sums to {mass:.12g}, not to 1; divide it by its sum (in float64)")
    return masses

"""Shares of samples, in all or among categories, and how far they would move with other samples."""

from math import sqrt

import torch
from torch import Tensor

from harness.divergences import kl_divergence


def share_error(share: float, count: int) -> float:
    """Standard error of a share in [0, 1] of `count` independent samples.

    Binomial, with two successes and two failures added (Agresti and Coull 1998): the plain formula gives 0
    for a share of 0 or 1, as if a few samples had settled it.
    """
    adjusted = (share * count + 2) / (count + 4)
    return sqrt(adjusted * (1 - adjusted) / (count + 4))


def kl_of_counts(counts: Tensor, shares: Tensor, shares_from: int | None = None) -> tuple[float, float]:
    """KL(p || q) in nats, and its standard error, of p = counts / n and q = `shares`, both (k,), no share 0.

    `shares_from`: of how many samples q are the shares, None where they are exact. An empty category adds
    nothing, as p log p -> 0, so KL is at most -log of the least share. Estimated from counts it is too high
    by about (k - 1) / 2n, and (k - 1) / 2m more for m samples of q, which it is not corrected for: where
    p = q and q is exact, 2n KL is chi-square with k - 1 degrees of freedom. The error is that of the delta
    method, up to 2^½ too high where p = q, and never below that of this chi-square.
    """
    n = int(counts.sum())
    p, q = counts.double() / n, shares.double()
    log_ratio = torch.where(p > 0, (p / q).log(), 0)
    variance = _variance(p, log_ratio) / n
    per_sample = 1 / n
    if shares_from is not None:
        variance += _variance(q, p / q) / shares_from
        per_sample += 1 / shares_from
    of_equal = (len(p) - 1) / 2 * per_sample**2
    return kl_divergence(p.numpy(), q.numpy()), sqrt(max(variance, of_equal))


def _variance(p: Tensor, values: Tensor) -> float:
    """Of `values` (k,) under the probabilities p (k,)."""
    return float((p * (values - (p * values).sum()).square()).sum())

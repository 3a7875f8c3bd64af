"""Logarithms that may be infinite: units, ratios, and sums in which 0 · ∞ is 0."""

from math import isfinite, log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DistributionError

Array = NDArray[np.float64]


def nats_per_unit(base: float) -> float:
    """log(base): divide nats by it. DistributionError unless 1 < base < inf."""
    if not (isfinite(base) and base > 1):
        raise DistributionError(f"base must be above 1, not {base}; 2 gives bits, math.e nats, 10 bans")
    return log(base)


def array(name: str, values: ArrayLike) -> Array:
    """`values` as float64 of any shape; DistributionError where they are no real numbers, or NaN."""
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DistributionError(f"{name} must be an array of real numbers: {error}") from error
    if count := int(np.isnan(numbers).sum()):
        raise DistributionError(f"{name}: {count} of {numbers.size} numbers are NaN; remove their cause")
    return numbers


def total(weights: Array, terms: Array) -> float:
    """sum_i weights_i terms_i of one shape, weights >= 0, where a weight of 0 drops its term, be it infinite.

    Its terms must not hold both infinities.
    """
    kept = weights > 0
    return float((weights[kept] * terms[kept]).sum())


def log_ratio(log_p: ArrayLike, log_q: ArrayLike) -> Array:
    """log p - log q of log densities of one shape; ±inf where one of them is 0, and 0 where both are.

    It is the logit of the optimal discriminator p / (p + q).
    """
    log_p, log_q = array("log p", log_p), array("log q", log_q)
    if log_p.shape != log_q.shape:
        raise DistributionError(
            f"log p has shape {log_p.shape} and log q {log_q.shape}; evaluate both at the same points"
        )
    nowhere = np.isneginf(log_p) & np.isneginf(log_q)
    return np.subtract(log_p, log_q, where=~nowhere, out=np.zeros_like(log_p))


def log_sigmoid(logit: Array) -> Array:
    """log 1 / (1 + exp(-logit)), exact in both tails: the log of a sigmoid is -inf from -745 on."""
    # numpy types the ufunc's result as Any.
    result: Array = -np.logaddexp(0.0, -logit)
    return result

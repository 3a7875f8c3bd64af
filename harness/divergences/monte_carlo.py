"""Entropies and divergences from samples of known densities: any dimension, unbiased, with standard errors.

x are n samples of p and y are m samples of q. All that matters of them is what the log densities say there,
so that is what the functions take:

    at_x, at_y = log_ratio(log_p(x), log_q(x)), log_ratio(log_p(y), log_q(y))
    js_divergence(at_x, at_y)

With the true ratio this is the oracle: what a perfect discriminator would print on these very samples. An
estimate that had to learn its ratio is judged against it, because both share the luck of the draw.
"""

from dataclasses import dataclass
from math import e, inf, isfinite, log, sqrt

from numpy.typing import ArrayLike

from harness.divergences.logs import Array, array, log_sigmoid, nats_per_unit
from harness.errors import DistributionError


@dataclass(frozen=True)
class Estimate:
    """An unbiased estimate and its standard error; never clamped, so a JSD near 0 may be just below it."""

    value: float
    standard_error: float


def entropy(log_p_at_x: ArrayLike, *, base: float = e) -> Estimate:
    """H(p) = -E log p(x); differential for densities. log p (n,) at samples of p."""
    return _mean(base, -_logs("log p at x", log_p_at_x, impossible=-inf))


def cross_entropy(log_q_at_x: ArrayLike, *, base: float = e) -> Estimate:
    """H(p, q) = -E log q(x). log q (n,) at samples of p; -inf there makes it inf."""
    return _mean(base, -_logs("log q at x", log_q_at_x))


def kl_divergence(ratio_at_x: ArrayLike, *, base: float = e) -> Estimate:
    """KL(p || q) = E log p(x)/q(x). The log ratio (n,) at samples of p; inf there makes it inf."""
    return _mean(base, _logs("log ratio at x", ratio_at_x, impossible=-inf))


def js_divergence(ratio_at_x: ArrayLike, ratio_at_y: ArrayLike, *, base: float = e) -> Estimate:
    """JSD = (E a + E b)/2 with a = log 2 + log σ(l(x)), b = log 2 + log σ(-l(y)), l = log p/q.

    l (n,) at samples of p and (m,) at samples of q. Standard error (var a / n + var b / m)^½ / 2.
    """
    at_x = _logs("log ratio at x", ratio_at_x, impossible=-inf)
    at_y = _logs("log ratio at y", ratio_at_y, impossible=inf)
    a, b = log(2) + log_sigmoid(at_x), log(2) + log_sigmoid(-at_y)
    return _mean(base, a / 2, b / 2)


def criterion(ratio_at_x: ArrayLike, ratio_at_y: ArrayLike) -> Estimate:
    """C(G) = 2 JSD - log 4 in nats (Goodfellow et al. 2014, theorem 1)."""
    jsd = js_divergence(ratio_at_x, ratio_at_y)
    return Estimate(2 * jsd.value - log(4), 2 * jsd.standard_error)


def value_function(logit_at_x: ArrayLike, logit_at_y: ArrayLike) -> Estimate:
    """V(D, G) = E log D(x) + E log(1 - D(y)) in nats, for any D = sigmoid(logit), (n,) and (m,).

    D must not have seen these samples, or the value is none of its own. At the log ratio it is `criterion`.
    """
    at_x, at_y = _logs("logit at x", logit_at_x), _logs("logit at y", logit_at_y)
    return _mean(e, log_sigmoid(at_x), log_sigmoid(-at_y))


def _mean(base: float, *sides: Array) -> Estimate:
    """Sum of the means of independent sides, each (n,) in nats, and its standard error, in units of base."""
    unit = nats_per_unit(base)
    value = sum(float(side.mean()) for side in sides)
    if not isfinite(value):
        return Estimate(value, inf)
    return Estimate(value / unit, sqrt(sum(float(side.var(ddof=1)) / len(side) for side in sides)) / unit)


def _logs(name: str, values: ArrayLike, *, impossible: float | None = None) -> Array:
    """(n,) with n >= 2, and nowhere `impossible`: what no sample of the distribution can show."""
    logs = array(name, values)
    if logs.ndim != 1 or len(logs) < 2:
        raise DistributionError(
            f"{name} must hold one number a sample, of 2 samples or more, not {logs.shape}"
        )
    if count := int((logs == impossible).sum()):
        raise DistributionError(
            f"{name}: {count} of {len(logs)} samples cannot be of their distribution, it is 0 there;"
            " draw x from p and y from q"
        )
    return logs

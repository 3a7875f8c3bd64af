"""Entropy, cross-entropy, KL, JSD, the optimal discriminator, V(D, G) and C(G), where the truth is known.

discrete     exact, of masses (histograms): the functions named below
quadrature   exact to rounding, of densities in one and two dimensions:  quadrature.kl_divergence(...)
monte_carlo  with standard errors, of log densities at samples, any dimension:  monte_carlo.kl_divergence(...)

The three modules use the same names for the same quantities. What is estimated from samples of unknown
distributions is elsewhere; what is here is what such an estimate is judged by.
"""

from harness.divergences import monte_carlo, quadrature
from harness.divergences.discrete import (
    criterion,
    cross_entropy,
    entropy,
    js_divergence,
    kl_divergence,
    optimal_discriminator,
    value_function,
)
from harness.divergences.logs import log_ratio, log_sigmoid
from harness.divergences.monte_carlo import Estimate
from harness.divergences.quadrature import Grid, LogDensity, grid

__all__ = [
    "Estimate",
    "Grid",
    "LogDensity",
    "criterion",
    "cross_entropy",
    "entropy",
    "grid",
    "js_divergence",
    "kl_divergence",
    "log_ratio",
    "log_sigmoid",
    "monte_carlo",
    "optimal_discriminator",
    "quadrature",
    "value_function",
]

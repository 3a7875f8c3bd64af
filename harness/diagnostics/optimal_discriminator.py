"""How far D is from the best discriminator of the generator at hand (proposition 1, theorem 1)."""

from harness.diagnostics.landscape import landscape
from harness.diagnostics.moment import Diagnostic, Moment, Observation, needs_known_density

MOST = {1: 512, 2: 64}
"""Points along an axis that are recorded, by dimension."""


def optimal_discriminator() -> Diagnostic:
    """V(D, G) beside its maximum C(G) = V(D*, G), where the data's density is known.

    Goodfellow et al. 2014, proposition 1 and theorem 1. All four values are integrals over one grid, so
    V <= C holds to rounding. p_g is exact where the generator knows its density or both z and x have one
    dimension, else a kernel density of 200,000 samples.
    """
    titles = {
        "v": "V(D, G)",
        "v_optimal": "C(G) = V(D*, G)",
        "gap": "C(G) − V(D, G)",
        "d_error": "mean |D − D*|",
    }
    return Diagnostic(titles, _observe, needs_known_density(1, 2))


def _observe(moment: Moment) -> Observation:
    found = landscape(moment, "optimal_discriminator")
    values = {
        "v": found.value,
        "v_optimal": found.criterion,
        "gap": found.criterion - found.value,
        "d_error": found.error,
    }
    record = {"source_of_p_g": found.source, **found.curves(MOST[len(found.axes)])}
    return Observation(values, record)

"""How many seeds a decision takes, and the smallest change that a number of seeds finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.gate.contrast import Moments, p_above
from harness.gate.simulation import Noise, simulate, standard_noise
from harness.gate.verdict import Margin

MOST = 1000
"""Seeds beyond which nobody waits for a decision."""

LARGEST = 64.0
"""Change, as a share, beyond which a rule that does not find it finds nothing."""


@dataclass(frozen=True)
class Needed:
    """Seeds that would decide. baseline: as many as it has, where more fresh seeds suffice."""

    fresh: int
    baseline: int


def seeds_to_decide(
    fresh: Moments, baseline: Moments, *, factor: float = 1.0, offset: float = 0.0, alpha: float
) -> Needed | None:
    """The fewest seeds at which the test against factor * mean_baseline + offset decides either way, if mean
    and spread stay as they are: more fresh ones beside the baseline as it is; where no number of those can,
    because the baseline's mean is too uncertain, the same number on both sides.

    A side of one seed has no spread; that of the other is taken for it. None where no number up to `MOST`
    decides, or where no side has a spread to go by.
    """
    import numpy as np

    if fresh.n < 2 and baseline.n < 2:
        return None
    spread_fresh = fresh.variance if fresh.n > 1 else baseline.variance
    spread_base = baseline.variance if baseline.n > 1 else fresh.variance

    def first(n: Any, m: Any) -> int | None:
        at = Moments(fresh.mean, spread_fresh, n)
        p = p_above(at, Moments(baseline.mean, spread_base, m), factor, offset)
        decides = np.flatnonzero(np.minimum(p, 1 - p) < alpha)
        return int(n[decides[0]]) if decides.size else None

    if baseline.n > 1 and (n := first(np.arange(max(2, fresh.n + 1), MOST + 1.0), baseline.n)):
        return Needed(n, int(baseline.n))
    both = first(sizes := np.arange(max(2, fresh.n, baseline.n + 1), MOST + 1.0), sizes)
    return Needed(both, both) if both else None


def smallest_change(
    n_baseline: int,
    looks: Sequence[int],
    coefficient_of_variation: float,
    margin: Margin,
    power: float = 0.9,
    *,
    alpha: float = 0.05,
    noise: Noise = "normal",
    simulations: int = 4000,
    seed: int = 0,
) -> float | None:
    """The smallest increase, as a share of the mean, that the rule calls a REGRESSION with this power at one
    of its looks; to a tenth of the spread, by the simulation. alpha: of all looks together.

    For a metric where lower is better, under a relative margin, with a spread that grows with the mean;
    ValueError for a margin in the metric's unit. None where no increase is found so often.
    """
    import numpy as np

    if not margin.relative:
        raise ValueError(f"the margin must be a share of the mean, not {margin}")
    random = np.random.default_rng(seed)
    baseline = standard_noise(noise, (simulations, n_baseline), random)
    fresh = standard_noise(noise, (simulations, looks[-1]), random)

    def finds(change: float) -> bool:
        rates = simulate(
            baseline,
            fresh,
            coefficient_of_variation=coefficient_of_variation,
            change=change,
            margin=margin.value,
            looks=looks,
            alpha=alpha,
        )
        return rates.regression >= power

    low, high = margin.value, margin.value + coefficient_of_variation
    while not finds(high):
        if high > LARGEST:
            return None
        low, high = high, 2 * high
    while high - low > coefficient_of_variation / 100:
        middle = (low + high) / 2
        low, high = (low, middle) if finds(middle) else (middle, high)
    return high

"""From held-out terms to JSD and C(G): the value, its interval, and what holds when the terms saturate."""

from dataclasses import dataclass
from math import log

from harness.criterion.folds import Doubles
from harness.divergences.monte_carlo import js_divergence

LOG_2 = log(2)

SATURATED = 0.95 * LOG_2
"""Above this JSD (nats) no longer says how far apart the supports are."""

QUANTILE = 1.959963984540054
"""Of the normal distribution, for two-sided 95 %."""

RESOLUTION = 8.5
"""Divided by n: about the least JSD that n samples a side can show. No interval is narrower from above."""


@dataclass(frozen=True)
class Verdict:
    """raw: ½ (mean a + mean b), unbiased for the bound that the discriminator attains; low and high: its 95 %
    interval, clamped to [0, log 2]; error_rate: share of held-out samples on the wrong side of D = 1/2."""

    raw: float
    low: float
    high: float
    error_rate: float


def verdict(real_logits: Doubles, fake_logits: Doubles) -> Verdict:
    """What logits (n,), (m,) of a discriminator that saw none of these samples say of JSD."""
    found = js_divergence(real_logits, fake_logits)
    raw, half = found.value, QUANTILE * found.standard_error
    least = RESOLUTION / min(len(real_logits), len(fake_logits))
    wrong = float((real_logits < 0).mean() + (fake_logits > 0).mean()) / 2
    tossed = float((real_logits == 0).mean() + (fake_logits == 0).mean()) / 4
    return Verdict(raw, clamped(raw - half), clamped(max(raw + half, least)), wrong + tossed)


def clamped(jsd: float) -> float:
    return min(max(jsd, 0.0), LOG_2)


def certified(error_rate: float, count: int, level: float = 0.95) -> float:
    """The JSD (nats) that an error rate in `count` held-out samples proves at confidence `level`.

    JSD >= log 2 - h(e), h the binary entropy (Fano), with e at its one-sided Clopper-Pearson bound: what is
    left to say when the estimate itself has run into log 2. 0 errors in 20,000 prove .6917.
    """
    from scipy.stats import beta

    errors = round(error_rate * count)
    worst = float(beta.ppf(level, errors + 1, count - errors)) if errors < count else 1.0
    if worst >= 0.5:
        return 0.0
    return LOG_2 + worst * log(worst) + (1 - worst) * log(1 - worst)

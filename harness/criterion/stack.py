"""Logits of several probes into one: each calibrated, then combined, all on the validation part alone."""

from collections.abc import Sequence
from itertools import product
from math import log

import numpy as np
from numpy.typing import NDArray

from harness.criterion.folds import Doubles, Logits
from harness.criterion.logistic import fitted_weights, log_losses

RIDGES = (1.0, 10.0, 100.0, 1e3)
INNER_FOLDS = 5

TRUST = 0.5
"""Exponent of the likelihood that weighs a combination. At 1 it would be Bayes' rule, which is too sure where
every combination is a little wrong (Grünwald 2012)."""

LARGEST = 12.0
"""Odds of 160,000 to 1: what no number of samples that fits in memory can refute."""


def calibrated(raw: Logits, y: Doubles) -> Logits:
    """The affine map of a logit that fits validation best (Platt 1999), pulled a little towards identity.

    Not isotonic: with a few thousand samples its steps cost .003 to .009 nats of JSD.
    """
    # A logit of 1,000 says no more than one of 50, and would decide the fit by itself.
    raw = Logits(np.clip(raw.validation, -50, 50), np.clip(raw.test, -50, 50))
    slope, offset = fitted_weights(_with_one(raw.validation), y, ridge=1.0, centre=np.array([1.0, 0.0]))
    if slope <= 0:  # worse than a coin, and turning it round would be luck
        slope = offset = 0.0
    return _clipped(Logits(slope * raw.validation + offset, slope * raw.test + offset))


def best(candidates: Sequence[Logits], y: Doubles) -> Logits:
    """Of one probe's settings the one, calibrated, with the least log loss on validation."""
    return min(
        (calibrated(raw, y) for raw in candidates), key=lambda one: log_losses(one.validation, y).mean()
    )


def stacked(probes: Sequence[Sequence[Logits]], y: Doubles) -> Doubles:
    """Logits (n,) at the test samples: the mean of many combinations of the probes, each weighed by how
    likely it makes the validation labels. There are every probe alone, ridge-logistic stacks of all
    (Wolpert 1992), and D = 1/2.

    Exponential weights (Littlestone and Warmuth 1994) rather than the best one: where the samples cannot
    tell the combinations apart, their mean errs less than the luckiest. The labels are always those of
    samples that neither chose nor calibrated nor weighed what predicts them, or a probe with many settings
    would look better than it is.
    """
    fold = _inner_folds(y)
    honest = _held_out(probes, y, fold)
    best_ones = [best(candidates, y) for candidates in probes]
    test = np.stack([one.test for one in best_ones], axis=1)
    alone = np.eye(len(probes))
    losses = [log_losses(column, y).sum() for column in honest.T]
    centres = (alone[int(np.argmin(losses))], np.zeros(len(probes)))
    combinations = list(alone)
    for ridge, centre in product(RIDGES, centres):
        combinations.append(fitted_weights(honest, y, ridge=ridge, centre=centre))
        losses.append(_cross_validated(honest, y, fold, ridge, centre))
    chance = len(y) * log(2)
    shares = np.exp(-TRUST * (np.array([*losses, chance]) - min(*losses, chance)))
    weights = (shares[:-1] / shares.sum()) @ np.array(combinations)
    logits: Doubles = np.clip(test @ weights, -LARGEST, LARGEST)
    return logits


def _inner_folds(y: Doubles) -> NDArray[np.intp]:
    """Which of INNER_FOLDS each sample (n,) belongs to, both sides spread evenly."""
    fold = np.empty(len(y), dtype=np.intp)
    for label in (0, 1):
        rows = np.flatnonzero(y == label)
        fold[rows] = np.arange(len(rows)) % INNER_FOLDS
    return fold


def _held_out(probes: Sequence[Sequence[Logits]], y: Doubles, fold: NDArray[np.intp]) -> Doubles:
    """Logits (n, probes) at the validation samples, by the setting and calibration of the other folds."""
    logits = np.empty((len(y), len(probes)))
    for inside in (fold == one for one in range(INNER_FOLDS)):
        for index, candidates in enumerate(probes):
            parts = [Logits(raw.validation[~inside], raw.validation[inside]) for raw in candidates]
            logits[inside, index] = best(parts, y[~inside]).test
    return logits


def _cross_validated(
    logits: Doubles, y: Doubles, fold: NDArray[np.intp], ridge: float, centre: Doubles
) -> float:
    """Summed log loss of every sample under weights that were fitted without it."""
    losses = np.empty(len(y))
    for inside in (fold == one for one in range(INNER_FOLDS)):
        weights = fitted_weights(logits[~inside], y[~inside], ridge=ridge, centre=centre)
        losses[inside] = log_losses(logits[inside] @ weights, y[inside])
    return float(losses.sum())


def _with_one(column: Doubles) -> Doubles:
    return np.stack([column, np.ones_like(column)], axis=1)


def _clipped(logits: Logits) -> Logits:
    return Logits(np.clip(logits.validation, -LARGEST, LARGEST), np.clip(logits.test, -LARGEST, LARGEST))

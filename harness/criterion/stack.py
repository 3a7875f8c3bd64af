"""Logits of several probes into one: each calibrated, then combined, all on the validation part alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import log, sqrt

import numpy as np

from harness.criterion.folds import Doubles, Logits
from harness.criterion.logistic import fitted_weights, log_losses

SETTINGS = tuple(product((1.0, 10.0, 100.0, 1e3, 1e6), (True, False)))
"""Ridges, and whether they pull towards the best probe or towards zero."""

INNER_FOLDS = 5

LARGEST = 12.0
"""Odds of 160,000 to 1: what no number of samples that fits in memory can refute."""


@dataclass(frozen=True)
class Stack:
    """The combined logits at the test samples (n,); all 0 where no probe beat chance on validation."""

    test: Doubles
    beats_chance: bool


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


def stacked(probes: Sequence[Sequence[Logits]], y: Doubles) -> Stack:
    """Ridge-logistic combination (Wolpert 1992) of the best setting of every probe, pulled towards the best
    probe or towards zero, as strongly as cross-validation inside the validation part finds best.

    In it settings are chosen and calibrated anew without the samples that judge them, or choosing among many
    would look like a gain. The combination must beat chance there by more than one standard error, else it is
    0: a discriminator that guesses loses against one that says 1/2.
    """
    chosen = [best(candidates, y) for candidates in probes]
    losses = _cross_validated(probes, y)
    setting = int(np.argmin(losses.mean(1)))
    gain = log(2) - losses[setting]
    if gain.mean() <= gain.std() / sqrt(len(gain)):
        return Stack(np.zeros(len(chosen[0].test)), beats_chance=False)
    logits = np.stack([one.test for one in chosen], axis=1) @ _weights(chosen, y, *SETTINGS[setting])
    return Stack(np.clip(logits, -LARGEST, LARGEST), beats_chance=True)


def _cross_validated(probes: Sequence[Sequence[Logits]], y: Doubles) -> Doubles:
    """Log loss (settings, n) of every validation sample under what was chosen and fitted without it."""
    fold = np.empty(len(y), dtype=int)
    for label in (0, 1):
        rows = np.flatnonzero(y == label)
        fold[rows] = np.arange(len(rows)) % INNER_FOLDS
    losses = np.empty((len(SETTINGS), len(y)))
    for one in range(INNER_FOLDS):
        inside = fold == one
        parts = [
            best([Logits(raw.validation[~inside], raw.validation[inside]) for raw in candidates], y[~inside])
            for candidates in probes
        ]
        at = np.stack([part.test for part in parts], axis=1)
        for index, setting in enumerate(SETTINGS):
            losses[index, inside] = log_losses(at @ _weights(parts, y[~inside], *setting), y[inside])
    return losses


def _weights(parts: Sequence[Logits], y: Doubles, ridge: float, around_best: bool) -> Doubles:
    logits = np.stack([part.validation for part in parts], axis=1)
    centre = np.zeros(len(parts))
    if around_best:
        centre[np.argmin([log_losses(column, y).mean() for column in logits.T])] = 1
    return fitted_weights(logits, y, ridge=ridge, centre=centre)


def _with_one(column: Doubles) -> Doubles:
    return np.stack([column, np.ones_like(column)], axis=1)


def _clipped(logits: Logits) -> Logits:
    return Logits(np.clip(logits.validation, -LARGEST, LARGEST), np.clip(logits.test, -LARGEST, LARGEST))

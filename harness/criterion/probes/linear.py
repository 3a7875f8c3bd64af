"""Probes for two clouds that differ by a shift, or by their size."""

from collections.abc import Callable

import numpy as np

from harness.criterion.folds import Doubles, Fold, Logits
from harness.criterion.samples import Singles

RIDGES = (1e-3, 1e-2, 0.1, 1.0, 10.0)
"""Added to the covariance, in units of its mean eigenvalue."""


def discriminant(fold: Fold) -> list[Logits]:
    """Linear discriminant analysis with a ridge: exact for Gaussians of one covariance (Fisher 1936)."""
    fold = fold.standardised
    real, fake = fold.train.side(1), fold.train.side(0)
    means = real.mean(0), fake.mean(0)
    within = (_scatter(real - means[0]) + _scatter(fake - means[1])) / 2
    variance, directions = np.linalg.eigh(within)
    shift = directions.T @ (means[0] - means[1])
    unit = max(variance.mean(), 1e-12)
    weights = [directions @ (shift / (np.maximum(variance, 0) + ridge * unit)) for ridge in RIDGES]
    return [fold.at(_plane(weight, (means[0] + means[1]) @ weight / 2)) for weight in weights]


def size(fold: Fold) -> list[Logits]:
    """The squared distance from the centre, in standardised and in whitened coordinates: one number that
    sees a wrong scale in any dimension."""
    candidates = []
    for view in (fold.standardised, fold.components):
        real, fake = (_squared_norm(view.train.side(label)) for label in (1, 0))
        slope = float(real.mean() - fake.mean()) / max(float(real.var() + fake.var()) / 2, 1e-12)
        candidates.append(view.at(_shell(slope, float(real.mean() + fake.mean()) / 2)))
    return candidates


def _plane(weight: Doubles, offset: float) -> Callable[[Singles], Doubles]:
    return lambda x: x @ weight - offset


def _shell(slope: float, middle: float) -> Callable[[Singles], Doubles]:
    return lambda x: slope * (_squared_norm(x) - middle)


def _squared_norm(x: Singles | Doubles) -> Doubles:
    norms: Doubles = np.square(x, dtype=np.float64).sum(1)
    return norms


def _scatter(centred: Doubles) -> Doubles:
    single = centred.astype(np.float32)  # a product of wide matrices, where float32 halves the time
    scatter: Doubles = (single.T @ single).astype(np.float64) / len(centred)
    return scatter

"""Probes for two clouds that differ by their covariance."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from harness.criterion.folds import Doubles, Fold, Logits
from harness.criterion.logistic import fitted_weights
from harness.criterion.samples import Singles

COMPONENTS = (16, 48, 128)
SHRINKAGES = (0.0, 0.5, 0.9)
"""How far the covariance of each side is pulled to that of both."""

RIDGES = (1e3, 100.0, 10.0)


@dataclass(frozen=True)
class Gaussian:
    """A normal distribution by mean (d,), variances (d,) and their directions (d, d); None: the axes."""

    mean: Doubles
    variance: Doubles
    directions: Doubles | None = None

    @classmethod
    def of(cls, mean: Doubles, covariance: Doubles) -> "Gaussian":
        variance, directions = np.linalg.eigh(covariance)
        return cls(mean, np.maximum(variance, 1e-6 * max(variance[-1], 1e-6)), directions)

    def log_density(self, x: Singles | Doubles) -> Doubles:
        """(n,) at x (n, d), up to the constant that every Gaussian of this dimension has."""
        along = x - self.mean
        if self.directions is not None:
            along = along @ self.directions
        density: Doubles = -0.5 * (np.square(along) / self.variance + np.log(self.variance)).sum(1)
        return density


def gaussian_pairs(
    real: Doubles, fake: Doubles, shrinkages: tuple[float, ...]
) -> Iterator[tuple[Gaussian, Gaussian]]:
    """Gaussians of samples (n, d), (m, d), for every shrinkage of their covariances to the pooled one."""
    means = real.mean(0), fake.mean(0)
    own = _covariance(real, means[0]), _covariance(fake, means[1])
    share = len(real) / (len(real) + len(fake))
    pooled = share * own[0] + (1 - share) * own[1]
    for shrinkage in shrinkages:
        yield (
            Gaussian.of(means[0], (1 - shrinkage) * own[0] + shrinkage * pooled),
            Gaussian.of(means[1], (1 - shrinkage) * own[1] + shrinkage * pooled),
        )


def gaussians(fold: Fold) -> list[Logits]:
    """Quadratic discriminant analysis on the leading components: exact for any two Gaussians."""
    candidates = []
    for count in sorted({min(count, fold.components.width) for count in COMPONENTS}):
        view = fold.leading(count)
        for real, fake in gaussian_pairs(view.train.side(1), view.train.side(0), SHRINKAGES):
            candidates.append(view.at(_log_ratio(real, fake)))
    return candidates


def independent(fold: Fold) -> list[Logits]:
    """The same without correlations, where full covariances have too many numbers to be learnt."""
    candidates = []
    for view in (fold.standardised, fold.components):
        real, fake = (
            Gaussian(side.mean(0), side.var(0) + 1e-6) for side in (view.train.side(1), view.train.side(0))
        )
        candidates.append(view.at(_log_ratio(real, fake)))
    return candidates


def squares(fold: Fold) -> list[Logits]:
    """Logistic regression on 48 components and their squares: variances without assuming Gaussians."""
    view = fold.leading(COMPONENTS[1])
    inputs = _with_squares(view.train.x)
    centre = np.zeros(inputs.shape[1])
    weights = [fitted_weights(inputs, view.train.y, ridge=ridge, centre=centre, steps=8) for ridge in RIDGES]
    return [view.at(_product(weight)) for weight in weights]


def _log_ratio(real: Gaussian, fake: Gaussian) -> Callable[[Singles], Doubles]:
    return lambda x: real.log_density(x) - fake.log_density(x)


def _product(weights: Doubles) -> Callable[[Singles], Doubles]:
    return lambda x: _with_squares(x) @ weights


def _with_squares(x: Singles) -> Doubles:
    """1, x and x² - 1: (n, 1 + 2 d) of (n, d)."""
    wide = x.astype(np.float64)
    return np.concatenate([np.ones((len(wide), 1)), wide, np.square(wide) - 1], axis=1)


def _covariance(samples: Doubles, mean: Doubles) -> Doubles:
    centred = samples - mean
    covariance: Doubles = centred.T @ centred / len(samples)
    return covariance

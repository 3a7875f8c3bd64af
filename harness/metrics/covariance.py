"""Means and covariances of features, and factors of covariances, in float64.

A factor of S is any F (rank, width) with F'F = S. Three kinds occur: the centred samples themselves where
they are fewer than the features, the Cholesky factor, and eigenvectors where S is singular. Symmetric
products are taken in strips of columns, for only one triangle of them is needed: about half the work.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from harness.metrics import checks

BLOCK = 512
"""Rows turned into float64 at once: 8 MiB at 2,048 features, memory that is used again and again."""

STRIP = 256
"""Columns of a strip: few enough to skip nearly half, enough for a fast matrix product."""

EPS = torch.finfo(torch.float64).eps


@dataclass(frozen=True)
class Gaussian:
    """A mean (width), a covariance and a factor of it, float64.

    `covariance` (width, width) is None where there are fewer samples than features; `factor` (rank, width) is
    then made of the samples. `triangular`: the factor is the transposed Cholesky factor, so the covariance is
    positive definite.
    """

    mean: Tensor
    covariance: Tensor | None
    factor: Tensor
    triangular: bool

    @classmethod
    def of(cls, features: Tensor) -> "Gaussian":
        """The mean and unbiased covariance of features (n, width), n >= 2."""
        n, width = features.shape
        if n >= width:
            return cls.from_moments(*moments(features))
        mean = features.mean(0, dtype=torch.float64)
        return cls(mean, None, (features.double() - mean) / (n - 1) ** 0.5, triangular=False)

    @classmethod
    def from_moments(cls, mean: Tensor, covariance: Tensor) -> "Gaussian":
        """Of a mean (width) and a covariance (width, width), both float64 and finite."""
        lower, failed = torch.linalg.cholesky_ex(covariance)
        # A pivot is what of a feature's variance the features before it leave unexplained.
        pivots = lower.diagonal().square()
        limit = len(mean) * EPS * covariance.diagonal()
        if not bool(failed) and bool((pivots > limit).all()):
            return cls(mean, covariance, lower.T, triangular=True)
        return cls(mean, covariance, _spectral_factor(covariance), triangular=False)

    @property
    def total_variance(self) -> Tensor:
        """The trace of the covariance."""
        return self.factor.square().sum() if self.covariance is None else self.covariance.trace()


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (width) and unbiased covariance (width, width) of features (n, width), n >= 2, float64.

    Centred before it is squared, and block by block: no float64 copy of the whole set.
    """
    width = features.shape[1]
    mean = features.new_zeros(width, dtype=torch.float64)
    upper = features.new_zeros(width, width, dtype=torch.float64)
    for rows in checks.slices(len(features), BLOCK):
        mean += features[rows].double().sum(0)
    mean /= len(features)
    for rows in checks.slices(len(features), BLOCK):
        centred = features[rows].double() - mean
        for strip in checks.slices(width, STRIP):
            upper[strip, strip.start :].addmm_(centred[:, strip].T, centred[:, strip.start :])
    upper = upper.triu_() / (len(features) - 1)
    return mean, upper + upper.triu(1).T


def congruence(upper: Tensor, covariance: Tensor) -> Tensor:
    """U S U' for a triangular U and a symmetric S, both (width, width): only its lower triangle is filled."""
    width = len(upper)
    half = torch.empty_like(covariance)  # S U'
    for strip in checks.slices(width, STRIP):
        half[:, strip] = covariance[:, strip.start :] @ upper[strip, strip.start :].T
    result = torch.zeros_like(covariance)
    for strip in checks.slices(width, STRIP):
        result[strip, : strip.stop] = upper[strip, strip.start :] @ half[strip.start :, : strip.stop]
    return result


def _spectral_factor(covariance: Tensor) -> Tensor:
    """(rank, width), of a singular covariance. Below the limit is only rounding, whose root is large."""
    values, vectors = torch.linalg.eigh(covariance)
    kept = values > len(values) * EPS * values[-1]
    factor: Tensor = vectors[:, kept] * values[kept].sqrt()
    return factor.T

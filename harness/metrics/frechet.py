"""Fréchet distance between the Gaussians fitted to two feature sets: FID (Heusel et al. 2017, eq. 6).

    FID = |mu_a - mu_b|² + tr S_a + tr S_b - 2 tr (S_a S_b)^½,   S with 1 / (n - 1)

Everything is float64: float32 covariances read 4 to 8 % low. The trace of the square root comes from
symmetric eigenvalues, which are real and cannot fail to converge the way a general matrix square root does.
With fewer samples than features S is singular, and the same trace is cheaper and sharper from the samples:
S_a = X'X / (n - 1) and S_b = Y'Y / (m - 1) for centred X, Y give

    tr (S_a S_b)^½ = |X Y'|_* / ((n - 1)(m - 1))^½      (nuclear norm, the sum of singular values).
"""

import torch
from torch import Tensor

from harness.errors import MetricError
from harness.metrics import checks
from harness.metrics.inputs import Column, Metric, MetricInputs, Values

BLOCK = 4096
"""Rows turned into float64 at once."""


def fid() -> Metric:
    """Fréchet distance of reference and fake features (Heusel et al. 2017)."""
    return Metric((Column("fid", "FID", "lower"),), _compute)


def _compute(inputs: MetricInputs) -> Values:
    real, fake = inputs.reference.features, inputs.fake.features
    value = frechet_distance(real, fake)
    width = real.shape[1]
    notes = tuple(
        f"FID: {len(features)} {name} samples are fewer than the {width} features, so the covariance is"
        " singular and the value is biased upwards"
        for name, features in (("reference", real), ("fake", fake))
        if len(features) < width
    )
    return Values({"fid": value}, notes)


def frechet_distance(features_a: Tensor, features_b: Tensor) -> float:
    """FID of features (n, width) and (m, width), n, m >= 2, in squared feature units; never below 0."""
    a, b = checks.pair("fid", features_a, features_b, at_least=2)
    width = a.shape[1]
    if len(a) >= width and len(b) >= width:
        return frechet_distance_from_moments(*moments(a), *moments(b))
    if len(a) > len(b):
        a, b = b, a
    mu_a, mu_b = (x.mean(0, dtype=torch.float64) for x in (a, b))
    x = (a.double() - mu_a) / (len(a) - 1) ** 0.5
    if len(b) < width:
        y = (b.double() - mu_b) / (len(b) - 1) ** 0.5
        total = x.square().sum() + y.square().sum()
        root = torch.linalg.svdvals(x @ y.T).sum()
    else:
        cov_b = moments(b)[1]
        total = x.square().sum() + cov_b.trace()
        root = _sum_of_roots(x @ cov_b @ x.T)
    return _distance(mu_a - mu_b, total, root)


def frechet_distance_from_moments(mu_a: Tensor, cov_a: Tensor, mu_b: Tensor, cov_b: Tensor) -> float:
    """FID from means (width) and covariances (width, width)."""
    parts = [part.detach().double() for part in (mu_a, cov_a, mu_b, cov_b)]
    if not all(bool(part.isfinite().all()) for part in parts):
        raise MetricError("fid: a mean or a covariance holds NaN or infinity")
    mu_a, cov_a, mu_b, cov_b = parts
    values, vectors = torch.linalg.eigh(cov_a)
    root_a = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    root = _sum_of_roots(root_a @ cov_b @ root_a)
    return _distance(mu_a - mu_b, cov_a.trace() + cov_b.trace(), root)


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (width) and unbiased covariance (width, width) of features (n, width), float64.

    Centred before it is squared, and block by block: no float64 copy of the whole set.
    """
    mean = features.mean(0, dtype=torch.float64)
    scatter = mean.new_zeros(len(mean), len(mean))
    for rows in checks.slices(len(features), BLOCK):
        centred = features[rows].double() - mean
        scatter.addmm_(centred.T, centred)
    return mean, scatter / (len(features) - 1)


def _sum_of_roots(matrix: Tensor) -> Tensor:
    # Symmetrised because rounding is not; below 0 there is only rounding.
    eigenvalues: Tensor = torch.linalg.eigvalsh((matrix + matrix.T) / 2)
    return eigenvalues.clamp_min(0).sqrt().sum()


def _distance(shift: Tensor, total_variance: Tensor, root: Tensor) -> float:
    # Checked first: max(0, NaN) is 0.
    return max(0.0, checks.finite("fid", float(shift.square().sum() + total_variance - 2 * root)))

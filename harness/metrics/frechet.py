"""Fréchet distance between the Gaussians fitted to two feature sets: FID (Heusel et al. 2017, eq. 6).

    FID = |mu_a - mu_b|² + tr S_a + tr S_b - 2 tr (S_a S_b)^½,   S with 1 / (n - 1)

Everything is float64: float32 covariances read 4 to 8 % low. For any factors S_a = A'A and S_b = B'B

    tr (S_a S_b)^½ = |A B'|_* = tr (A S_b A')^½      (nuclear norm, the sum of singular values).

Where both are positive definite A is a Cholesky factor and the eigenvalues on the right are symmetric: real,
without eigenvectors, and they cannot fail to converge the way a general matrix square root does. Elsewhere it
is the singular values, because a root makes 1e-8 of a zero eigenvalue's rounding; with fewer samples than
features the centred samples are the factor, and the matrix is as small as there are samples.
"""

import torch
from torch import Tensor

from harness.columns import Column
from harness.errors import MetricError
from harness.metrics import checks
from harness.metrics.covariance import Gaussian, congruence
from harness.metrics.frechet_error import standard_error
from harness.metrics.inputs import Metric, MetricInputs, Values


def fid() -> Metric:
    """Fréchet distance of reference and fake features (Heusel et al. 2017)."""
    return Metric((Column("fid", "FID", "lower"),), _compute)


def _compute(inputs: MetricInputs) -> Values:
    real, fake = checks.pair("fid", inputs.reference.features, inputs.fake.features, at_least=2)
    a, b = Gaussian.of(real), Gaussian.of(fake)
    values = {"fid": distance(a, b)}
    error = standard_error(real, a, fake, b)
    if error is not None:
        values["fid_se"] = checks.finite("fid", error)
    reason = too_few(len(real), len(fake), real.shape[1])
    return Values(values, unreliable={"fid": reason} if reason else {})


def too_few(reference: int, fake: int, width: int) -> str | None:
    """Why a FID of so few samples of `width` features is not to be trusted; None where there are enough."""
    short = [f"{n} {side}" for n, side in ((reference, "reference"), (fake, "fake")) if n < width]
    if not short:
        return None
    return (
        f"{' and '.join(short)} samples are fewer than the {width} features, so the covariance is singular"
        " and the value is biased upwards"
    )


def frechet_distance(features_a: Tensor, features_b: Tensor) -> float:
    """FID of features (n, width) and (m, width), n, m >= 2, in squared feature units; never below 0."""
    a, b = checks.pair("fid", features_a, features_b, at_least=2)
    return distance(Gaussian.of(a), Gaussian.of(b))


def frechet_distance_from_moments(mu_a: Tensor, cov_a: Tensor, mu_b: Tensor, cov_b: Tensor) -> float:
    """FID from means (width) and covariances (width, width)."""
    parts = [part.detach().double() for part in (mu_a, cov_a, mu_b, cov_b)]
    if not all(bool(part.isfinite().all()) for part in parts):
        raise MetricError("fid: a mean or a covariance holds NaN or infinity")
    mu_a, cov_a, mu_b, cov_b = parts
    return distance(Gaussian.from_moments(mu_a, cov_a), Gaussian.from_moments(mu_b, cov_b))


def distance(a: Gaussian, b: Gaussian) -> float:
    """FID of two Gaussians of one width, on one device; never below 0. MetricError where it overflows."""
    shift = (a.mean - b.mean).square().sum()
    squared = shift + a.total_variance + b.total_variance - 2 * _trace_of_root(a, b)
    # Checked first: max(0, NaN) is 0.
    return max(0.0, checks.finite("fid", float(squared)))


def _trace_of_root(a: Gaussian, b: Gaussian) -> Tensor:
    if a.triangular and b.triangular and b.covariance is not None:
        eigenvalues: Tensor = torch.linalg.eigvalsh(congruence(a.factor, b.covariance))
        return eigenvalues.clamp_min(0).sqrt().sum()
    singular_values: Tensor = torch.linalg.svdvals(a.factor @ b.factor.T)
    return singular_values.sum()

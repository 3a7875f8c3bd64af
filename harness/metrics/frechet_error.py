"""The standard error of FID, from how much every sample moves it (infinitesimal jackknife, Jaeckel 1972).

FID is differentiable in the moments of a: its gradient is 2 (mu_a - mu_b) in the mean and I - T in the
covariance, where T is the optimal transport map from N(0, S_a) to N(0, S_b), T S_a T = S_b (Olkin and
Pukelsheim 1982). So a sample x, centred, moves FID by 1 / n times its influence

    h(x) = 2 (mu_a - mu_b)·x + (|x|² - x'T x) n / (n - 1) - its mean over the samples,

and likewise with a and b exchanged. The sides are independent: the variance is that of the mean of h over one
plus that over the other. With a factor S_a = A'A and A S_b A' = U diag(m) U',

    x'T x = |x'R|²,   R = A⁺ U diag(m)^¼.
"""

import torch
from torch import Tensor

from harness.metrics import checks
from harness.metrics.covariance import BLOCK, Gaussian, congruence


def standard_error(features_a: Tensor, a: Gaussian, features_b: Tensor, b: Gaussian) -> float | None:
    """How far FID would move, in its units, with other samples of the same two distributions.

    Features (n, width) and (m, width) and the Gaussians fitted to them; None where either side has fewer
    samples than features, for there every sample has a direction of its own.

    It knows nothing of FID's bias. Where the distributions are equal the gradient vanishes, and this reads
    the gradient's noise: up to 2^½ too high.
    """
    if a.covariance is None or b.covariance is None:
        return None
    of_a, of_b = influences(features_a, a, b), influences(features_b, b, a)
    variance = of_a.square().sum() / (len(of_a) * (len(of_a) - 1))
    variance += of_b.square().sum() / (len(of_b) * (len(of_b) - 1))
    return float(variance.sqrt())


def influences(features: Tensor, own: Gaussian, other: Gaussian) -> Tensor:
    """h (n) of features (n, width) whose Gaussian is `own`, n >= width; float64, of mean 0."""
    assert other.covariance is not None
    if own.triangular:
        inner = congruence(own.factor, other.covariance)
    else:
        inner = own.factor @ other.covariance @ own.factor.T
    values, vectors = torch.linalg.eigh(inner)  # reads the lower triangle alone
    scaled = vectors * values.clamp_min(0) ** 0.25
    if own.triangular:
        root = torch.linalg.solve_triangular(own.factor, scaled, upper=True)
    else:  # its rows are orthogonal, and as long as the roots of the covariance's eigenvalues
        root = own.factor.T @ (scaled / own.factor.square().sum(1, keepdim=True))
    unbiased = len(features) / (len(features) - 1)  # the covariance's factor
    found = own.mean.new_empty(len(features))
    for rows in checks.slices(len(features), BLOCK):
        x = features[rows].double() - own.mean
        quadratic = x.square().sum(1) - (x @ root).square().sum(1)
        found[rows] = 2 * x @ (own.mean - other.mean) + unbiased * quadratic
    return found - found.mean()

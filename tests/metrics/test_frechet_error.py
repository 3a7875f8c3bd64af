"""The standard error of FID: the derivative it claims to be, and the spread it claims to know."""

import pytest
import torch
from torch import Tensor

from harness.metrics.covariance import Gaussian
from harness.metrics.frechet import distance, frechet_distance, frechet_distance_from_moments
from harness.metrics.frechet_error import influences, standard_error

F64 = torch.float64


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def pair(
    seed: int, n: int, m: int, width: int, shift: float = 0.3, scale: float = 1.3
) -> tuple[Tensor, Tensor]:
    return normal(2 * seed, n, width), scale * normal(2 * seed + 1, m, width) + shift


def claimed(a: Tensor, b: Tensor) -> float:
    error = standard_error(a, Gaussian.of(a), b, Gaussian.of(b))
    assert error is not None
    return error


def weighted(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    mean = weights @ x
    centred = x - mean
    return mean, (centred * weights[:, None]).T @ centred * len(x) / (len(x) - 1)


def test_influence_is_the_derivative_of_fid_in_the_weight_of_a_sample() -> None:
    a, b = pair(0, 40, 30, 5)
    a, b = a @ normal(8, 5, 5), b @ normal(9, 5, 5)
    for x, y in ((a, b), (b, a)):
        own, other = Gaussian.of(x), Gaussian.of(y)
        assert other.covariance is not None
        found = influences(x, own, other)
        assert float(found.mean()) == pytest.approx(0, abs=1e-10)
        for index in (0, 7):
            values = []
            for step in (1e-5, -1e-5):
                weights = torch.full((len(x),), (1 - step) / len(x), dtype=F64)
                weights[index] += step
                mean, cov = weighted(x, weights)
                values.append(frechet_distance_from_moments(mean, cov, other.mean, other.covariance))
            assert float(found[index]) == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-5, abs=1e-6)


def test_known_where_covariances_are_equal() -> None:
    """FID is |shift|² to first order: its variance is 4 shift' S shift (1/n + 1/m)."""
    x = normal(0, 20_000, 3) @ torch.tensor([[1, 0, 0], [0.5, 1, 0], [0, 0, 2.0]], dtype=F64)
    shift = torch.tensor([2.0, -1.0, 0.5], dtype=F64)
    along = float(shift @ torch.cov(x.T) @ shift)
    assert claimed(x, x + shift) == pytest.approx((4 * along * 2 / 20_000) ** 0.5, rel=1e-4)


@pytest.mark.parametrize(
    ("n", "m", "width", "shift", "scale", "low", "high"),
    [
        (500, 500, 8, 0.3, 1.3, 0.85, 1.2),
        (500, 200, 8, 1.0, 0.7, 0.85, 1.2),
        (300, 300, 64, 0.3, 1.3, 0.85, 1.25),
        (500, 500, 8, 0.0, 1.0, 1.1, 1.7),
    ],
)
def test_is_the_spread_over_new_samples(
    n: int, m: int, width: int, shift: float, scale: float, low: float, high: float
) -> None:
    """Right where the distributions differ; where they are equal, up to 2^½ too high."""
    values, errors = [], []
    for seed in range(200):
        a, b = pair(seed, n, m, width, shift, scale)
        values.append(frechet_distance(a, b))
        errors.append(claimed(a, b))
    spread = float(torch.tensor(values).std())
    assert low <= float(torch.tensor(errors).square().mean().sqrt()) / spread <= high


def test_agrees_with_the_bootstrap() -> None:
    a, b = pair(3, 600, 500, 6)
    source = torch.Generator().manual_seed(0)
    found = [
        frechet_distance(*(x[torch.randint(len(x), (len(x),), generator=source)] for x in (a, b)))
        for _ in range(400)
    ]
    assert claimed(a, b) == pytest.approx(float(torch.tensor(found).std()), rel=0.15)


def test_knows_no_frame_no_side_and_no_dead_feature() -> None:
    a, b = pair(5, 80, 60, 4)
    expected = claimed(a, b)
    frame = torch.linalg.qr(normal(6, 4, 4)).Q
    assert claimed(b, a) == pytest.approx(expected, rel=1e-9)
    assert claimed(a @ frame + 5, b @ frame + 5) == pytest.approx(expected, rel=1e-9)
    assert claimed(3 * a, 3 * b) == pytest.approx(9 * expected, rel=1e-9)
    with_constant = [torch.cat([x, torch.ones(len(x), 1, dtype=F64)], 1) for x in (a, b)]
    assert claimed(*with_constant) == pytest.approx(expected, rel=1e-9)


def test_none_with_fewer_samples_than_features() -> None:
    a, b = pair(7, 9, 40, 10)
    assert standard_error(a, Gaussian.of(a), b, Gaussian.of(b)) is None
    assert standard_error(b, Gaussian.of(b), a, Gaussian.of(a)) is None
    assert distance(Gaussian.of(a), Gaussian.of(b)) > 0

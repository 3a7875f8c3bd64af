"""FID: closed forms, the peers' numbers on the same features, and what a distance must be."""

import math

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchmetrics.image.fid import FrechetInceptionDistance

from harness.errors import MetricError
from harness.metrics.covariance import moments
from harness.metrics.frechet import fid, frechet_distance, frechet_distance_from_moments
from harness.metrics.inputs import MetricInputs, Sample

F64 = torch.float64


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def correlated(seed: int, n: int, width: int) -> Tensor:
    return normal(seed, n, width) @ (normal(seed + 1, width, width) / width**0.5) + normal(seed + 2, width)


def diagonal(*values: float) -> Tensor:
    return torch.diag(torch.tensor(values, dtype=F64))


def matrix(*rows: list[float]) -> Tensor:
    return torch.tensor(rows, dtype=F64)


@pytest.mark.parametrize(
    ("shift", "cov_a", "cov_b", "expected"),
    [
        ([3.0, 4.0], matrix([2, 0.5], [0.5, 1]), matrix([2, 0.5], [0.5, 1]), 25),
        ([0.0] * 3, diagonal(1, 4, 9), diagonal(4, 1, 16), 3),
        ([0.0] * 5, torch.eye(5), 9 * torch.eye(5), 20),
        ([0.0] * 2, diagonal(1, 0), diagonal(0, 1), 2),
        ([0.0] * 2, diagonal(4, 0), torch.eye(2), 2),
        ([0.0] * 2, matrix([2, 1], [1, 1]), diagonal(1, 4), 8 - 2 * math.sqrt(10)),
        ([1.0, 1.0], matrix([2, 1], [1, 2]), matrix([5, 4], [4, 5]), 3.607695155),
    ],
)
def test_closed_forms_of_moments(shift: list[float], cov_a: Tensor, cov_b: Tensor, expected: float) -> None:
    mean = torch.zeros(len(shift), dtype=F64)
    moved = torch.tensor(shift, dtype=F64)
    tolerance = 1e-8 if not math.isclose(expected, 3.607695155) else 1e-9
    assert frechet_distance_from_moments(mean, cov_a, moved, cov_b) == pytest.approx(expected, abs=tolerance)
    assert frechet_distance_from_moments(moved, cov_b, mean, cov_a) == pytest.approx(expected, abs=tolerance)


def test_closed_form_of_rank_one() -> None:
    u, v = torch.tensor([1.0, 0.0], dtype=F64), torch.tensor([0.6, 0.8], dtype=F64)
    zero = torch.zeros(2, dtype=F64)
    found = frechet_distance_from_moments(zero, torch.outer(u, u), zero, torch.outer(v, v))
    assert found == pytest.approx(0.8, abs=1e-8)


@pytest.mark.parametrize("width", [3, 40, 300])
@pytest.mark.parametrize(("null_a", "null_b"), [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.6, 0.8), (1.0, 0.0)])
def test_closed_form_where_covariances_commute(width: int, null_a: float, null_b: float) -> None:
    """|sqrt(values_a) - sqrt(values_b)|², in any frame, whatever part of either spectrum is zero."""
    frame = torch.linalg.qr(normal(width, width, width)).Q
    values_a, values_b = normal(1, width).square() + 0.1, normal(2, width).square() + 0.1
    values_a[: int(null_a * width)] = 0
    values_b[: int(null_b * width)] = 0
    cov_a, cov_b = (frame @ torch.diag(values) @ frame.T for values in (values_a, values_b))
    expected = float((values_a.sqrt() - values_b.sqrt()).square().sum())
    zero = torch.zeros(width, dtype=F64)
    assert frechet_distance_from_moments(zero, cov_a, zero, cov_b) == pytest.approx(expected, abs=1e-8)
    assert frechet_distance_from_moments(zero, cov_a, zero, cov_a) == pytest.approx(0, abs=1e-8)


def test_features_of_very_different_scale() -> None:
    scales = torch.tensor([1e-6, 1.0, 1e6], dtype=F64)
    cov_a, cov_b, zero = torch.diag(scales**2), torch.diag((3 * scales) ** 2), torch.zeros(3, dtype=F64)
    found = frechet_distance_from_moments(zero, cov_a, zero, cov_b)
    assert found == pytest.approx(4 * float(scales.square().sum()), rel=1e-12)


def test_covariance_is_the_unbiased_one() -> None:
    assert frechet_distance(matrix([0], [2]), matrix([1], [5])) == pytest.approx(6, abs=1e-12)


def scipy_fid(a: Tensor, b: Tensor) -> float:
    (mu_a, cov_a), (mu_b, cov_b) = ((x.numpy().mean(0), np.cov(x.numpy().T)) for x in (a, b))
    root = scipy.linalg.sqrtm(cov_a @ cov_b).real
    return float(((mu_a - mu_b) ** 2).sum() + np.trace(cov_a + cov_b - 2 * root))


class Identity(torch.nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.num_features = width

    def forward(self, x: Tensor) -> Tensor:
        return x


@pytest.mark.parametrize(("n", "m", "width"), [(700, 900, 24), (2000, 1500, 300)])
def test_equals_torchmetrics_and_scipy(n: int, m: int, width: int) -> None:
    a, b = correlated(0, n, width), correlated(5, m, width)
    peer = FrechetInceptionDistance(feature=Identity(width)).set_dtype(F64)
    peer.update(a, real=True)
    peer.update(b, real=False)
    assert frechet_distance(a, b) == pytest.approx(float(peer.compute()), rel=1e-6)
    assert frechet_distance(a, b) == pytest.approx(scipy_fid(a, b), rel=1e-6)


@pytest.mark.parametrize(("n", "m"), [(12, 15), (12, 90), (90, 12), (32, 33), (2, 2)])
def test_fewer_samples_than_features_gives_the_same_distance(n: int, m: int) -> None:
    a, b = correlated(1, n, 32), correlated(4, m, 32)
    from_moments = frechet_distance_from_moments(*moments(a), *moments(b))
    assert frechet_distance(a, b) == pytest.approx(from_moments, rel=1e-6)


def test_float32_features_lose_nothing_to_a_large_offset() -> None:
    a, b = (correlated(seed, 400, 8) for seed in (1, 4))
    offset = 4096.0
    a32, b32 = (a + offset).float(), (b + offset).float()
    exact = scipy_fid(a32.double() - offset, b32.double() - offset)
    assert frechet_distance(a32, b32) == pytest.approx(exact, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 40),
    m=st.integers(2, 40),
    width=st.integers(1, 12),
    shift=st.floats(-50, 50),
)
def test_is_a_distance_and_knows_no_frame(seed: int, n: int, m: int, width: int, shift: float) -> None:
    a, b = correlated(seed, n, width), correlated(seed + 3, m, width)
    found = frechet_distance(a, b)
    assert found >= 0
    assert frechet_distance(b, a) == pytest.approx(found, rel=1e-6, abs=1e-6)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6 * float(a.var(0).sum()))
    rotation = torch.linalg.qr(normal(seed, width, width)).Q
    moved = frechet_distance(a @ rotation + shift, b @ rotation + shift)
    assert moved == pytest.approx(found, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (torch.zeros(1, 3), torch.zeros(5, 3), "1 real samples are too few"),
        (torch.zeros(5, 3), torch.zeros(5, 4), "one extractor"),
        (torch.zeros(5), torch.zeros(5), "shape"),
        (torch.zeros(5, 3), torch.zeros(5, 3).index_fill(0, torch.tensor([1, 3]), math.nan), "2 of 5 fake"),
        (torch.zeros(5, 3), torch.zeros(5, 3).index_fill(0, torch.tensor([2]), -math.inf), "1 of 5 fake"),
        (torch.full((5, 3), 1e300, dtype=F64), torch.zeros(5, 3, dtype=F64), "too large"),
    ],
)
def test_refuses(a: Tensor, b: Tensor, message: str) -> None:
    with pytest.raises(MetricError, match=message):
        frechet_distance(a, b)


def test_refuses_moments_that_are_not_finite() -> None:
    zero, eye = torch.zeros(2), torch.eye(2)
    with pytest.raises(MetricError, match="NaN"):
        frechet_distance_from_moments(zero, eye, zero, eye * math.nan)


def sample(features: Tensor) -> Sample:
    return Sample(torch.zeros(len(features), 1, 2, 2, dtype=torch.uint8), features, None)


def test_entry_marks_a_value_of_fewer_samples_than_features() -> None:
    real, fake = sample(normal(0, 100, 16)), sample(normal(1, 10, 16))
    few = fid().compute(MetricInputs(real, real, fake))
    assert few.values == {"fid": frechet_distance(real.features, fake.features)}
    assert "10 fake samples" in few.unreliable["fid"]
    assert "16 features" in few.unreliable["fid"]
    neither = fid().compute(MetricInputs(fake, fake, fake)).unreliable["fid"]
    assert "10 reference and 10 fake samples" in neither
    enough = fid().compute(MetricInputs(real, real, real))
    assert not enough.unreliable
    assert enough.values.keys() == {"fid", "fid_se"}

"""FID infinity: the true distance where it is known and FID is not near it, and an error that is one."""

import numpy as np
import pytest
import torch
from torch import Tensor

from harness.errors import MetricError
from harness.metrics.fid_infinity import extrapolate, fid_infinity
from harness.metrics.frechet import frechet_distance
from harness.metrics.inputs import MetricInputs, Sample

F64 = torch.float64


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def sample(features: Tensor) -> Sample:
    return Sample(None, features, None)


@pytest.mark.parametrize(
    ("n", "width", "shift", "scale"), [(300, 16, 0.3, 1.3), (300, 16, 0.0, 1.0), (400, 64, 0.1, 1.1)]
)
def test_finds_the_true_distance_where_fid_is_biased(n: int, width: int, shift: float, scale: float) -> None:
    truth = width * (shift**2 + (scale - 1) ** 2)
    real = normal(0, 40_000, width)
    plain, found = [], []
    for seed in range(1, 41):
        fake = scale * normal(seed, n, width) + shift
        plain.append(frechet_distance(real, fake))
        found.append(extrapolate(real, fake, seed=seed))
    values = torch.tensor([each.value for each in found])
    errors = torch.tensor([each.standard_error or 0.0 for each in found])
    # Of its mean over the draws, plain FID's own standard error is a sixth of its spread.
    assert float(torch.tensor(plain).mean()) - truth > 8 * float(torch.tensor(plain).std()) / 40**0.5
    assert abs(float(values.mean()) - truth) < 0.2 * (float(torch.tensor(plain).mean()) - truth)
    assert float(((values - truth).abs() < 3 * errors).double().mean()) >= 0.95
    assert 0.8 <= float(errors.square().mean().sqrt() / values.std()) <= 1.6


def test_is_the_least_squares_line_at_zero() -> None:
    found = extrapolate(normal(0, 500, 4), normal(1, 200, 4) + 1, points=9, smallest=40)
    assert found.counts == (40, 60, 80, 100, 120, 140, 160, 180, 200)
    line = np.polyfit(1 / np.array(found.counts), found.distances, 1)
    assert found.value == pytest.approx(line[1], rel=1e-9)


def test_last_point_is_fid_itself() -> None:
    real, fake = normal(0, 100, 4), normal(1, 90, 4) + 1
    assert extrapolate(real, fake).distances[-1] == pytest.approx(frechet_distance(real, fake), rel=1e-12)


@pytest.mark.parametrize(
    ("n", "width", "smallest"), [(1000, 8, 100), (1000, 64, 256), (300, 64, 150), (60, 2, 8)]
)
def test_smallest_count_unless_given(n: int, width: int, smallest: int) -> None:
    assert extrapolate(normal(0, 200, width), normal(1, n, width), points=3).counts[0] == smallest


def test_refuses_too_few_samples() -> None:
    with pytest.raises(MetricError, match="20 fake samples are too few for 15 counts from 8 up"):
        extrapolate(normal(0, 100, 2), normal(1, 20, 2))
    with pytest.raises(MetricError, match="too few for 15 counts from 100 up"):
        extrapolate(normal(0, 100, 2), normal(1, 100, 2), smallest=100)


def test_says_where_the_line_is_not_straight() -> None:
    few, some, many = (sample(normal(n, n, 20)) for n in (30, 100, 200))
    reason = fid_infinity().compute(MetricInputs(many, many, few)).unreliable["fid_infinity"]
    assert "15 fake samples" in reason
    assert "20 features" in reason
    bent = fid_infinity().compute(MetricInputs(many, many, some))
    assert not bent.unreliable
    assert "50 samples" in bent.notes[0]
    straight = fid_infinity().compute(MetricInputs(few, few, many))
    assert not straight.unreliable
    assert not straight.notes
    short = fid_infinity().compute(MetricInputs(sample(normal(3, 9, 20)), many, many))
    assert "9 reference samples" in short.unreliable["fid_infinity"]
    assert "fid_infinity_se" not in short.values

"""The interval of FID: how often it covers what it says it covers."""

import pytest
import torch
from torch import Tensor

from harness.metrics.fid_bootstrap import bootstrap, fid_bootstrap
from harness.metrics.frechet import frechet_distance
from harness.metrics.inputs import MetricInputs, Sample

F64 = torch.float64
REPETITIONS = 60


def draws(seed: int, n: int, m: int, width: int, shift: float, scale: float) -> tuple[Tensor, Tensor]:
    source = torch.Generator().manual_seed(seed)
    real = torch.randn(n, width, generator=source, dtype=F64)
    return real, scale * torch.randn(m, width, generator=source, dtype=F64) + shift


@pytest.mark.parametrize(
    ("n", "m", "width", "shift", "scale"),
    [(200, 200, 3, 0.5, 1.3), (100, 100, 8, 0.3, 1.3), (300, 100, 2, 1, 0.8)],
)
def test_covers_the_expectation_of_fid(n: int, m: int, width: int, shift: float, scale: float) -> None:
    case = (n, m, width, shift, scale)
    expected = sum(frechet_distance(*draws(seed, *case)) for seed in range(1000, 2000)) / 1000
    found = [bootstrap(*draws(seed, *case), replicates=200, seed=seed) for seed in range(REPETITIONS)]
    covered = sum(each.low <= expected <= each.high for each in found) / REPETITIONS
    assert 0.87 <= covered <= 0.99 + 1e-9


def test_percentiles_as_they_are_would_not_cover() -> None:
    """Why the interval is centred: resampled FIDs lie above FID, which lies above its limit."""
    x, y = draws(0, 100, 100, 8, 0.1, 1.1)
    source = torch.Generator().manual_seed(0)
    resampled = torch.tensor(
        [
            frechet_distance(*(side[torch.randint(100, (100,), generator=source)] for side in (x, y)))
            for _ in range(200)
        ]
    )
    value = frechet_distance(x, y)
    assert float(resampled.quantile(0.025)) > value
    found = bootstrap(x, y)
    assert found.low <= value <= found.high


def test_too_long_where_the_distributions_are_equal() -> None:
    case = (200, 200, 3, 0.0, 1.0)
    values = torch.tensor([frechet_distance(*draws(seed, *case)) for seed in range(1000, 1400)])
    found = [bootstrap(*draws(seed, *case), seed=seed) for seed in range(20)]
    length = sum(each.high - each.low for each in found) / 20
    assert length > float(values.quantile(0.975) - values.quantile(0.025))
    assert all(0 <= each.low <= each.value <= each.high for each in found)


def test_shrinks_as_samples_grow_and_moves_with_the_seed() -> None:
    few, many = (bootstrap(*draws(1, n, n, 3, 0.5, 1.3)) for n in (200, 3200))
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(4, rel=0.3)
    x, y = draws(1, 100, 100, 3, 0.5, 1.3)
    one, other = bootstrap(x, y, seed=0), bootstrap(x, y, seed=1)
    assert one.value == other.value == pytest.approx(frechet_distance(x, y), rel=1e-12)
    assert one.low != other.low


def test_entry_marks_a_value_of_fewer_samples_than_features() -> None:
    real, fake = (Sample(None, features, None) for features in draws(0, 50, 6, 10, 0.5, 1.0))
    found = fid_bootstrap(replicates=20).compute(MetricInputs(real, real, fake))
    assert "6 fake samples" in found.unreliable["fid_bootstrap"]
    assert (
        found.values["fid_bootstrap_low"]
        <= found.values["fid_bootstrap"]
        <= found.values["fid_bootstrap_high"]
    )

"""Modes of known distributions: points put by hand, the published protocol, draws of the truth."""

import math

import pytest
import torch
from scipy.stats import chi2
from torch import Tensor

from harness.data.density import gaussian_mixture
from harness.errors import MetricError
from harness.metrics.inputs import MetricInputs, Modes, Sample, Values
from harness.metrics.modes import high_quality_of_data, mode_coverage, modes

F64 = torch.float64


def ring(count: int = 8, radius: float = 1.0, sigma: float = 0.01) -> Modes:
    """PacGAN's: eight modes, radius 1, sigma .01."""
    angles = 2 * math.pi * torch.arange(count, dtype=F64) / count
    centres = radius * torch.stack([angles.cos(), angles.sin()], 1)
    return Modes(centres, sigma, torch.full((count,), 1 / count, dtype=F64))


def drawn(known: Modes, n: int, seed: int = 0, shares: Tensor | None = None) -> Tensor:
    shares = known.shares if shares is None else shares
    source = torch.Generator().manual_seed(seed)
    density = gaussian_mixture(known.centres.tolist(), [known.sigma] * len(shares), shares.tolist())
    return density.sample(n, source).float()


def computed(points: Tensor, known: Modes | None, **options: float) -> Values:
    part = Sample(points.float().view(len(points), 1, 1, -1), points, None)
    return modes(**options).compute(MetricInputs(part, part, part, modes=known))


def test_points_put_by_hand() -> None:
    """Four count: three of one mode, one of another; one stray is near a third but outside 3 sigma."""
    known = Modes(
        torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]], dtype=F64),
        sigma=1.0,
        shares=torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=F64),
    )
    points = torch.tensor([[0.0, 0.0], [2.9, 0.0], [-2.0, 2.0], [10.0, -1.0], [0.0, 6.9]])
    found = mode_coverage(points, known)
    assert found.counts.tolist() == [3, 1, 0, 0]
    assert found.found == 2
    assert found.high_quality == 4 / 5
    assert found.kl == pytest.approx(0.75 * math.log(0.75 / 0.4) + 0.25 * math.log(0.25 / 0.3), abs=1e-12)
    assert mode_coverage(points, known, sigmas=3.2).counts.tolist() == [3, 1, 1, 0]


@pytest.mark.parametrize("generated", [1, 4, 7, 8])
def test_so_many_modes_of_all_alike_read_log_of_the_ratio(generated: int) -> None:
    known = ring()
    found = mode_coverage(known.centres[:generated].repeat(5, 1), known)
    assert found.found == generated
    assert found.high_quality == 1
    assert found.kl == pytest.approx(math.log(8 / generated), abs=1e-12)


@pytest.mark.parametrize(("dim", "sigmas"), [(1, 3.0), (2, 3.0), (2, 1.0), (16, 5.0), (1200, 36.0)])
def test_high_quality_of_the_data_is_a_chi_square_probability(dim: int, sigmas: float) -> None:
    assert high_quality_of_data(dim, sigmas) == pytest.approx(chi2.cdf(sigmas**2, dim), rel=1e-9)
    assert high_quality_of_data(2, 3.0) == pytest.approx(1 - math.exp(-4.5), rel=1e-12)


@pytest.mark.parametrize("known", [ring(), ring(25, 4.0, 0.05)])
def test_draws_of_the_truth(known: Modes) -> None:
    """2,500 of them, as PacGAN has: all modes, .9889 of high quality, KL near (k - 1) / 2n."""
    k, n = len(known.centres), 2500
    values = computed(drawn(known, n), known).values
    assert values["modes"] == k
    assert values["high_quality"] == pytest.approx(0.9889, abs=4 * values["high_quality_se"])
    assert values["mode_kl"] == pytest.approx((k - 1) / (2 * n), abs=4 * math.sqrt((k - 1) / 2) / n)


def test_errors_are_the_spread_over_draws() -> None:
    """Of a generator that has lost two modes and is half as wide again as the data."""
    known = ring()
    shares = torch.tensor([0.0, 0.0, 0.1, 0.1, 0.1, 0.2, 0.2, 0.3], dtype=F64)
    wide = Modes(known.centres, 1.5 * known.sigma, shares)
    found = [computed(drawn(wide, 500, seed, shares), known).values for seed in range(200)]
    for key in ("high_quality", "mode_kl"):
        values = torch.tensor([each[key] for each in found], dtype=F64)
        claimed = torch.tensor([each[f"{key}_se"] for each in found], dtype=F64)
        assert 0.85 <= float(claimed.square().mean().sqrt() / values.std()) <= 1.2, key
    assert float(torch.tensor([each["high_quality"] for each in found]).mean()) == pytest.approx(
        1 - math.exp(-4.5 / 1.5**2), abs=0.005
    )


def test_nothing_near_a_mode_reads_the_worst_kl_and_says_so() -> None:
    known = ring()
    found = computed(torch.full((5, 2), 7.0), known)
    assert found.values["modes"] == found.values["high_quality"] == 0
    assert found.values["mode_kl"] == pytest.approx(math.log(8))
    assert list(found.unreliable) == ["mode_kl"]
    assert not computed(drawn(known, 50), known).unreliable


def test_says_when_three_sigma_hold_little_of_the_data() -> None:
    known = Modes(torch.zeros(1, 16, dtype=F64), 1.0, torch.ones(1, dtype=F64))
    points = drawn(known, 50)
    assert any("8.66 %" in note for note in computed(points, known).notes)
    assert not computed(points, known, sigmas=6.0).notes


def test_refuses() -> None:
    with pytest.raises(MetricError, match=r"modes: the modes .* not known; remove it"):
        computed(torch.zeros(4, 2), None)
    with pytest.raises(MetricError, match="3 coordinates, and the modes 2"):
        computed(torch.zeros(4, 3), ring())
    with pytest.raises(MetricError, match="2 of 5 fake rows"):
        computed(torch.zeros(5, 2).index_fill(0, torch.tensor([1, 2]), torch.nan), ring())

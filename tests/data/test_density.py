"""Densities: samples, log density and box belong together."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from harness.data.density import gaussian_mixture

MEANS = [[-1.0, 0.5], [2.0, -1.0], [0.0, 3.0]]
SIGMAS = [0.1, 0.5, 1.0]
WEIGHTS = [1.0, 3.0, 4.0]


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_log_density_is_that_of_torch() -> None:
    density = gaussian_mixture(MEANS, SIGMAS, WEIGHTS)
    means = torch.tensor(MEANS, dtype=torch.float64)
    spreads = torch.tensor(SIGMAS, dtype=torch.float64)[:, None].expand(3, 2)
    oracle = MixtureSameFamily(
        Categorical(torch.tensor(WEIGHTS, dtype=torch.float64)), Independent(Normal(means, spreads), 1)
    )
    points = torch.randn(500, 2, generator=source(), dtype=torch.float64) * 3
    assert density.log_prob is not None
    torch.testing.assert_close(density.log_prob(points), oracle.log_prob(points), rtol=1e-12, atol=1e-12)
    single = density.log_prob(points.float())
    assert single.dtype == torch.float64
    torch.testing.assert_close(single, oracle.log_prob(points.float().double()), rtol=1e-12, atol=1e-12)


def test_one_gaussian_in_closed_form() -> None:
    density = gaussian_mixture([[3.0]], [2.0], [5.0])
    assert density.log_prob is not None
    expected = [-math.log(2 * math.sqrt(2 * math.pi)) - offset**2 / 8 for offset in (0, 1, 40)]
    found = density.log_prob(torch.tensor([[3.0], [4.0], [43.0]]))
    assert found.tolist() == pytest.approx(expected, rel=1e-14)


def test_samples_have_the_mixture_s_shares_means_and_spreads() -> None:
    density = gaussian_mixture([[-50.0], [0.0], [50.0]], SIGMAS, WEIGHTS)
    drawn = density.sample(200_000, source())
    assert drawn.shape == (200_000, 1)
    assert drawn.dtype == torch.float64
    assert density.modes is not None
    nearest = torch.cdist(drawn, density.modes).argmin(1)
    for mode, (sigma, weight) in enumerate(zip(SIGMAS, WEIGHTS, strict=True)):
        own = drawn[nearest == mode]
        assert len(own) / 200_000 == pytest.approx(weight / 8, abs=0.005)
        assert float(own.mean() - density.modes[mode]) == pytest.approx(0, abs=5 * sigma / len(own) ** 0.5)
        assert float(own.std()) == pytest.approx(sigma, rel=0.02)


def test_sampling_is_a_function_of_its_source_and_leaves_the_rest_alone() -> None:
    density = gaussian_mixture(MEANS, SIGMAS, WEIGHTS)
    state = torch.get_rng_state()
    first = density.sample(100, source())
    torch.manual_seed(1)
    assert torch.equal(density.sample(100, source()), first)
    torch.set_rng_state(state)
    assert not torch.equal(density.sample(100, source(1)), first)


def test_the_box_holds_the_mass_and_no_mode_of_weight_0() -> None:
    density = gaussian_mixture([*MEANS, [900.0, 900.0]], [*SIGMAS, 1.0], [*WEIGHTS, 0.0])
    assert density.low == pytest.approx((-7.0, -4.5))
    assert density.high == pytest.approx((7.0, 10.0))
    drawn = density.sample(100_000, source())
    assert ((drawn >= torch.tensor(density.low)) & (drawn <= torch.tensor(density.high))).all()
    assert density.modes is not None
    assert density.modes.tolist() == MEANS


def test_one_sigma_is_known_and_several_are_not() -> None:
    assert gaussian_mixture(MEANS, [0.2] * 3, WEIGHTS).sigma == 0.2
    assert gaussian_mixture(MEANS, SIGMAS, WEIGHTS).sigma is None


@given(st.floats(-20, 20), st.floats(0.05, 5), st.floats(0, 1))
def test_every_mixture_integrates_to_1(mean: float, sigma: float, weight: float) -> None:
    density = gaussian_mixture([[mean], [0.0]], [sigma, 1.0], [weight, 1.0])
    assert density.log_prob is not None
    x = torch.linspace(density.low[0], density.high[0], 20_001, dtype=torch.float64)
    assert float(torch.trapezoid(density.log_prob(x[:, None]).exp(), x)) == pytest.approx(1, abs=1e-9)

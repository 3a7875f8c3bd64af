"""p_data, p_g and D on a grid, against what is known in closed form."""

from math import erf, log, sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness.config import Training
from harness.data import Dataset
from harness.data.toy import gaussian_1d, ring
from harness.diagnostics.landscape import landscape, sigmoid
from harness.diagnostics.moment import Moment
from harness.diagnostics.optimal_discriminator import optimal_discriminator
from harness.diagnostics.pushforward import (
    latent_masses,
    latent_quantiles,
    pushed_masses,
    smoothed_masses,
)
from harness.losses import LOSSES
from harness.networks import NETWORKS, Latent, Pair

JSD_ONE_APART = 0.111421482185
"""Of N(0, 1) and N(1, 1), in nats."""


class Logit(nn.Module):
    """A discriminator whose logit is a given function of the points (n, dim)."""

    def __init__(self, function: nn.Module) -> None:
        super().__init__()
        self.function = function

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.function(images.flatten(1))
        return logits


class Best(nn.Module):
    """log p_data / p_g of N(0, 1) and N(1, 1)."""

    def forward(self, points: Tensor) -> Tensor:
        return 0.5 - points[:, 0]


class Half(nn.Module):
    def forward(self, points: Tensor) -> Tensor:
        return torch.zeros(len(points))


def moment_of(dataset: Dataset, pair: Pair, discriminator: nn.Module | None = None) -> Moment:
    return Moment(
        step=0,
        generator=pair.generator,
        discriminator=discriminator or pair.discriminator,
        latent=pair.latent,
        loss=LOSSES["non_saturating"](),
        penalties=(),
        training=Training(steps=1),
        dataset=dataset,
        seed=0,
        device=torch.device("cpu"),
    )


@pytest.fixture(scope="module")
def line() -> Dataset:
    return gaussian_1d(Path(), num_train=10)


@pytest.fixture(scope="module")
def shifted(line: Dataset) -> Pair:
    """A generator that draws N(1, 1)."""
    return NETWORKS["affine"](line.shape, latent=Latent(size=1), matrix=((1.0,),), offset=(1.0,))


def test_the_best_discriminator_reaches_the_criterion(line: Dataset, shifted: Pair) -> None:
    found = optimal_discriminator().observe(moment_of(line, shifted, Logit(Best()))).values
    assert found["v_optimal"] == pytest.approx(2 * JSD_ONE_APART - log(4), abs=1e-11)
    assert found["v"] == pytest.approx(found["v_optimal"], abs=1e-11)
    assert found["gap"] == pytest.approx(0, abs=1e-11)
    assert found["d_error"] == pytest.approx(0, abs=1e-6)  # the network computes in single precision


def test_a_discriminator_that_says_half_has_minus_log_four(line: Dataset, shifted: Pair) -> None:
    found = optimal_discriminator().observe(moment_of(line, shifted, Logit(Half())))
    assert found.values["v"] == pytest.approx(-log(4), abs=1e-12)
    # E |1/2 - D*| under the mixture is half the total variation distance, 2 Φ(1/2) - 1 for these two.
    assert found.values["d_error"] == pytest.approx((erf(0.5 / sqrt(2))) / 2, abs=1e-6)
    assert found.record["source_of_p_g"] == "exact"
    assert set(found.record["d"]) == {0.5}
    assert len(found.record["x"]) == len(found.record["p_g"]) <= 512


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("latent", [1, 2])
@pytest.mark.parametrize("dim", [1, 2])
def test_no_discriminator_is_above_the_best_one(seed: int, latent: int, dim: int) -> None:
    dataset = gaussian_1d(Path(), num_train=10) if dim == 1 else ring(Path(), num_train=10)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        pair = NETWORKS["mlp"](
            dataset.shape,
            latent=Latent(size=latent),
            output="linear",
            generator_widths=(8, 8),
            discriminator_widths=(8,),
        )
    found = landscape(moment_of(dataset, pair), "test")
    assert found.source == ("change of variables" if latent == dim == 1 else "kernel density")
    assert found.value <= found.criterion <= 1e-12
    assert found.criterion >= -log(4)
    for log_density in (found.log_data, found.log_generated):
        assert np.exp(log_density).sum() * found.volume == pytest.approx(1)


def test_a_perfect_generator_in_the_plane_has_the_least_criterion() -> None:
    plane = ring(Path(), modes=1, radius=0, sigma=1.0, num_train=10)
    pair = NETWORKS["affine"](plane.shape)
    exact = landscape(moment_of(plane, pair), "test")
    assert exact.source == "exact"
    assert exact.criterion == pytest.approx(-log(4), abs=1e-12)
    record = exact.curves(64)
    assert np.shape(record["p_data"]) == (64, 64) == (len(record["y"]), len(record["x"]))


@pytest.mark.parametrize("slope", [0.5, -2.0])
@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_a_line_pushed_through_a_line_is_what_it_should_be(slope: float, distribution: str) -> None:
    z, masses = latent_masses(distribution)
    assert masses.sum() == pytest.approx(1)
    midpoints = np.linspace(-16, 16, 801)
    found = pushed_masses(slope * z + 1, masses, midpoints) / 0.04
    assert found.sum() * 0.04 == pytest.approx(1, abs=1e-9)
    at = (midpoints - 1) / slope
    if distribution == "normal":
        expected = np.exp(-(at**2) / 2) / sqrt(2 * np.pi) / abs(slope)
        assert abs(found - expected).max() < 2e-3
    else:
        inside = (abs(at) < 0.95) | (abs(at) > 1.05)
        expected = np.where(abs(at) < 1, 0.5 / abs(slope), 0)
        assert abs(found - expected)[inside].max() < 1e-9


def test_a_fold_adds_up_and_a_flat_piece_is_a_point_mass() -> None:
    z, masses = latent_masses("uniform")
    midpoints = np.linspace(-1.975, 1.975, 80)
    folded = pushed_masses(abs(z), masses, midpoints)
    assert folded[40:60] == pytest.approx(0.05, rel=1e-3)
    flat = pushed_masses(np.maximum(z, 0), masses, midpoints)
    assert flat[39] + flat[40] == pytest.approx(0.525, abs=1e-3)


def test_kernels_find_a_density_and_choose_their_width() -> None:
    source = np.random.default_rng(0)
    samples = np.concatenate([source.normal(-2, 0.1, (50_000, 1)), source.normal(2, 0.3, (50_000, 1))])
    axis = np.linspace(-5, 5, 2001)
    found = smoothed_masses(samples, (axis,)) / 0.005
    height = sum(np.exp(-((axis - m) ** 2) / (2 * s**2)) / s for m, s in ((-2, 0.1), (2, 0.3)))
    expected = height / 2 / sqrt(2 * np.pi)
    assert abs(found - expected).sum() * 0.005 < 0.03


def test_quantiles_carry_equal_shares() -> None:
    assert latent_quantiles("uniform", 4).tolist() == [-0.75, -0.25, 0.25, 0.75]
    normal = latent_quantiles("normal", 15)
    assert normal[7] == pytest.approx(0)
    assert normal == pytest.approx(-normal[::-1])


def test_sigmoid_is_exact_in_both_tails() -> None:
    assert sigmoid(np.array([-800.0, 0.0, 800.0])).tolist() == [0.0, 0.5, 1.0]

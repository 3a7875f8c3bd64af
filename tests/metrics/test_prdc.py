"""Precision, recall, density, coverage: exact values, the published self-test, ties, errors."""

from math import prod
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from harness.errors import MetricError
from harness.metrics.prdc import Manifold, coverage, manifold_scores

F64 = torch.float64


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def line(*values: float) -> Tensor:
    return torch.tensor(values, dtype=F64)[:, None]


class Four(NamedTuple):
    """The values without their errors."""

    precision: float
    recall: float
    density: float
    coverage: float


def plain(real: Tensor, fake: Tensor, k: int) -> Four:
    """The formulas of the papers, in the manner of the authors' code."""

    def distances(a: Tensor, b: Tensor) -> np.ndarray:
        return ((a.double().numpy()[:, None] - b.double().numpy()[None]) ** 2).sum(-1)

    across = distances(real, fake)
    radii_real, radii_fake = (np.sort(distances(x, x), axis=1)[:, k] for x in (real, fake))
    inside = across < radii_real[:, None]
    return Four(
        precision=inside.any(0).mean(),
        recall=(across < radii_fake[None]).any(1).mean(),
        density=inside.sum() / (k * len(fake)),
        coverage=(across.min(1) < radii_real).mean(),
    )


def assert_equal(found: Manifold, expected: Manifold | Four) -> None:
    for name in Four._fields:
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-12), name


@pytest.mark.parametrize(
    ("fake", "k", "expected"),
    [
        (line(0.5, 2, 10, 11), 1, Four(0.5, 0.75, 0.75, 0.75)),
        (line(0.5, 2, 10, 11.5), 2, Four(0.75, 1, 1, 1)),
        (line(0, 1, 3, 6), 1, Four(1, 1, 1, 1)),
        (line(100, 101, 103, 106), 1, Four(0, 0, 0, 0)),
    ],
)
def test_exact_values(fake: Tensor, k: int, expected: Manifold) -> None:
    assert_equal(manifold_scores(line(0, 1, 3, 6), fake, neighbours=k), expected)


def test_published_self_test() -> None:
    """Two N(0, I) samples, 10,000 x 1,000, k = 5, of the authors' readme.

    Their draw is not known; over draws the standard deviations are near .013, .01, .07 and .008.
    """
    found = manifold_scores(normal(0, 10_000, 1000).float(), normal(1, 10_000, 1000).float())
    assert found.precision == pytest.approx(0.4772, abs=0.04)
    assert found.recall == pytest.approx(0.4705, abs=0.04)
    assert found.density == pytest.approx(1.0555, abs=0.2)
    assert found.coverage == pytest.approx(0.9735, abs=0.02)


def test_equals_the_plain_formula() -> None:
    real, fake = normal(0, 300, 6), 1.1 * normal(1, 200, 6) + 0.2
    for k in (1, 3, 5):
        assert_equal(manifold_scores(real, fake, neighbours=k), plain(real, fake, k))
    assert_equal(manifold_scores(real.float(), fake.float()), plain(real.float(), fake.float(), 5))


@pytest.mark.parametrize("block", [11, 64, 1024])
def test_ties_count_as_in_the_plain_formula_whatever_the_tile(block: int) -> None:
    """Fake samples that are real ones tie at the k-th neighbour; `<=`, or rounding, would count them."""
    real = (normal(0, 150, 13) + 3).float()
    assert_equal(manifold_scores(real, real, block=block), Four(1, 1, 1, 1))
    mixed = torch.cat([real[::2], normal(1, 60, 13).float() + 3])
    assert_equal(manifold_scores(real, mixed, block=block), plain(real, mixed, 5))


def test_grid_valued_features_tie_everywhere() -> None:
    real, fake = ((normal(seed, 120, 4) * 2).round() for seed in (0, 1))
    for block in (16, 1024):
        assert_equal(manifold_scores(real, fake, block=block), plain(real, fake, 5))


def test_one_value_repeated_and_far_outliers() -> None:
    real = normal(0, 60, 5)
    stuck = normal(1, 1, 5).repeat(40, 1)
    assert_equal(manifold_scores(real, stuck), plain(real, stuck, 5))
    wild = normal(2, 40, 5)
    wild[0] = 1e7
    assert_equal(manifold_scores(real, wild), plain(real, wild, 5))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(4, 40),
    m=st.integers(4, 40),
    k=st.integers(1, 3),
    block=st.integers(1, 50),
)
def test_neither_tiles_nor_order_nor_frame_matter(seed: int, n: int, m: int, k: int, block: int) -> None:
    real, fake = normal(seed, n, 3), normal(seed + 1, m, 3) + 0.3
    found = manifold_scores(real, fake, neighbours=k)
    rotation = torch.linalg.qr(normal(seed, 3, 3)).Q
    for a, b in (
        (real.flip(0), fake.flip(0)),
        (real + 5, fake + 5),
        (4 * real, 4 * fake),
        (real @ rotation, fake @ rotation),
    ):
        assert_equal(manifold_scores(a, b, neighbours=k, block=block), found)
    swapped = manifold_scores(fake, real, neighbours=k)
    assert (swapped.precision, swapped.recall) == (found.recall, found.precision)


@pytest.mark.parametrize(("dim", "scale"), [(3, 3.0), (3, 2.0), (10, 1.0)])
def test_standard_errors_are_the_spread_over_other_fake_samples(dim: int, scale: float) -> None:
    """Of precision and density within what 300 draws can tell; that of coverage, a jackknife, is too high
    rather than too low (Efron and Stein 1981), and the more so the nearer coverage is to 1."""
    real = normal(0, 150, dim)
    found = [manifold_scores(real, scale * normal(i, 100, dim)) for i in range(1, 301)]
    for name, low, high in (("precision", 0.85, 1.2), ("density", 0.85, 1.2), ("coverage", 0.95, 1.6)):
        spread = float(torch.tensor([getattr(each, name) for each in found]).std())
        claimed = torch.tensor([getattr(each, f"{name}_se") for each in found])
        assert low <= float(claimed.square().mean().sqrt()) / spread <= high, name


@pytest.mark.parametrize("block", [7, 1024])
def test_error_of_coverage_is_the_jackknife_done_the_long_way(block: int) -> None:
    real, fake = normal(0, 40, 2), normal(1, 25, 2)
    left = torch.tensor(
        [coverage("prdc", real, torch.cat([fake[:j], fake[j + 1 :]])) for j in range(25)], dtype=F64
    )
    expected = float((24 * left.var(unbiased=False)).sqrt())
    assert manifold_scores(real, fake, block=block).coverage_se == pytest.approx(expected, rel=1e-10)


def test_coverage_alone_is_that_of_the_four() -> None:
    for seed in range(5):
        real, fake = ((normal(seed + side, 90, 3) * 2).round() for side in (0, 50))
        assert coverage("prdc", real, fake, block=32) == manifold_scores(real, fake).coverage


@pytest.mark.parametrize(("n", "m", "k"), [(60, 60, 3), (100, 30, 5)])
def test_expected_coverage_of_equal_distributions(n: int, m: int, k: int) -> None:
    """1 - (n-1)...(n-k) / (m+n-1)...(m+n-k), in any dimension (Naeem et al. 2020, eq. 9)."""
    expected = 1 - prod((n - i) / (m + n - i) for i in range(1, k + 1))
    found = torch.tensor(
        [coverage("prdc", normal(2 * i, n, 4), normal(2 * i + 1, m, 4), neighbours=k) for i in range(300)]
    )
    assert float(found.mean()) == pytest.approx(expected, abs=4 * float(found.std()) / 300**0.5)


def test_refuses() -> None:
    with pytest.raises(MetricError, match="at least 6"):
        manifold_scores(torch.zeros(5, 2), torch.zeros(9, 2))
    with pytest.raises(MetricError, match="2 of 9 fake rows"):
        manifold_scores(torch.zeros(9, 2), torch.zeros(9, 2).index_fill(0, torch.tensor([1, 2]), torch.inf))
    with pytest.raises(MetricError, match="neighbours"):
        manifold_scores(torch.zeros(9, 2), torch.zeros(9, 2), neighbours=0)

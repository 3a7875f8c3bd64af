"""Nearest neighbours: sklearn's, whatever the tile, and exact where they tie."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from harness.metrics.nearest import nearest, squared_radii

F64 = torch.float64


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def plain(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    squared = (x.double()[:, None] - y.double()[None]).square().sum(-1)
    least = squared.amin(1)
    return least, (squared == least[:, None]).int().argmax(1)  # argmax of 0 and 1: the first 1


def test_equals_sklearn() -> None:
    x, y = normal(0, 300, 20), normal(1, 500, 20)
    distance, index = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(y.numpy()).kneighbors(x.numpy())
    found, where = nearest(x, y, 128)
    assert torch.allclose(found.sqrt(), torch.from_numpy(distance[:, 0]), rtol=1e-7)
    assert torch.equal(where, torch.from_numpy(index[:, 0]))


@pytest.mark.parametrize("block", [1, 13, 64, 1024])
def test_lowest_of_equally_near_rows_whatever_the_tile(block: int) -> None:
    x, y = ((normal(seed, 110, 3) * 2).round() for seed in (0, 1))
    for given_x, given_y in ((x, y), (x, x), (x + 1e4, torch.cat([x, x, y]) + 1e4)):
        found, where = nearest(given_x, given_y, block)
        squared, index = plain(given_x, given_y)
        assert torch.equal(found, squared)
        assert torch.equal(where, index)


def test_rows_that_are_there_are_at_distance_0_at_any_offset() -> None:
    """A matrix product would put them up to 1e-4 away."""
    y = (normal(0, 200, 50) + 1e4).float()
    found, where = nearest(y[50:90], y, 64)
    assert torch.equal(found, torch.zeros(40, dtype=F64))
    assert torch.equal(where, torch.arange(50, 90))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 30), m=st.integers(1, 30), block=st.integers(1, 40))
def test_equals_the_plain_formula(seed: int, n: int, m: int, block: int) -> None:
    x, y = normal(seed, n, 3), normal(seed + 1, m, 3)
    found, where = nearest(x, y, block)
    squared, index = plain(x, y)
    assert torch.equal(found, squared)
    assert torch.equal(where, index)


def test_radii_are_the_plain_ones_at_an_offset() -> None:
    x = normal(0, 90, 3) + 1e5
    expected = (x[:, None] - x[None]).square().sum(-1).sort(1).values[:, 4]
    assert torch.allclose(squared_radii(x, 4, block=32), expected, rtol=1e-12)


def test_a_row_held_twice_has_radius_0() -> None:
    x = normal(0, 40, 6)
    radii = squared_radii(torch.cat([x, x[:5]]), 1, block=16)
    assert (radii == 0).nonzero().flatten().tolist() == [0, 1, 2, 3, 4, 40, 41, 42, 43, 44]

"""Resampling by matrices: the filters of bilinear interpolation, without its edges."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import interpolate

from harness.networks.resample import Resample
from harness.seeding import generator

sizes = st.integers(1, 64)


def test_halving_filters_with_1_3_3_1_and_doubling_with_its_transpose() -> None:
    halved, doubled = Resample(16, 8).weights, Resample(8, 16).weights
    taps = torch.tensor([1.0, 3, 3, 1]) / 8
    for i in range(1, 7):
        assert torch.allclose(halved[i, 2 * i - 1 : 2 * i + 3], taps)
        assert torch.allclose(doubled[2 * i - 1 : 2 * i + 3, i], 2 * taps)
    assert halved[1:-1].count_nonzero() == 4 * 6


@given(sizes, sizes)
def test_constants_stay_and_nothing_is_amplified(before: int, after: int) -> None:
    weights = Resample(before, after).weights
    assert weights.shape == (after, before)
    assert torch.allclose(weights.sum(1), torch.ones(after), atol=1e-5)
    assert weights.min() >= 0


@pytest.mark.parametrize(("before", "after"), [(4, 8), (7, 14), (8, 15), (15, 8), (28, 14)])
def test_it_is_torchs_own_interpolation(before: int, after: int) -> None:
    x = torch.randn(2, 3, before, before, generator=generator(0, "test"))
    expected = interpolate(x, (after, after), mode="bilinear", antialias=True)
    assert torch.allclose(Resample(before, after)(x), expected, atol=1e-5)


def test_it_is_no_part_of_the_weights() -> None:
    assert not Resample(4, 8).state_dict()

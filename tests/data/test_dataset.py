"""Grey levels: what is quantised is the nearest level, and real images pass unchanged."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.data import Dataset, quantise, to_float


def test_every_real_digit_survives_the_round_trip(real_digits: Dataset) -> None:
    for split in (real_digits.train, real_digits.validation, real_digits.test):
        assert torch.equal(quantise(to_float(split.images), real_digits.levels), split.images)


def test_all_256_levels_survive_the_round_trip() -> None:
    images = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(quantise(to_float(images)), images)


@given(st.floats(-1, 1, width=32), st.sampled_from([2, 3, 17, 64, 256]))
def test_rounds_to_the_nearest_level(value: float, levels: int) -> None:
    wanted = (value + 1) / 2 * (levels - 1)
    got = float(quantise(torch.tensor([value]), levels)) / 255 * (levels - 1)
    on_grid = round(got)
    assert abs(got - on_grid) <= 0.5 / 255 * (levels - 1)  # the level itself is rounded to uint8
    assert abs(wanted - on_grid) <= 0.5 + 1e-4


@given(st.floats(-1e6, 1e6, width=32))
def test_values_outside_the_range_are_clamped(value: float) -> None:
    got = int(quantise(torch.tensor([value])))
    assert 0 <= got <= 255
    if abs(value) >= 1:
        assert got == (255 if value > 0 else 0)


def test_double_precision_is_quantised_like_single() -> None:
    images = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(quantise(to_float(images).to(torch.float64)), images)


def test_digest_sees_every_part(real_digits: Dataset) -> None:
    changed = real_digits.test.images.clone()
    changed[-1, 0, 7, 7] ^= 1
    others = [
        replace(real_digits, test=replace(real_digits.test, images=changed)),
        replace(real_digits, train=real_digits.validation, validation=real_digits.train),
        replace(real_digits, levels=256),
        replace(real_digits, name="other"),
    ]
    assert len({real_digits.digest, *(other.digest for other in others)}) == 5


def test_a_dataset_is_frozen(real_digits: Dataset) -> None:
    with pytest.raises(AttributeError):
        real_digits.name = "other"  # type: ignore[misc]

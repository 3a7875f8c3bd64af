"""The digits data set: pinned bytes, fixed stratified splits."""

from pathlib import Path

import torch

from harness.data import DATASETS, Dataset
from harness.data.digits import digits, stratified_order
from harness.options import describe

DIGEST = "ae2e02e484e6173b59b9cebd64c062973ecca29b1253fb994367fe225b811cef"


def test_digest_is_pinned(real_digits: Dataset) -> None:
    # Every published number on digits rests on these bytes: a change here changes the benchmark.
    assert real_digits.digest == DIGEST


def test_a_mirrored_digit_is_none(real_digits: Dataset) -> None:
    assert not real_digits.mirrors


def test_does_not_depend_on_random_state_or_root(real_digits: Dataset) -> None:
    torch.manual_seed(7)
    assert digits(Path("/nowhere")).digest == real_digits.digest


def test_shapes_types_and_levels(real_digits: Dataset) -> None:
    assert real_digits.shape == (1, 8, 8)
    for split, size in [(real_digits.train, 1000), (real_digits.validation, 297), (real_digits.test, 500)]:
        assert split.images.shape == (size, 1, 8, 8)
        assert split.labels.shape == (size,)
        assert (split.images.dtype, split.labels.dtype) == (torch.uint8, torch.int64)
        assert split.images.is_contiguous()
        assert split.labels.is_contiguous()
    grey = {round(level * 255 / 16) for level in range(17)}
    assert set(real_digits.train.images.unique().tolist()) == grey


def test_splits_are_disjoint(real_digits: Dataset) -> None:
    splits = (real_digits.train, real_digits.validation, real_digits.test)
    rows = torch.cat([split.images.flatten(1) for split in splits])
    assert len(rows.unique(dim=0)) == len(rows) == 1797


def test_splits_are_stratified(real_digits: Dataset) -> None:
    splits = (real_digits.train, real_digits.validation, real_digits.test)
    whole = torch.bincount(torch.cat([split.labels for split in splits]), minlength=10)
    for split in splits:
        expected = whole * (len(split) / 1797)
        assert (torch.bincount(split.labels, minlength=10) - expected).abs().max() <= 1


def test_order_is_a_permutation() -> None:
    labels = torch.tensor([0, 1, 1, 2, 2, 2, 0, 1] * 5)
    assert stratified_order(labels).sort().values.tolist() == list(range(40))


def test_every_entry_describes_itself() -> None:
    for entry in DATASETS.values():
        assert 30 < len(describe(entry)) <= 110

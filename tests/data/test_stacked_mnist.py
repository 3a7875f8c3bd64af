"""Stacked MNIST: what an image is made of, which digits it may hold, and that every call gives the same."""

from pathlib import Path

import pytest
import torch

from harness.data import Dataset, Split
from harness.data.mnist import mnist
from harness.data.stacked_mnist import stack, stacked_mnist

DIGEST = "2874e9228ce22da96b6826d0a7301ef07df384213d9b7c2daed5ec74d915d109"
"""Of 2,000 training images."""


@pytest.fixture(scope="module")
def digits(mnist_root: Path) -> Dataset:
    return mnist(mnist_root)


@pytest.fixture(scope="module")
def stacked(mnist_root: Path) -> Dataset:
    return stacked_mnist(mnist_root, num_train=2000)


def splits(data: Dataset) -> tuple[Split, Split, Split]:
    return data.train, data.validation, data.test


def test_digest_is_pinned(stacked: Dataset) -> None:
    # A change of the drawn digits changes every number that was measured against them.
    assert stacked.digest == DIGEST


def test_shapes_types_and_classes(stacked: Dataset) -> None:
    assert (stacked.shape, stacked.levels, stacked.mirrors) == ((3, 28, 28), 256, False)
    assert [len(split) for split in splits(stacked)] == [2000, 10_000, 10_000]
    assert len(stacked.classes) == 1000
    assert stacked.classes[7] == "007"
    for split in splits(stacked):
        assert (split.images.dtype, split.labels.dtype) == (torch.uint8, torch.int64)
        assert split.images.is_contiguous()
        assert 0 <= int(split.labels.min()) <= int(split.labels.max()) <= 999


def test_every_channel_is_a_digit_of_the_same_split_and_the_label_its_number(
    stacked: Dataset, digits: Dataset
) -> None:
    for split, source in zip(splits(stacked), splits(digits), strict=True):
        label_of = {
            image.numpy().tobytes(): int(label)
            for image, label in zip(source.images, source.labels, strict=True)
        }
        for image, label in zip(split.images[:200], split.labels[:200].tolist(), strict=True):
            numbers = [label_of[channel.numpy().tobytes()] for channel in image]
            assert int("".join(map(str, numbers))) == label


def test_channels_are_drawn_apart(stacked: Dataset) -> None:
    labels = torch.cat([split.labels for split in splits(stacked)])
    parts = torch.stack((labels // 100, labels // 10 % 10, labels % 10)).double()
    correlations = torch.corrcoef(parts) - torch.eye(3)
    assert correlations.abs().max() < 4 / len(labels) ** 0.5


def test_more_training_images_leave_the_held_out_ones_alone(mnist_root: Path, stacked: Dataset) -> None:
    more = stacked_mnist(mnist_root, num_train=2500)
    assert torch.equal(more.test.images, stacked.test.images)
    assert torch.equal(more.validation.labels, stacked.validation.labels)


def test_resolution_32_is_padded(mnist_root: Path, stacked: Dataset) -> None:
    padded = stacked_mnist(mnist_root, num_train=10, resolution=32)
    assert padded.shape == (3, 32, 32)
    assert torch.equal(padded.test.images[..., 2:-2, 2:-2], stacked.test.images)


def test_enough_images_are_of_every_class(digits: Dataset) -> None:
    # 128 of a class on average; the rarest number, 555, has 100 expected.
    counts = stack(digits.train, "train", 128_000).labels.bincount(minlength=1000)
    assert len(counts) == 1000
    assert counts.min() > 50

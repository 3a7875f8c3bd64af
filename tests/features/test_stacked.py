"""The classifier of each channel: parity with the classifier of one, and modes counted as PacGAN counts."""

from math import log

import pytest
import torch
from torch import Tensor

from harness.data import Dataset
from harness.data.stacked_mnist import stack
from harness.errors import WeightsError
from harness.features import extract
from harness.features.classifier import PINNED, classifier
from harness.features.stacked import stacked_classifier
from harness.metrics.class_balance import class_counts, class_divergence
from harness.metrics.shares import kl_of_counts

SHAPE = (3, 28, 28)
UNIFORM = torch.full((1000,), 1e-3, dtype=torch.float64)
"""What PacGAN measures from."""

COUNT = 26_000
"""Samples of VEEGAN's and of PacGAN's tables."""


@pytest.fixture(scope="module")
def real(real_mnist: Dataset) -> tuple[Tensor, Tensor, Tensor]:
    """Images of digits that the classifier was not trained on, their labels, and their logits."""
    split = stack(real_mnist.test, "modes", COUNT)
    _, logits = extract(stacked_classifier("stacked_mnist", SHAPE), split.images, 500, "cpu")
    assert logits is not None
    return split.images, split.labels, logits


def test_what_it_is() -> None:
    extractor = stacked_classifier("stacked_mnist", SHAPE)
    assert (extractor.name, extractor.title) == ("stacked_classifier", "mnist classifier of each channel")
    assert (extractor.width, extractor.num_classes, extractor.channels) == (384, 1000, 3)
    assert extractor.digest.startswith(PINNED["mnist"])
    assert extractor.digest != stacked_classifier("digits", (1, 28, 28)).digest


def test_features_and_probabilities_are_those_of_the_channels(real: tuple[Tensor, Tensor, Tensor]) -> None:
    images = real[0][:40]
    features, logits = extract(stacked_classifier("stacked_mnist", SHAPE), images, 40, "cpu")
    alone = [extract(classifier("mnist", (1, 28, 28)), images[:, [part]], 40, "cpu") for part in range(3)]
    torch.testing.assert_close(features, torch.cat([part for part, _ in alone], 1), rtol=0, atol=1e-5)
    assert logits is not None
    first, second, third = (each.softmax(1) for _, each in alone if each is not None)
    joint = torch.einsum("ni,nj,nk->nijk", first, second, third).flatten(1)
    torch.testing.assert_close(logits.softmax(1), joint, rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(logits.logsumexp(1), torch.zeros(40), rtol=0, atol=1e-5)


def test_the_class_is_made_of_the_most_probable_digits(real: tuple[Tensor, Tensor, Tensor]) -> None:
    images, _, logits = real
    digits = [
        extract(classifier("mnist", (1, 28, 28)), images[:500, [part]], 500, "cpu")[1] for part in range(3)
    ]
    first, second, third = (each.argmax(1) for each in digits if each is not None)
    assert torch.equal(logits[:500].argmax(1), 100 * first + 10 * second + third)


def test_the_class_of_a_real_image_is_its_label(real: tuple[Tensor, Tensor, Tensor]) -> None:
    _, labels, logits = real
    assert float((logits.argmax(1) == labels).double().mean()) > 0.98


def test_real_images_have_all_modes_and_a_divergence_of_chance(
    real: tuple[Tensor, Tensor, Tensor], real_mnist: Dataset
) -> None:
    counts = class_counts("fake", real[2])
    assert int((counts > 0).sum()) == 1000
    # The published tables measure from 1,000 equal shares, which MNIST's own digits do not quite have.
    digits = real_mnist.test.labels.bincount() / len(real_mnist.test)
    by_chance, of_mnist = 999 / (2 * COUNT), 3 * (log(10) + float((digits * digits.log()).sum()))
    kl, error = kl_of_counts(counts, UNIFORM)
    assert kl == pytest.approx(by_chance + of_mnist, abs=4 * error)
    assert 0.015 < kl < 0.03


def test_divergence_from_a_reference_of_other_images_is_of_chance_alone(
    real: tuple[Tensor, Tensor, Tensor], real_mnist: Dataset
) -> None:
    reference = stack(real_mnist.test, "reference", 128_000).labels.bincount(minlength=1000)
    kl, error = class_divergence(class_counts("fake", real[2]), reference)
    assert kl == pytest.approx(999 / 2 * (1 / COUNT + 1 / 128_000), abs=4 * error)


def test_a_generator_of_one_digit_has_one_mode(real: tuple[Tensor, Tensor, Tensor]) -> None:
    logits = real[2][:1].expand(COUNT, -1)
    counts = class_counts("fake", logits)
    assert int((counts > 0).sum()) == 1
    assert kl_of_counts(counts, UNIFORM)[0] == pytest.approx(log(1000), abs=1e-6)


def test_padded_to_32_it_reads_the_same(real: tuple[Tensor, Tensor, Tensor]) -> None:
    padded = torch.nn.functional.pad(real[0][:20], [2] * 4)
    _, logits = extract(stacked_classifier("stacked_mnist", (3, 32, 32)), padded, 20, "cpu")
    torch.testing.assert_close(logits, real[2][:20], rtol=0, atol=1e-4)


def test_images_of_another_size_are_refused() -> None:
    with pytest.raises(WeightsError, match=r"\(1, 8, 8\)"):
        stacked_classifier("stacked_mnist", (3, 8, 8))

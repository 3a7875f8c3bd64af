"""Training a classifier: the same twice, nothing else touched, and the file that comes out loads again."""

import math
from pathlib import Path

import pytest
import torch

from harness.data import Dataset
from harness.features.augment import random_affine
from harness.features.classifier import classifier
from harness.features.network import Architecture, Classifier, folded
from harness.features.recipe import RECIPES, Trained, one_cycle, recipe_for, save, train_classifier
from harness.features.weights_file import load


def tiny(data: Dataset, seed: int = 0, name: str = "digits") -> Trained:
    train, test = data.train, data.test
    return train_classifier(
        name, train.images[:200], train.labels[:200], test.images, test.labels, seed=seed, epochs=2
    )


def test_equal_arguments_give_equal_bytes(real_digits: Dataset, tmp_path: Path) -> None:
    torch.manual_seed(1)
    first = save(tiny(real_digits), tmp_path / "a")
    torch.manual_seed(2)
    before = torch.get_rng_state()
    assert save(tiny(real_digits), tmp_path / "b") == first
    assert torch.equal(torch.get_rng_state(), before)
    assert save(tiny(real_digits, seed=1), tmp_path / "c") != first


def test_saved_and_loaded_again(real_digits: Dataset, tmp_path: Path) -> None:
    trained = tiny(real_digits, name="mine")
    digest = save(trained, tmp_path / "w.safetensors")
    loaded = load(tmp_path / "w.safetensors")
    assert loaded.provenance == trained.provenance
    assert trained.provenance.recipe["epochs"] == 2
    images = real_digits.test.images
    for got, expected in zip(loaded.network(images), trained.network(images), strict=True):
        assert torch.equal(got, expected)
    extractor = classifier("mine", (1, 8, 8), weights=str(tmp_path / "w.safetensors"), sha256=digest)
    assert (extractor.title, extractor.digest) == ("mine classifier", digest)


def test_progress_is_told_after_every_epoch(real_digits: Dataset) -> None:
    told: list[tuple[int, int, float]] = []
    train = real_digits.train
    trained = train_classifier(
        "digits",
        train.images,
        train.labels,
        real_digits.test.images,
        real_digits.test.labels,
        epochs=3,
        progress=lambda epoch, epochs, loss: told.append((epoch, epochs, loss)),
    )
    assert [entry[:2] for entry in told] == [(1, 3), (2, 3), (3, 3)]
    assert told[-1][2] < told[0][2]
    assert trained.provenance.test_accuracy > 0.9


def test_folding_keeps_the_function() -> None:
    architecture = Architecture(
        channels=2, height=9, width=7, widths=(4, 6, 8), feature_width=5, num_classes=3
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Classifier(architecture, batch_norm=True).train()
        images = torch.randint(0, 256, (32, 2, 9, 7), dtype=torch.uint8)
        for _ in range(5):
            network(images)  # moves the running statistics away from 0 and 1
    plain = folded(network)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in plain.modules())
    for got, expected in zip(plain(images), network.eval()(images), strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 64, 64), (3, 20, 50), (1, 2, 2)])
def test_any_shape_has_a_recipe_of_bounded_size(shape: tuple[int, int, int]) -> None:
    recipe = recipe_for("anything", shape)
    architecture = Architecture(
        channels=shape[0],
        height=shape[1],
        width=shape[2],
        widths=recipe.widths,
        feature_width=recipe.feature_width,
        num_classes=10,
    )
    network = Classifier(architecture)
    assert sum(parameter.numel() for parameter in network.parameters()) < 500_000
    features, logits = network(torch.zeros(2, *shape, dtype=torch.uint8))
    assert (features.shape, logits.shape) == ((2, 128), (2, 10))


def test_own_recipes_come_first() -> None:
    assert recipe_for("digits", (1, 8, 8)) is RECIPES["digits"]


def test_one_cycle() -> None:
    assert one_cycle(0.075, 0.15) == pytest.approx(0.5)
    assert one_cycle(0.15, 0.15) == pytest.approx(1)
    assert one_cycle(1, 0.15) == pytest.approx(0)


def test_no_augmentation_is_the_identity() -> None:
    images = torch.randint(0, 256, (4, 1, 8, 6), dtype=torch.uint8)
    source = torch.Generator().manual_seed(0)
    same = random_affine(images, source, shift=0, degrees=0, scale=0, shear=0)
    torch.testing.assert_close(same, images.float(), rtol=0, atol=1e-3)


def test_shift_is_in_pixels() -> None:
    image = torch.zeros(200, 1, 21, 31, dtype=torch.uint8)
    image[:, :, 10, 15] = 255
    moved = random_affine(
        image, torch.Generator().manual_seed(0), shift=3, degrees=0, scale=0, shear=0
    ).squeeze(1)
    mass = moved.sum((1, 2))
    torch.testing.assert_close(mass, torch.full((200,), 255.0), rtol=1e-3, atol=0)
    rows = (moved.sum(2) * torch.arange(21)).sum(1) / mass - 10
    columns = (moved.sum(1) * torch.arange(31)).sum(1) / mass - 15
    for offset in (rows, columns):
        assert 2.8 < float(offset.abs().max()) <= 3.001


def test_rotation_keeps_distances_on_rectangular_images() -> None:
    # The grid of `affine_grid` is in half widths and half heights: without care, a rotation would shear.
    image = torch.zeros(64, 1, 21, 41, dtype=torch.uint8)
    image[:, :, 10, 28] = 255
    turned = random_affine(
        image, torch.Generator().manual_seed(0), shift=0, degrees=30, scale=0, shear=0
    ).squeeze(1)
    mass = turned.sum((1, 2))
    y = (turned.sum(2) * torch.arange(21)).sum(1) / mass - 10
    x = (turned.sum(1) * torch.arange(41)).sum(1) / mass - 20
    torch.testing.assert_close(torch.hypot(x, y), torch.full((64,), 8.0), rtol=0, atol=0.3)
    assert float(torch.atan2(y, x).abs().max()) == pytest.approx(math.radians(30), abs=0.05)

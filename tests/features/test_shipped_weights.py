"""The weights in the package do what their header and the benchmark say."""

import hashlib

import numpy as np
import pytest
import torch
from torch import Tensor

from harness import files
from harness.data import Dataset
from harness.features import extract
from harness.features.classifier import PINNED, SHIPPED, classifier
from harness.features.recipe import RECIPES
from harness.features.weights_file import Provenance, load

FLOOR = {"digits": 0.98, "mnist": 0.992}
WIDTH = {"digits": 64, "mnist": 128}


@pytest.fixture(params=sorted(PINNED))
def dataset(request: pytest.FixtureRequest) -> Dataset:
    data: Dataset = request.getfixturevalue(f"real_{request.param}")
    return data


def provenance(name: str) -> Provenance:
    return load(SHIPPED / f"{name}.safetensors").provenance


def frechet(a: Tensor, b: Tensor) -> float:
    x, y = a.double().numpy(), b.double().numpy()
    a, b = np.cov(x.T), np.cov(y.T)
    cross = np.sqrt(np.linalg.eigvals(a @ b).real.clip(0)).sum()
    return float(((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(a + b) - 2 * cross)


@pytest.mark.parametrize("name", sorted(PINNED))
def test_pinned_small_and_made_by_the_recipe_as_it_stands(name: str) -> None:
    path = SHIPPED / f"{name}.safetensors"
    assert files.sha256(path) == PINNED[name]
    assert path.stat().st_size <= 1_000_000
    header = provenance(name)
    assert header.dataset == name
    assert header.architecture.feature_width == WIDTH[name]
    recipe = RECIPES[name]
    assert header.recipe == {**vars(recipe), "widths": list(recipe.widths)}


def test_nothing_unpinned_is_shipped() -> None:
    assert {path.stem for path in SHIPPED.iterdir()} == set(PINNED)


def test_accuracy_on_the_real_test_split_is_the_one_stated(dataset: Dataset) -> None:
    extractor = classifier(dataset.name, dataset.shape)
    _, logits = extract(extractor, dataset.test.images, 512, "cpu")
    assert logits is not None
    accuracy = float((logits.argmax(1) == dataset.test.labels).double().mean())
    header = provenance(dataset.name)
    assert header.test_size == len(dataset.test)
    # One image of slack: a logit may tie differently on another processor.
    assert accuracy == pytest.approx(header.test_accuracy, abs=1.5 / header.test_size)
    assert accuracy >= FLOOR[dataset.name]


def test_trained_on_this_train_split(dataset: Dataset) -> None:
    train = dataset.train
    digest = hashlib.sha256(train.images.numpy().tobytes() + train.labels.numpy().tobytes()).hexdigest()
    assert provenance(dataset.name).train_digest == digest


def test_batch_size_does_not_matter(dataset: Dataset) -> None:
    extractor = classifier(dataset.name, dataset.shape)
    images = dataset.test.images[:257]
    features, logits = extract(extractor, images, 257, "cpu")
    assert features.shape == (257, WIDTH[dataset.name])
    assert logits is not None
    assert (features.dtype, logits.dtype) == (torch.float32, torch.float32)
    for batch_size in (1, 7, 64, 1000):
        other, other_logits = extract(extractor, images, batch_size, "cpu")
        assert other_logits is not None
        torch.testing.assert_close(other, features, rtol=0, atol=1e-5)
        torch.testing.assert_close(other_logits, logits, rtol=0, atol=1e-5)


def test_distance_tells_held_out_images_from_noise(dataset: Dataset) -> None:
    extractor = classifier(dataset.name, dataset.shape)
    noise = torch.randint(
        0, 256, dataset.test.images.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    train, test, random = (
        extract(extractor, images, 512, "cpu")[0]
        for images in (dataset.train.images[:10000], dataset.test.images, noise)
    )
    floor, ceiling = frechet(train, test), frechet(train, random)
    print(f"{dataset.name}: train-test {floor:.4f}, train-noise {ceiling:.4f}, ratio {floor / ceiling:.5f}")
    assert floor < 0.05 * ceiling


def test_mnist_padded_to_32_gives_the_same_features(real_mnist: Dataset) -> None:
    images = real_mnist.test.images[:50]
    padded = torch.nn.functional.pad(images, [2] * 4)
    expected, _ = extract(classifier("mnist", (1, 28, 28)), images, 50, "cpu")
    got, _ = extract(classifier("mnist", (1, 32, 32)), padded, 50, "cpu")
    assert torch.equal(got, expected)

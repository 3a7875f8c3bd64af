"""What every data set in the table promises, whichever it is: those of published files on the real files,
where they are here."""

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from harness.data import DATASETS, Dataset, Split, to_float
from harness.options import describe, keyword_arguments

OPTIONS: dict[str, dict[str, Any]] = {
    "stacked_mnist": {"num_train": 2000},
    **{key: {"num_train": 2000} for key in ["gaussian_1d", "ring", "grid", "two_lines", "mixture"]},
}
"""Options under which a data set does not take long."""


FOLDERS = {
    "mnist": "MNIST",
    "stacked_mnist": "MNIST",
    "fashion_mnist": "FashionMNIST",
    "cifar10": "cifar-10-batches-py",
}
"""Where in the data root the published files of a data set are."""


@pytest.fixture(params=list(DATASETS))
def loaded(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Dataset, Dataset]:
    """A data set, twice."""
    name, root, options = request.param, tmp_path, dict(OPTIONS.get(request.param, {}))
    if name in FOLDERS:
        root = request.getfixturevalue("mnist_root")
        if not (root / FOLDERS[name]).is_dir():
            pytest.skip(f"the files of {name} are not in {root}")
    if name == "image_folder":
        source = torch.Generator().manual_seed(0)
        for index in range(40):
            folder = tmp_path / "photos" / ("cats", "dogs")[index % 2]
            folder.mkdir(parents=True, exist_ok=True)
            pixels = torch.randint(0, 256, (20, 30, 3), generator=source, dtype=torch.uint8)
            Image.fromarray(pixels.numpy()).save(folder / f"{index}.png")
        options = {"root": str(tmp_path / "photos"), "resolution": 16}
    entry = DATASETS[name]
    first, second = (entry(root, **keyword_arguments(entry, options)) for _ in range(2))
    return name, first, second


def splits(dataset: Dataset) -> tuple[Split, Split, Split]:
    return dataset.train, dataset.validation, dataset.test


def test_keeps_the_contract(loaded: tuple[str, Dataset, Dataset]) -> None:
    name, dataset, again = loaded
    assert dataset.name == name
    assert dataset.digest == again.digest
    assert dataset.source
    assert len(describe(DATASETS[name])) > 20
    for split, other in zip(splits(dataset), splits(again), strict=True):
        assert len(split) > 0
        assert split.images.shape == (len(split), *dataset.shape)
        assert split.labels.shape == (len(split),)
        assert split.labels.dtype == torch.int64
        assert split.labels.min() >= 0
        assert split.labels.max() < len(dataset.classes)
        assert torch.equal(split.images, other.images)
        assert torch.equal(split.labels, other.labels)
        moved = split.to(torch.device("cpu"))
        assert torch.equal(moved.images, split.images)
        if dataset.levels is None:
            assert split.images.dtype == torch.float32
            assert dataset.shape[:2] == (1, 1)
            assert torch.equal(to_float(split.images), split.images)
        else:
            assert split.images.dtype == torch.uint8
            assert to_float(split.images).abs().max() <= 1
            assert len(split.images.unique()) <= dataset.levels
    assert not (dataset.mirrors and dataset.levels is None)


def test_no_training_image_is_a_test_image(loaded: tuple[str, Dataset, Dataset]) -> None:
    _, dataset, _ = loaded
    train, _, test = ({row.numpy().tobytes() for row in split.images.flatten(1)} for split in splits(dataset))
    # Published sets have a few copies of their own; a split that leaks has many.
    assert len(train & test) <= 0.001 * len(test)

"""Images in memory: tensors, arrays, points, and the splits of data sets."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.data import DATASETS, Dataset
from harness.errors import DataError
from harness.sources import dataset_source, tensor_source
from sources.pictures import images_of, labels_of, noise, opened


@pytest.mark.parametrize("shape", [(600, 1, 9, 8), (600, 3, 9, 8), (600, 9, 8), (600, 9, 8, 3)])
def test_tensors_and_arrays_give_the_same_images(shape: tuple[int, ...]) -> None:
    array = noise(0, *shape)
    one, other = tensor_source(array, "mine"), tensor_source(torch.from_numpy(array), "mine")
    assert (one.title, one.count, one.levels) == ("mine", 600, 256)
    assert one.content == other.content
    assert torch.equal(images_of(one), images_of(other))
    assert tuple(images_of(one).shape) == (600, *one.shape)
    assert all(len(chunk.images) <= 512 for chunk in one.read())


def test_a_torch_tensor_has_its_channels_first_where_an_array_could_have_them_anywhere() -> None:
    images = noise(0, 7, 3, 5, 3)
    assert tensor_source(torch.from_numpy(images), "mine").shape == (3, 5, 3)
    with pytest.raises(DataError, match="either axis 1 or axis 3"):
        tensor_source(images, "mine")


def test_arrays_of_any_strides_and_without_permission_to_write_are_read() -> None:
    images = noise(0, 6, 5, 7)
    for same in (np.asfortranarray(images), images[:, :, ::-1][:, :, ::-1]):
        assert torch.equal(images_of(tensor_source(same, "mine"))[:, 0], torch.from_numpy(images))
    images.flags.writeable = False
    assert tensor_source(images, "mine").count == 6


def test_content_is_of_values_shape_and_labels() -> None:
    images = torch.from_numpy(noise(0, 6, 1, 4, 9))
    changed = images.clone()
    changed[5, 0, 3, 8] ^= 1
    contents = {
        tensor_source(images, "a").content,
        tensor_source(changed, "a").content,
        tensor_source(images.reshape(6, 1, 9, 4), "a").content,
        tensor_source(images, "a", torch.zeros(6, dtype=torch.int64)).content,
        tensor_source(images, "a", torch.ones(6, dtype=torch.int64)).content,
    }
    assert len(contents) == 5
    assert tensor_source(images.clone(), "b").content == tensor_source(images, "a").content


def test_labels_are_integers_one_for_each_image() -> None:
    images = noise(0, 3, 5, 7)
    assert labels_of(tensor_source(images, "a", np.array([2, 0, 1], np.int16))) == [2, 0, 1]
    for labels in (np.zeros(4, np.int64), np.zeros(3), np.zeros(3, np.bool_)):
        with pytest.raises(DataError, match="labels are one integer for each of 3 images"):
            tensor_source(images, "a", labels)


def test_points_have_no_levels_and_must_be_finite() -> None:
    points = torch.randn(5, 1, 1, 2, generator=torch.Generator().manual_seed(0))
    source = tensor_source(points, "points")
    assert (source.levels, source.shape) == (None, (1, 1, 2))
    assert torch.equal(images_of(source), points)
    points[3, 0, 0, 1] = torch.nan
    with pytest.raises(DataError, match="holds points that are not finite"):
        tensor_source(points, "points")


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (torch.zeros(5, 1, 9, 9), "holds float32, whose range nobody can tell"),
        (torch.zeros(5, 1, 9, 9, dtype=torch.bfloat16), "holds bfloat16, whose range nobody can tell"),
        (np.zeros((5, 9, 9), np.int32), "holds int32: make it uint8"),
        (np.zeros((5, 9, 9), np.bool_), "holds bool: make it uint8"),
        (np.array([None]), "holds Python objects"),
        (np.array(["a"]), "holds <U1: images are uint8"),
        (noise(0, 5, 9, 8, 4), "an alpha channel"),
        (noise(0, 0, 9, 8), "holds no images"),
    ],
)
def test_what_is_no_images_is_refused(images: Any, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        tensor_source(images, "mine")


def test_a_split_of_a_data_set_keeps_labels_levels_and_content(real_digits: Dataset) -> None:
    sources = {split: dataset_source(real_digits, split) for split in ("train", "validation", "test")}
    test = sources["test"]
    assert (test.title, test.count, test.shape, test.levels) == ("digits, test split", 500, (1, 8, 8), 17)
    assert torch.equal(images_of(test), real_digits.test.images)
    assert labels_of(test) == real_digits.test.labels.tolist()
    assert len({source.content for source in sources.values()}) == 3


def test_a_split_of_points_keeps_their_density() -> None:
    dataset = DATASETS["ring"](Path("unused"), num_train=50)
    source = dataset_source(dataset, "train")
    assert (source.levels, source.density, source.count) == (None, dataset.density, 50)


def test_memory_is_opened_as_it_is() -> None:
    assert opened(noise(0, 5, 9, 8)).title == "ndarray in memory"
    assert opened(torch.from_numpy(noise(0, 5, 9, 8))).title == "Tensor in memory"
    source = tensor_source(noise(0, 5, 9, 8), "mine")
    assert opened(source) is source

"""Pictures of what a generator drew: the right pixels for images, the right places for points."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from harness.data import DATASETS, Dataset
from harness.pictures import image_grid, picture

BLUE = (0x00, 0x72, 0xB2)


def pixels(encoded: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(encoded)).convert("RGB"))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_grid_shows_every_image_enlarged_between_white_lines(channels: int) -> None:
    images = torch.randint(0, 200, (64, channels, 8, 8), dtype=torch.uint8)
    shown = pixels(image_grid(images))
    scale = 512 // (8 * 8)
    assert shown.shape == ((8 * 9 + 1) * scale, (8 * 9 + 1) * scale, 3)
    assert (shown[:scale] == 255).all()
    assert (shown[-scale:] == 255).all()
    row, column = 5, 3
    top, left = (row * 9 + 1) * scale, (column * 9 + 1) * scale
    tile = shown[top : top + 8 * scale : scale, left : left + 8 * scale : scale]
    expected = images[row * 8 + column].expand(3, 8, 8).permute(1, 2, 0).numpy()
    assert (tile == expected).all()


def test_images_of_a_data_set_are_a_grid(real_digits: Dataset) -> None:
    images = real_digits.train.images[:64]
    assert picture(images, real_digits) == image_grid(images)


@pytest.mark.parametrize("name", ["gaussian_1d", "ring", "two_lines", "mixture"])
def test_points_are_drawn_at_512_pixels_and_the_same_every_time(name: str) -> None:
    data = DATASETS[name](Path())
    points = data.train.images[:500]
    first = picture(points, data)
    assert pixels(first).shape == (512, 512, 3)
    assert picture(points, data) == first
    assert picture(points * 0.5, data) != first


def test_generated_points_are_blue_where_they_are_and_nowhere_else() -> None:
    data = DATASETS["ring"](Path())
    corner = (
        torch.tensor([2.4, -2.4]).expand(500, 2).reshape(500, 1, 1, 2)
    )  # below right, where nothing is real
    shown = pixels(picture(corner, data)).astype(int)
    blue = (abs(shown - np.array(BLUE)) < 40).all(2)
    blue[:60] = False  # the title says so in the same colour
    rows, columns = blue.nonzero()
    assert len(rows) > 3
    assert rows.min() > 350
    assert columns.min() > 400


@pytest.mark.parametrize("name", ["gaussian_1d", "ring"])
def test_points_far_outside_and_collapsed_ones_leave_a_picture(name: str) -> None:
    data = DATASETS[name](Path())
    for value in (0.0, 1e6):
        points = torch.full((100, *data.shape), value)
        assert pixels(picture(points, data)).shape == (512, 512, 3)


def test_four_dimensions_show_the_first_two() -> None:
    data = DATASETS["mixture"](Path(), means=((0.0,) * 4, (3.0,) * 4))
    assert pixels(picture(data.train.images[:100], data)).shape == (512, 512, 3)

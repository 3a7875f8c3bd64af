"""Image files of any kind and size as a data set: what becomes of each, and in which split it is."""

import os
import random
import shutil
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps
from PIL.Image import Resampling
from torch.nn.functional import interpolate

from harness.data import Dataset, Split
from harness.data.image_folder import image_folder, square
from harness.errors import DataError
from harness.options import keyword_arguments


def noise(seed: int, *shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def fill(folder: Path, count: int, first: int = 0, shape: tuple[int, ...] = (8, 8, 3)) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        Image.fromarray(noise(number, *shape)).save(folder / f"{number:04}.png")


def splits(data: Dataset) -> tuple[Split, Split, Split]:
    return data.train, data.validation, data.test


def only(path: Path) -> torch.Tensor:
    """The image of one file at 8×8, read beside two others, or there would be no held-out splits."""
    folder = path.parent / f"beside {path.name}"
    fill(folder, 2)
    shutil.copy(path, folder / f"only{path.suffix}")
    images = torch.cat([split.images for split in splits(image_folder(folder, resolution=8))])
    others = [torch.from_numpy(noise(number, 8, 8, 3)).permute(2, 0, 1) for number in range(2)]
    (found,) = [image for image in images if not any(torch.equal(image, other) for other in others)]
    return found


def test_images_of_the_resolution_come_through_unchanged(tmp_path: Path) -> None:
    fill(tmp_path, 20)
    data = image_folder(tmp_path, resolution=8)
    assert (data.name, data.shape, data.levels, data.mirrors) == ("image_folder", (3, 8, 8), 256, True)
    assert [len(split) for split in splits(data)] == [16, 2, 2]
    found = {image.numpy().tobytes() for split in splits(data) for image in split.images}
    assert found == {noise(number, 8, 8, 3).transpose(2, 0, 1).tobytes() for number in range(20)}
    for split in splits(data):
        assert (split.images.dtype, split.labels.dtype) == (torch.uint8, torch.int64)
        assert split.images.is_contiguous()


def test_without_sub_folders_there_is_one_class(tmp_path: Path) -> None:
    fill(tmp_path, 10)
    data = image_folder(tmp_path, resolution=8)
    assert data.classes == ("images",)
    assert not torch.cat([split.labels for split in splits(data)]).any()


def test_sub_folders_are_classes_in_the_order_of_their_names(tmp_path: Path) -> None:
    for number, name in enumerate(["zebra", "ape", "cat"]):
        fill(tmp_path / name, 10, 10 * number)
    data = image_folder(tmp_path, resolution=8)
    assert data.classes == ("ape", "cat", "zebra")
    first = {"zebra": 0, "ape": 10, "cat": 20}
    for split in splits(data):
        for image, label in zip(split.images, split.labels.tolist(), strict=True):
            of_class = range(first[data.classes[label]], first[data.classes[label]] + 10)
            assert image.numpy().tobytes() in {
                noise(number, 8, 8, 3).transpose(2, 0, 1).tobytes() for number in of_class
            }


def test_names_and_order_of_files_change_nothing(tmp_path: Path) -> None:
    fill(tmp_path / "one", 30)
    (tmp_path / "two" / "deeper").mkdir(parents=True)
    names = sorted(file.name for file in (tmp_path / "one").iterdir())
    random.Random(0).shuffle(names)
    for number, name in enumerate(names):
        folder = tmp_path / "two" / ("deeper" if number % 2 else ".")
        shutil.copy(tmp_path / "one" / name, folder / f"{number}.PNG")
    one, two = (image_folder(tmp_path / name, resolution=8) for name in ("one", "two"))
    assert one.digest == two.digest


def test_copies_under_two_labels_are_in_one_order_whatever_their_names(tmp_path: Path) -> None:
    for root, names in [("one", ("a", "b")), ("two", ("b", "a"))]:
        for name, label in zip(names, ("x", "y"), strict=True):
            fill(tmp_path / root / label, 5)
            for file in list((tmp_path / root / label).iterdir()):
                file.rename(file.with_name(f"{name}{file.name}"))
    one, two = (image_folder(tmp_path / name, resolution=8) for name in ("one", "two"))
    assert one.digest == two.digest


def test_a_split_is_the_same_files_at_every_resolution(tmp_path: Path) -> None:
    # Files of one grey each: a resize leaves it as it is.
    for grey in range(40):
        Image.new("L", (20 + grey, 17), grey * 6).save(tmp_path / f"{grey}.png")
    small, large = (image_folder(tmp_path, resolution=size, channels=1) for size in (8, 16))
    for one, two in zip(splits(small), splits(large), strict=True):
        assert one.images[:, 0, 0, 0].tolist() == two.images[:, 0, 0, 0].tolist()


@pytest.mark.parametrize(
    ("count", "shares", "expected"),
    [
        (3, {}, [1, 1, 1]),
        (100, {}, [80, 10, 10]),
        (10, {"validation": 0.3, "test": 0.2}, [5, 3, 2]),
        (10, {"validation": 0.001, "test": 0.001}, [8, 1, 1]),
    ],
)
def test_sizes_of_the_splits(
    tmp_path: Path, count: int, shares: dict[str, float], expected: list[int]
) -> None:
    fill(tmp_path, count)
    data = image_folder(tmp_path, **keyword_arguments(image_folder, {"resolution": 8, **shares}))
    assert [len(split) for split in splits(data)] == expected


@pytest.mark.parametrize(("count", "shares"), [(2, {}), (10, {"validation": 0.5, "test": 0.5})])
def test_nothing_left_to_train_on_is_refused(tmp_path: Path, count: int, shares: dict[str, float]) -> None:
    fill(tmp_path, count)
    with pytest.raises(DataError, match=f"{count} images in .* leave none to train on") as caught:
        image_folder(tmp_path, **shares)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [(40, 31), (31, 40), (33, 32)])
def test_the_centre_square_by_an_antialiased_resize(size: tuple[int, int]) -> None:
    width, height = size
    pixels = noise(0, height, width, 3)
    side, left, top = min(size), (width - min(size)) // 2, (height - min(size)) // 2
    cropped = Image.fromarray(pixels).crop((left, top, left + side, top + side))
    expected = np.asarray(cropped.resize((8, 8), Resampling.BICUBIC)).transpose(2, 0, 1)
    assert np.array_equal(square(pixels, 3, 8), expected)


def test_stripes_shrink_to_their_mean_and_not_to_an_alias() -> None:
    # Two columns of eight are white, those that a filter as wide as two old pixels takes for all.
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, 3::8] = stripes[:, 4::8] = 255
    aliased = interpolate(torch.from_numpy(stripes)[None, None].float(), size=(8, 8), mode="bicubic")
    assert aliased.min() > 254
    assert abs(square(stripes[:, :, None], 1, 8).astype(int) - 255 / 4).max() < 25


@given(st.integers(1, 30), st.integers(1, 30), st.sampled_from([1, 3]), st.integers(0, 255))
def test_any_size_of_one_grey_stays_that_grey(height: int, width: int, channels: int, grey: int) -> None:
    found = square(np.full((height, width, channels), grey, np.uint8), channels, 8)
    assert found.shape == (channels, 8, 8)
    assert (found == grey).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["turned.jpg", "turned.png", "turned.tiff", "turned.webp"])
def test_exif_orientation_is_applied(tmp_path: Path, name: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(noise(7, 9, 12, 3)).save(tmp_path / name, exif=exif)
    with Image.open(tmp_path / name) as stored:
        expected = square(np.asarray(ImageOps.exif_transpose(stored)), 3, 8)
    assert np.array_equal(only(tmp_path / name).numpy(), expected)


@pytest.mark.parametrize("suffix", ["jpg", "webp", "bmp", "tiff"])
def test_other_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"image.{suffix}"
    Image.fromarray(noise(3, 8, 8, 3)).save(path)
    with Image.open(path) as stored:
        expected = np.asarray(stored.convert("RGB")).transpose(2, 0, 1)
    assert np.array_equal(only(path).numpy(), expected)


def test_alpha_is_dropped_palettes_become_colours_and_16_bits_are_rounded(tmp_path: Path) -> None:
    colours = noise(5, 8, 8, 4)
    Image.fromarray(colours).save(tmp_path / "alpha.png")
    assert np.array_equal(only(tmp_path / "alpha.png").permute(1, 2, 0), colours[:, :, :3])
    palette = Image.fromarray(colours[:, :, :3]).quantize(16)
    palette.save(tmp_path / "palette.png")
    assert np.array_equal(only(tmp_path / "palette.png").permute(1, 2, 0), np.asarray(palette.convert("RGB")))
    deep = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1040
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert np.array_equal(only(tmp_path / "deep.png")[0], np.rint(deep / 257))


def test_one_channel_and_three(tmp_path: Path) -> None:
    colours = noise(5, 8, 8, 3)
    for number in range(3):
        Image.fromarray(np.roll(colours, number)).save(tmp_path / f"colour{number}.png")
    grey = image_folder(tmp_path, resolution=8, channels=1)
    assert grey.shape == (1, 8, 8)
    found = {image.numpy().tobytes() for split in splits(grey) for image in split.images}
    assert found == {Image.fromarray(np.roll(colours, n)).convert("L").tobytes() for n in range(3)}
    fill(tmp_path / "grey", 3, shape=(8, 8))
    repeated = image_folder(tmp_path / "grey", resolution=8).train.images
    assert torch.equal(repeated[:, 0], repeated[:, 1])
    assert torch.equal(repeated[:, 0], repeated[:, 2])


def test_files_that_cannot_be_read_are_all_named(tmp_path: Path) -> None:
    fill(tmp_path, 10)
    (tmp_path / "a.png").write_bytes(b"no image")
    (tmp_path / "b.jpg").write_bytes(b"")
    (tmp_path / "c.webp").symlink_to("/nowhere")
    with pytest.raises(DataError) as caught:
        image_folder(tmp_path)
    message = str(caught.value)
    assert "3 of 13 files" in message
    for part in ("a.png (not an image)", "b.jpg (", "c.webp (No such file", "mend or remove them"):
        assert part in message
    assert "\n" not in message


def test_a_file_that_was_cut_off_is_named(tmp_path: Path) -> None:
    fill(tmp_path, 10, shape=(64, 64, 3))
    whole = (tmp_path / "0004.png").read_bytes()
    (tmp_path / "0004.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"1 of 10 files in .*0004\.png \(truncated\)"):
        image_folder(tmp_path)


def test_a_decompression_bomb_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, 10)
    fill(tmp_path, 1, 99, shape=(30, 30, 3))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 800)
    with pytest.raises(DataError, match=r"0099\.png \(more than 800 pixels"):
        image_folder(tmp_path)


def test_more_than_the_memory_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        (tmp_path / f"{number}.png").write_bytes(b"never opened")
    few = psutil.virtual_memory()._replace(available=10 * 3 * 64 * 64 - 1)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: few)
    with pytest.raises(DataError, match=r"10 images of 3×64×64 are 122,880 bytes, and 122,879 bytes"):
        image_folder(tmp_path)


@pytest.mark.parametrize("root", ["absent", "empty"])
def test_no_folder_and_no_images(tmp_path: Path, root: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=str(tmp_path / root)) as caught:
        image_folder(Path("unused"), root=str(tmp_path / root))
    assert "\n" not in str(caught.value)


def test_root_is_relative_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "photos", 5)
    monkeypatch.chdir(tmp_path)
    data = image_folder(Path("/nowhere"), root="photos", resolution=8)
    assert data.source == f"image files in {os.path.realpath(tmp_path / 'photos')}"
    assert data.digest == image_folder(tmp_path / "photos", resolution=8).digest

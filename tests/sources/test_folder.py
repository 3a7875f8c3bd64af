"""Folders of images: what is found, in what order, with which labels and under which content."""

import shutil
import threading
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from PIL import Image

from harness.errors import DataError
from harness.sources import Source
from sources.pictures import fill, images_of, labels_of, noise, opened


def test_images_are_those_of_the_files_in_the_order_of_their_paths(tmp_path: Path) -> None:
    images = fill(tmp_path / "faces", 5)
    source = opened(tmp_path / "faces")
    assert (source.title, source.count, source.shape) == ("folder faces", 5, (3, 8, 6))
    assert (source.levels, source.notes, source.skipped, source.density) == (256, (), (), None)
    found = images_of(source)
    assert found.dtype == torch.uint8
    assert torch.equal(found, torch.from_numpy(np.stack(images)).movedim(-1, 1))
    assert torch.equal(found, images_of(source))  # a reading begins anew
    assert labels_of(source) == []


def test_grey_images_have_one_channel_and_three_beside_a_coloured_one(tmp_path: Path) -> None:
    (first, *_) = fill(tmp_path, 3, shape=(8, 6))
    assert opened(tmp_path).shape == (1, 8, 6)
    assert torch.equal(images_of(opened(tmp_path))[0, 0], torch.from_numpy(first))
    Image.fromarray(noise(9, 8, 6, 3)).save(tmp_path / "z.png")
    source = opened(tmp_path)
    assert source.shape == (3, 8, 6)
    assert source.notes == (f"folder {tmp_path.name}: 3 of 4 images were grey, repeated to three channels",)
    assert torch.equal(images_of(source)[0], torch.from_numpy(first).expand(3, -1, -1))


def test_every_kind_of_image_is_read_at_any_depth_and_the_rest_is_counted(tmp_path: Path) -> None:
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    for suffix in ("png", "jpg", "JPEG", "bmp", "webp", "tif", "tiff", "gif", "ppm"):
        Image.fromarray(noise(0, 8, 6, 3)).save(inside / f"{suffix}.{suffix}")
    Image.fromarray(noise(0, 8, 6)).save(tmp_path / "pgm.pgm")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "a" / "LICENSE").write_text("")
    (tmp_path / ".hidden.png").write_text("")
    (tmp_path / ".thumbnails").mkdir()
    (tmp_path / ".thumbnails" / "a.png").write_text("")
    source = opened(tmp_path)
    assert source.count == len(images_of(source)) == 10
    assert source.notes[-1] == f"folder {tmp_path.name}: 2 files of other kinds passed over (.txt, no suffix)"
    assert any(
        note.endswith("1 of 10 images had a palette, which was turned into RGB") for note in source.notes
    )


def classes(folder: Path) -> Source:
    fill(folder / "dog", 2)
    fill(folder / "cat", 3, first=2)
    return opened(folder)


def test_subfolders_are_classes_where_every_image_is_in_one(tmp_path: Path) -> None:
    assert labels_of(classes(tmp_path)) == [0, 0, 0, 1, 1]
    Image.fromarray(noise(0, 8, 6, 3)).save(tmp_path / "loose.png")
    assert labels_of(opened(tmp_path)) == []


def test_one_subfolder_is_no_class_and_deeper_ones_are_none(tmp_path: Path) -> None:
    fill(tmp_path / "one" / "only", 2)
    assert labels_of(opened(tmp_path / "one")) == []
    fill(tmp_path / "two" / "a" / "b", 2)
    fill(tmp_path / "two" / "c", 2)
    assert labels_of(opened(tmp_path / "two")) == []


def test_content_depends_on_neither_names_nor_order(tmp_path: Path) -> None:
    fill(tmp_path / "a", 4)
    (tmp_path / "b" / "deep").mkdir(parents=True)
    for number, file in enumerate(sorted((tmp_path / "a").iterdir(), reverse=True)):
        shutil.copy(file, tmp_path / "b" / ("deep" if number % 2 else "") / f"other{number}.png")
    assert opened(tmp_path / "a").content == opened(tmp_path / "b").content


def test_content_depends_on_every_pixel_and_on_how_often_an_image_is_there(tmp_path: Path) -> None:
    (first, *_) = fill(tmp_path, 4)
    before = opened(tmp_path).content
    shutil.copy(tmp_path / "0000.png", tmp_path / "again.png")
    again = opened(tmp_path).content
    (tmp_path / "again.png").unlink()
    assert opened(tmp_path).content == before != again
    first[0, 0, 0] ^= 1
    Image.fromarray(first).save(tmp_path / "0000.png")
    assert opened(tmp_path).content not in {before, again}
    assert opened(tmp_path).content != opened(tmp_path, skip_bad=True).content


def test_content_depends_on_classes(tmp_path: Path) -> None:
    source = classes(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    (tmp_path / "b" / "cat" / "0002.png").rename(tmp_path / "b" / "dog" / "0002.png")
    assert opened(tmp_path / "b").content != source.content
    flat = tmp_path / "flat"
    flat.mkdir()
    for file in (tmp_path / "a").rglob("*.png"):
        shutil.copy(file, flat)
    assert opened(flat).content != source.content


def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    fill(tmp_path, 300)
    (tmp_path / "0150.png").write_bytes((tmp_path / "0150.png").read_bytes()[:-60])
    one, many = (opened(tmp_path, skip_bad=True, workers=workers) for workers in (1, 7))
    assert one.content == many.content
    pairs = zip(one.read(), many.read(), strict=True)
    assert all(torch.equal(a.images, b.images) and a.skipped == b.skipped for a, b in pairs)


def test_memory_holds_a_few_chunks_and_never_all_images(tmp_path: Path) -> None:
    Image.new("RGB", (600, 600)).save(tmp_path / "0.png")
    for number in range(1, 300):
        shutil.copy(tmp_path / "0.png", tmp_path / f"{number}.png")
    source = opened(tmp_path)  # 324 MB once decoded
    process = psutil.Process()
    before = peak = process.memory_info().rss
    count = 0
    for chunk in source.read():
        count += len(chunk.images)
        peak = max(peak, process.memory_info().rss)
    assert count == 300
    assert peak - before < 100e6


def test_a_reading_that_is_given_up_leaves_no_thread_behind(tmp_path: Path) -> None:
    fill(tmp_path, 300)
    reading = opened(tmp_path, workers=3).read()
    next(reading)
    assert any(thread.name.startswith("images") for thread in threading.enumerate())
    reading.close()  # type: ignore[attr-defined]
    assert not any(thread.name.startswith("images") for thread in threading.enumerate())


def test_folders_are_followed_through_links_but_not_in_circles(tmp_path: Path) -> None:
    fill(tmp_path / "real", 2)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "link").symlink_to(tmp_path / "real")
    (tmp_path / "set" / "circle").symlink_to(tmp_path / "set")
    assert opened(tmp_path / "set").count == 2


@pytest.mark.parametrize("others", [0, 1, 2])
def test_a_folder_without_images_is_an_error_that_says_what_images_are(tmp_path: Path, others: int) -> None:
    for number in range(others):
        (tmp_path / f"{number}.txt").write_text("")
    found = {0: "", 1: ": 1 file of other kinds", 2: ": 2 files of other kinds"}[others]
    with pytest.raises(
        DataError, match=rf"holds no images{found}; images are \.bmp \.gif .*also in subfolders"
    ):
        opened(tmp_path)


def test_a_folder_of_runs_or_a_part_of_one_is_refused(tmp_path: Path) -> None:
    run = tmp_path / "base" / "seed0"
    fill(run / "samples", 2)
    (run / "config.yaml").write_text("")
    (run / "status.json").write_text("")
    with pytest.raises(DataError, match="holds runs, whose pictures are no samples: name one run"):
        opened(tmp_path)
    with pytest.raises(DataError, match="is a part of a run: name the run"):
        opened(run / "samples")

"""Files of a folder that are no images: all are named, or skipped with a line each."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.errors import DataError
from sources.pictures import fill, images_of, noise, opened, skipped_of


def text(file: Path) -> None:
    file.write_text("this is no image")


def other_size(file: Path) -> None:
    Image.fromarray(noise(0, 8, 7, 3)).save(file)


def bomb(file: Path) -> None:
    Image.new("1", (12_000, 9_000)).save(file)  # above the limit that Pillow only warns of


def bigger_bomb(file: Path) -> None:
    Image.new("1", (18_000, 12_000)).save(file)


def floats(file: Path) -> None:
    Image.fromarray(np.zeros((8, 6), np.float32)).save(file, "TIFF")


def wide_integers(file: Path) -> None:
    Image.fromarray(np.zeros((8, 6), np.int32)).save(file, "TIFF")


def nowhere(file: Path) -> None:
    file.symlink_to(file.parent / "gone")


SEEN_AT_ONCE: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (Path.touch, "empty"),
    "text": (text, "not an image"),
    "size": (other_size, "8×7, while most are 8×6"),
    "bomb": (bomb, "more than 89,478,485 pixels, perhaps a decompression bomb"),
    "bigger_bomb": (bigger_bomb, "more than 89,478,485 pixels, perhaps a decompression bomb"),
    "floats": (floats, "pixels of mode F, which have no faithful conversion to 8 bits"),
    "wide_integers": (wide_integers, "pixels of mode I, which have no faithful conversion to 8 bits"),
    "nowhere": (nowhere, "No such file or directory"),
}


@pytest.mark.parametrize(("make", "reason"), SEEN_AT_ONCE.values(), ids=SEEN_AT_ONCE)
def test_a_bad_file_is_refused_with_its_reason_or_skipped(
    make: Callable[[Path], object], reason: str, tmp_path: Path
) -> None:
    fill(tmp_path, 4)
    make(tmp_path / "bad.png")
    with pytest.raises(DataError) as caught:
        opened(tmp_path)
    assert str(caught.value) == (
        f"folder {tmp_path.name}: 1 of 5 files cannot be used: bad.png ({reason}); "
        "mend or remove them, or leave them out with --skip-bad"
    )
    source = opened(tmp_path, skip_bad=True)
    assert source.skipped == (f"bad.png: {reason}",)
    assert len(images_of(source)) == source.count == 4
    assert skipped_of(source) == []


def test_five_bad_files_are_named_and_the_others_counted(tmp_path: Path) -> None:
    fill(tmp_path, 8)
    for number in range(7):
        (tmp_path / f"{number}.png").touch()
    with pytest.raises(
        DataError, match=r"7 of 15 files .*0\.png \(empty\), .*4\.png \(empty\), and 2 more; mend"
    ):
        opened(tmp_path)
    assert len(opened(tmp_path, skip_bad=True).skipped) == 7


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-60])


def flipped(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 255
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "suffix", "reason"),
    [
        (truncated, "png", "truncated"),
        (truncated, "jpg", "truncated"),
        (flipped, "png", "damaged: broken"),
    ],
)
def test_a_file_that_is_cut_off_is_found_on_reading(
    spoil: Callable[[Path], None], suffix: str, reason: str, tmp_path: Path
) -> None:
    fill(tmp_path, 3)
    Image.fromarray(noise(0, 8, 6, 3)).save(tmp_path / f"bad.{suffix}", quality=95)
    spoil(tmp_path / f"bad.{suffix}")
    source = opened(tmp_path)
    with pytest.raises(
        DataError, match=rf"at least 1 of 4 files cannot be used: bad\.{suffix} \({reason}.*--skip"
    ):
        images_of(source)
    source = opened(tmp_path, skip_bad=True)
    assert (source.count, source.skipped) == (4, ())
    assert len(images_of(source)) == 3
    (line,) = skipped_of(source)
    assert line.startswith(f"bad.{suffix}: {reason}")


def test_labels_stay_with_their_images_where_others_are_skipped(tmp_path: Path) -> None:
    fill(tmp_path / "a", 2)
    fill(tmp_path / "b", 2)
    truncated(tmp_path / "a" / "0001.png")
    chunks = list(opened(tmp_path, skip_bad=True).read())
    assert [label for chunk in chunks for label in chunk.labels.tolist()] == [0, 1, 1]  # type: ignore[union-attr]


@pytest.mark.parametrize("skip_bad", [False, True])
def test_a_folder_in_which_all_is_bad_is_an_error_even_when_skipping(tmp_path: Path, skip_bad: bool) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "b.png").write_text("no")
    expected = r"not one of 2 files can be used: a\.png \(empty\), b\.png \(not an image\)$"
    with pytest.raises(DataError, match=expected):
        opened(tmp_path, skip_bad=skip_bad)


@pytest.mark.parametrize("skip_bad", [False, True])
def test_without_a_size_that_most_images_have_none_is_odd(tmp_path: Path, skip_bad: bool) -> None:
    fill(tmp_path, 2)
    fill(tmp_path, 2, shape=(5, 5, 3), first=10)
    with pytest.raises(
        DataError, match="has images of 2 sizes, none of which more than half of them have: resize"
    ):
        opened(tmp_path, skip_bad=skip_bad)


def refused(file: Path, *_: object, **__: object) -> Any:
    raise PermissionError(13, "Permission denied", str(file))


def test_a_file_that_may_not_be_read_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, 3)
    usual = Path.open
    denied = tmp_path / "0001.png"
    monkeypatch.setattr(
        Path, "open", lambda file, *a, **k: refused(file) if file == denied else usual(file, *a, **k)
    )
    with pytest.raises(DataError, match=r"1 of 3 files cannot be used: 0001\.png \(Permission denied\)"):
        opened(tmp_path)
    assert opened(tmp_path, skip_bad=True).skipped == ("0001.png: Permission denied",)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    fill(tmp_path / "in", 3)
    (tmp_path / "in").chmod(0)
    with pytest.raises(DataError, match=r"cannot read folder .*Permission denied"):
        opened(tmp_path)
    (tmp_path / "in").chmod(0o755)


@pytest.mark.parametrize("skip_bad", [False, True])
@pytest.mark.parametrize(
    ("change", "how"),
    [(Path.unlink, "No such file or directory"), (text, "other bytes than before")],
    ids=["gone", "rewritten"],
)
def test_a_file_that_changes_between_scan_and_reading_is_an_error(
    change: Callable[[Path], None], how: str, skip_bad: bool, tmp_path: Path
) -> None:
    fill(tmp_path, 3)
    source = opened(tmp_path, skip_bad=skip_bad)
    change(tmp_path / "0001.png")
    with pytest.raises(DataError, match=rf"changed while it was read: 0001\.png \({how}\)"):
        images_of(source)


def test_a_link_to_an_image_is_an_image_and_a_pipe_is_none(tmp_path: Path) -> None:
    fill(tmp_path / "set", 3)
    shutil.move(tmp_path / "set" / "0000.png", tmp_path / "elsewhere.png")
    (tmp_path / "set" / "0000.png").symlink_to(tmp_path / "elsewhere.png")
    os.mkfifo(tmp_path / "set" / "pipe.png")
    assert opened(tmp_path / "set").count == 3

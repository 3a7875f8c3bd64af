"""Images in .npy, .npz and .safetensors files: layouts, labels, chunks, and every file that is not right."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from harness.errors import DataError
from sources.pictures import images_of, labels_of, noise, opened

Save = Callable[[Path, Any], None]


def save_npy(path: Path, images: Any) -> None:
    np.save(path, images)


def save_npz(path: Path, images: Any) -> None:
    np.savez(path, images)


def save_compressed(path: Path, images: Any) -> None:
    np.savez_compressed(path, images=images)


def save_safetensors(path: Path, images: Any) -> None:
    save_file({"samples": np.ascontiguousarray(images)}, path)


FILES: dict[str, tuple[str, Save]] = {
    "npy": ("x.npy", save_npy),
    "npz": ("x.npz", save_npz),
    "compressed": ("x.npz", save_compressed),
    "safetensors": ("x.safetensors", save_safetensors),
}
SAVED = pytest.mark.parametrize(("name", "save"), FILES.values(), ids=FILES)

LAYOUTS = {
    "grey": ((7, 6, 5), (1, 6, 5)),
    "grey_last": ((7, 6, 5, 1), (1, 6, 5)),
    "grey_first": ((7, 1, 6, 5), (1, 6, 5)),
    "colour_last": ((7, 6, 5, 3), (3, 6, 5)),
    "colour_first": ((7, 3, 6, 5), (3, 6, 5)),
}


@SAVED
@pytest.mark.parametrize(("stored", "shape"), LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_becomes_channels_height_width(
    name: str, save: Save, stored: tuple[int, ...], shape: tuple[int, int, int], tmp_path: Path
) -> None:
    images = noise(0, *stored)
    save(tmp_path / name, images)
    source = opened(tmp_path / name)
    assert (source.title, source.count, source.shape, source.levels) == (f"file {name}", 7, shape, 256)
    expected = np.moveaxis(images, -1, 1) if stored[-1] in {1, 3} else images.reshape(7, *shape)
    found = images_of(source)
    assert found.dtype == torch.uint8
    assert torch.equal(found, torch.from_numpy(np.ascontiguousarray(expected)))
    assert torch.equal(found, images_of(source))
    assert source.notes == ()


@SAVED
def test_content_changes_with_one_pixel(name: str, save: Save, tmp_path: Path) -> None:
    images = noise(0, 5, 6, 7)
    save(tmp_path / name, images)
    before = opened(tmp_path / name).content
    assert opened(tmp_path / name).content == before
    images[3, 2, 1] ^= 1
    save(tmp_path / name, images)
    assert opened(tmp_path / name).content != before


def anonymous_memory() -> int:
    """Bytes this process holds, without pages of files, which the kernel may drop."""
    (line,) = (
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon")
    )
    return int(line.split()[1]) * 1024


@SAVED
def test_files_are_read_in_chunks(name: str, save: Save, tmp_path: Path) -> None:
    save(tmp_path / name, np.zeros((100, 1000, 1000), np.uint8))
    source = opened(tmp_path / name)
    before = peak = anonymous_memory()
    count = 0
    for chunk in source.read():
        count += len(chunk.images)
        peak = max(peak, anonymous_memory())
    assert count == 100
    assert peak - before < 40e6


def save_labelled(path: Path, **arrays: Any) -> Path:
    if path.suffix == ".safetensors":
        save_file(arrays, path)
    else:
        np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("label", ["labels", "y", "arr_1"])
@pytest.mark.parametrize("name", ["images", "arr_0", "x", "samples", "anything"])
def test_images_and_labels_are_found_by_their_names(
    suffix: str, name: str, label: str, tmp_path: Path
) -> None:
    labels = np.arange(5, dtype=np.int32)
    path = save_labelled(tmp_path / f"a{suffix}", **{name: noise(0, 5, 6, 7), label: labels})
    assert labels_of(opened(path)) == [0, 1, 2, 3, 4]
    assert len(images_of(opened(path))) == 5


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("labels", [np.arange(4), np.zeros(5), np.zeros((5, 1), np.int64)])
def test_what_cannot_be_labels_is_passed_over_with_a_note(suffix: str, labels: Any, tmp_path: Path) -> None:
    path = save_labelled(tmp_path / f"a{suffix}", images=noise(0, 5, 6, 7), labels=labels)
    source = opened(path)
    assert labels_of(source) == []
    assert source.notes == (
        f"file a{suffix}: array `labels` passed over, being no labels: {labels.dtype} {labels.shape}",
    )


def test_statistics_beside_images_do_not_hide_them(tmp_path: Path) -> None:
    path = save_labelled(tmp_path / "a.npz", arr_0=noise(0, 5, 6, 7), mu=np.zeros(9), sigma=np.zeros((9, 9)))
    assert opened(path).count == 5


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("a", "b"), r"holds 2 arrays \(a, b\): call the one of the images `images`"),
        (("x", "samples"), r"holds 2 arrays \(x, samples\): call"),
        ((), "holds no arrays"),
    ],
)
def test_several_arrays_that_could_be_the_images_are_refused(
    names: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=expected):
        opened(save_labelled(tmp_path / "a.npz", **{name: noise(0, 5, 6, 7) for name in names}))


REFUSED: dict[str, tuple[Any, str]] = {
    "float": (
        np.zeros((5, 6, 7), np.float32),
        r"holds float32, .*from \[-1, 1\] by `\(x \* 127\.5 \+ 127\.5\)",
    ),
    "half": (np.zeros((5, 6, 7), np.float16), "holds float16, whose range nobody can tell: make it uint8"),
    "bool": (np.zeros((5, 6, 7), np.bool_), r'holds bool: make it uint8, `x\.astype\("uint8"\) \* 255`'),
    "int64": (
        np.zeros((5, 6, 7), np.int64),
        r'holds int64: .*`x\.astype\("uint8"\)`, if all of it is within',
    ),
    "alpha_last": (noise(0, 5, 6, 7, 4), r"an alpha channel, it seems: drop it with `x\[\.\.\., :3\]`"),
    "alpha_first": (noise(0, 5, 4, 6, 7), r"an alpha channel, it seems: drop it with `x\[:, :3\]`"),
    "ambiguous": (noise(0, 5, 3, 6, 3), "either axis 1 or axis 3 could be the channels: write"),
    "single": (noise(0, 6, 7, 3), r"shape \(6, 7, 3\), which looks like one image: images are \(n, h, w\)"),
    "flat": (noise(0, 5, 16), r"shape \(5, 16\): images are \(n, h, w\), \(n, h, w, c\) or \(n, c, h, w\)"),
    "channels": (noise(0, 5, 6, 7, 2), r"shape \(5, 6, 7, 2\): images are .* with 1 or 3 channels"),
    "none": (noise(0, 0, 6, 7), "and so holds no images"),
    "number": (np.uint8(3), r"shape \((1,)?\): images are"),
}


@SAVED
@pytest.mark.parametrize(("array", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_array_of_images_is_refused_with_the_way_out(
    name: str, save: Save, array: Any, expected: str, tmp_path: Path
) -> None:
    save(tmp_path / name, array)
    with pytest.raises(DataError, match=f"^file {name}.*{expected}") as caught:
        opened(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_objects_are_never_unpickled(name: str, tmp_path: Path) -> None:
    (save_npy if name == "x.npy" else save_npz)(tmp_path / name, np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match="holds Python objects, which are not read: save a plain array"):
        opened(tmp_path / name)


def test_fortran_order_is_refused_with_the_way_out(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.asfortranarray(noise(0, 5, 6, 7)))
    with pytest.raises(DataError, match=r"in Fortran order: save `np\.ascontiguousarray\(x\)`"):
        opened(tmp_path / "x.npy")


@SAVED
@pytest.mark.parametrize("data", [b"", b"this is none", bytes(1000)], ids=["empty", "text", "zeros"])
def test_a_file_of_another_kind_is_one_clear_line(name: str, save: Save, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=f"file {name} cannot be read: ") as caught:
        opened(tmp_path / name)
    assert "\n" not in str(caught.value)


@SAVED
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.99])
def test_a_file_that_is_cut_off_is_refused(name: str, save: Save, kept: float, tmp_path: Path) -> None:
    save(tmp_path / name, noise(0, 50, 9, 9))
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(kept * len(data))])
    with pytest.raises(DataError, match=f"file {name} (cannot be read|is cut off)"):
        opened(tmp_path / name)


@pytest.mark.parametrize("save", [save_npz, save_compressed])
def test_bytes_that_fell_over_inside_a_zip_are_found_on_reading(save: Save, tmp_path: Path) -> None:
    save(tmp_path / "x.npz", noise(0, 50, 9, 9))
    data = bytearray((tmp_path / "x.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(DataError, match=r"x\.npz, array .* cannot be read: "):
        images_of(opened(tmp_path / "x.npz"))


@SAVED
def test_a_file_that_changes_before_it_is_read_is_an_error(name: str, save: Save, tmp_path: Path) -> None:
    save(tmp_path / name, noise(0, 5, 9, 9))
    source = opened(tmp_path / name)
    save(tmp_path / name, noise(0, 6, 9, 9))
    with pytest.raises(DataError, match="changed before it was read"):
        images_of(source)
    (tmp_path / name).unlink()
    with pytest.raises(DataError, match="changed before it was read"):
        images_of(source)

"""CIFAR-10 from files in its exact format: splits, and every way in which a file is not the published one."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision.datasets

from data.cifar_files import PER_BATCH, md5_of, python2_pickle, write_cifar
from harness.data import Dataset
from harness.data.cifar10 import CLASSES, FOLDER, MD5, cifar10, plain_pickle
from harness.errors import DataError
from harness.options import keyword_arguments

HELD_OUT = 6


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with small files, which count as the published ones."""
    write_cifar(tmp_path)
    for file, digest in md5_of(tmp_path).items():
        monkeypatch.setitem(MD5, file, digest)
    monkeypatch.setitem(cifar10.__globals__, "HELD_OUT", HELD_OUT)
    return tmp_path


def sizes(data: Dataset) -> list[int]:
    return [len(split) for split in (data.train, data.validation, data.test)]


def test_the_published_files_are_those_of_torchvision() -> None:
    peer = torchvision.datasets.CIFAR10
    assert list(MD5.items()) == [tuple(pair) for pair in peer.train_list + peer.test_list]
    assert peer.base_folder == FOLDER


def test_images_and_labels_are_those_that_torchvision_reads(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "_check_integrity", lambda self: True)
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "_load_meta", lambda self: None)
    data = cifar10(root)
    for train, splits in [(True, (data.train, data.validation)), (False, (data.test,))]:
        peer = torchvision.datasets.CIFAR10(str(root), train=train)
        images = torch.from_numpy(peer.data).permute(0, 3, 1, 2)
        assert torch.equal(torch.cat([split.images for split in splits]), images)
        assert torch.cat([split.labels for split in splits]).tolist() == peer.targets


def test_validation_comes_from_either_published_part(root: Path) -> None:
    usual, published = cifar10(root), cifar10(root, **keyword_arguments(cifar10, {"validation": "test"}))
    assert sizes(usual) == [5 * PER_BATCH - HELD_OUT, HELD_OUT, PER_BATCH]
    assert sizes(published) == [5 * PER_BATCH, HELD_OUT, PER_BATCH - HELD_OUT]
    assert torch.equal(torch.cat((usual.train.images, usual.validation.images)), published.train.images)
    assert torch.equal(usual.test.images, torch.cat((published.test.images, published.validation.images)))
    assert torch.equal(usual.test.labels, torch.cat((published.test.labels, published.validation.labels)))


def test_what_it_says_of_itself(root: Path) -> None:
    data = cifar10(Path("/nowhere"), root=str(root))
    assert (data.name, data.shape, data.levels, data.mirrors) == ("cifar10", (3, 32, 32), 256, True)
    assert data.classes == CLASSES
    for split in (data.train, data.validation, data.test):
        assert (split.images.dtype, split.labels.dtype) == (torch.uint8, torch.int64)
        assert split.images.is_contiguous()


@pytest.mark.parametrize("file", list(MD5))
def test_one_flipped_bit_is_named(root: Path, file: str) -> None:
    path = root / FOLDER / file
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=f"{file} is not the published file"):
        cifar10(root)


class Payload:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.file),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_something_is_refused_and_runs_nothing(tmp_path: Path, protocol: int) -> None:
    canary = tmp_path / "canary"
    with pytest.raises(DataError, match=r"asks for \w+\.mkdir was refused") as caught:
        plain_pickle(pickle.dumps({"data": Payload(canary)}, protocol))
    assert "\n" not in str(caught.value)
    assert not canary.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [("builtins", "eval"), ("__builtin__", "eval"), ("numpy", "load"), ("numpy", "os.system")],
)
def test_no_other_name_can_be_reached(module: str, name: str) -> None:
    with pytest.raises(DataError, match="was refused"):
        plain_pickle(f"c{module}\n{name}\n.".encode())


def test_arrays_of_any_shape_and_type_are_plain() -> None:
    arrays = [torch.arange(6).view(2, 3).numpy(), torch.rand(3, dtype=torch.float64).numpy()]
    for array, again in zip(arrays, plain_pickle(python2_pickle(arrays)), strict=True):
        assert array.dtype == again.dtype
        assert (array == again).all()


def test_an_array_as_python_2_and_numpy_1_wrote_it() -> None:
    written = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87Rq\x03"
        b"(K\x01K\x01K\x03\x86cnumpy\ndtype\nq\x04U\x02u1K\x00K\x01\x87R(K\x03U\x01|NNN"
        b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x03\x07\x80\xfftb."
    )
    array = plain_pickle(written)
    assert array.dtype == "uint8"
    assert array.tolist() == [[7, 128, 255]]


def test_absent_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object, **options: object) -> None:
        raise OSError("<urlopen error no network>")

    monkeypatch.setattr(torchvision.datasets, "CIFAR10", refused)
    with pytest.raises(DataError) as caught:
        cifar10(tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    for part in ("`cifar10`", FOLDER, *MD5, "no network", "--data", "dataset: {name: cifar10, root: ...}"):
        assert part in message
    assert list(tmp_path.iterdir()) == []


def test_a_download_puts_whole_files_in_place(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, given = cifar10(root).digest, root / FOLDER

    def fetched(staging: str, *, download: bool) -> None:
        assert download
        given.rename(Path(staging) / FOLDER)

    monkeypatch.setattr(torchvision.datasets, "CIFAR10", fetched)
    assert cifar10(tmp_path / "data").digest == expected
    assert {file.name for file in (tmp_path / "data" / FOLDER).iterdir()} == set(MD5)
    assert cifar10(tmp_path / "data").digest == expected

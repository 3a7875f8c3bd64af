"""MNIST: the real files, their absence, and what may lie in their place."""

import gzip
import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
import torchvision.datasets

from harness.data import Dataset
from harness.data.mnist import FASHION_MD5, MNIST_MD5, fashion_mnist, mnist
from harness.errors import DataError
from harness.options import keyword_arguments

DIGEST = "29fb6353337484609c50855a1d716ad8a577112e354e6319101f8472b3a8ef42"


@pytest.fixture(scope="module")
def real_mnist(mnist_root: Path) -> Dataset:
    return mnist(mnist_root)


@pytest.fixture
def copy(mnist_root: Path, tmp_path: Path) -> Path:
    """A root whose four files are links to the real ones; returns its raw folder."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in MNIST_MD5:
        (raw / file).symlink_to(mnist_root / "MNIST" / "raw" / file)
    return raw


def test_splits(real_mnist: Dataset) -> None:
    assert real_mnist.digest == DIGEST
    assert real_mnist.shape == (1, 28, 28)
    assert not real_mnist.mirrors
    assert [len(s) for s in (real_mnist.train, real_mnist.validation, real_mnist.test)] == [
        50000,
        10000,
        10000,
    ]
    for split in (real_mnist.train, real_mnist.validation, real_mnist.test):
        assert (split.images.dtype, split.labels.dtype) == (torch.uint8, torch.int64)
        assert split.images.is_contiguous()
        assert split.labels.is_contiguous()
        assert split.labels.unique().tolist() == list(range(10))


def test_resolution_32_is_padded_by_2(mnist_root: Path, real_mnist: Dataset) -> None:
    padded = mnist(mnist_root, resolution=32)
    assert padded.shape == (1, 32, 32)
    assert torch.equal(padded.test.images[..., 2:-2, 2:-2], real_mnist.test.images)
    assert int(padded.test.images.sum()) == int(real_mnist.test.images.sum())
    assert padded.digest != real_mnist.digest


def test_root_option_overrides_the_data_root(mnist_root: Path, real_mnist: Dataset, tmp_path: Path) -> None:
    options = keyword_arguments(mnist, {"root": str(mnist_root)})
    assert mnist(tmp_path, **options).digest == real_mnist.digest


def check_is_one_helpful_line(message: str, name: str, raw: Path) -> None:
    assert "\n" not in message
    for part in (
        name,
        str(raw),
        *MNIST_MD5,
        "--data",
        "HARNESS_DATA",
        f"dataset: {{name: {name}, root: ...}}",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("entry", "name", "folder"), [(mnist, "mnist", "MNIST"), (fashion_mnist, "fashion_mnist", "FashionMNIST")]
)
def test_empty_root_without_a_network(
    entry: object, name: str, folder: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mirror = getattr(torchvision.datasets, folder).mirrors[0].split("/")[2]
    try:
        socket.create_connection((mirror, 80), timeout=3).close()
    except OSError:
        pass
    else:
        pytest.skip("there is a network, and the data set would be downloaded")
    started = time.monotonic()
    with pytest.raises(DataError) as caught:
        entry(tmp_path / "data")  # type: ignore[operator]
    assert time.monotonic() - started < 5
    check_is_one_helpful_line(str(caught.value), name, tmp_path / "data" / folder / "raw")
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize("name", list(MNIST_MD5))
def test_a_truncated_file_is_named(copy: Path, name: str) -> None:
    whole = (copy / name).read_bytes()
    (copy / name).unlink()
    (copy / name).write_bytes(whole[:-1])
    with pytest.raises(DataError, match=f"{name} is not the published file") as caught:
        mnist(copy.parents[1])
    assert "\n" not in str(caught.value)


def test_one_flipped_bit_is_named(copy: Path) -> None:
    changed = bytearray((copy / "t10k-labels-idx1-ubyte").read_bytes())
    changed[5000] ^= 1
    (copy / "t10k-labels-idx1-ubyte").unlink()
    (copy / "t10k-labels-idx1-ubyte").write_bytes(changed)
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte is not the published file"):
        mnist(copy.parents[1])


def test_old_pickles_beside_the_files_are_never_opened(copy: Path, real_mnist: Dataset) -> None:
    processed = copy.parent / "processed"
    processed.mkdir()
    for name in ("training.pt", "test.pt"):
        (processed / name).write_bytes(b"not a tensor")
    assert mnist(copy.parents[1]).digest == real_mnist.digest


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server on this machine with a small data set in Fashion-MNIST's format; returns its folder."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    resources = []
    for name, size in [("train", 51000), ("t10k", 100)]:
        labels = bytes(index % 10 for index in range(size))
        for kind, header, body in [
            ("images-idx3", (0x803, size, 28, 28), bytes(size * 784)),
            ("labels-idx1", (0x801, size), labels),
        ]:
            data = b"".join(number.to_bytes(4, "big") for number in header) + body
            packed = gzip.compress(data, compresslevel=1)
            file = f"{name}-{kind}-ubyte"
            (folder / f"{file}.gz").write_bytes(packed)
            resources.append((f"{file}.gz", hashlib.md5(packed).hexdigest()))
            monkeypatch.setitem(FASHION_MD5, file, hashlib.md5(data).hexdigest())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", [url])
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "resources", resources)
    yield folder
    server.shutdown()
    server.server_close()
    thread.join()


def test_download_puts_whole_files_in_place(
    mirror: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = fashion_mnist(tmp_path / "data")
    assert (len(data.train), len(data.validation), len(data.test)) == (50000, 1000, 100)
    assert data.classes[0] == "T-shirt/top"
    assert data.mirrors
    raw = tmp_path / "data" / "FashionMNIST" / "raw"
    assert {file.name for file in raw.iterdir()} == set(MNIST_MD5)
    assert capfd.readouterr() == ("", "")
    for file in mirror.iterdir():
        file.unlink()
    assert fashion_mnist(tmp_path / "data").digest == data.digest


def test_a_broken_download_leaves_nothing(mirror: Path, tmp_path: Path) -> None:
    (mirror / "t10k-images-idx3-ubyte.gz").write_bytes(b"half")
    with pytest.raises(DataError) as caught:
        fashion_mnist(tmp_path / "data")
    check_is_one_helpful_line(str(caught.value), "fashion_mnist", tmp_path / "data" / "FashionMNIST" / "raw")
    assert not (tmp_path / "data").exists()

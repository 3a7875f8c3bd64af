"""MNIST and the data sets that share its file format, read from four idx files."""

import contextlib
import hashlib
import io
import socket
import tempfile
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any, Literal

from torch import Tensor
from torch.nn.functional import pad

from harness import files
from harness.data.dataset import Dataset, Split
from harness.errors import DataError

TRAIN_SIZE = 50_000
"""The last 10,000 of the 60,000 training images are the validation split, as in the 2014 GAN code."""

TIMEOUT = 10
"""Seconds without an answer after which a download is given up."""

MNIST_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
FASHION_MD5 = {
    "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
    "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
}


def mnist(data_root: Path, *, root: str | None = None, resolution: Literal[28, 32] = 28) -> Dataset:
    """MNIST, handwritten digits, 28×28 grey, 70,000 images.

    LeCun, Cortes and Burges. Split 50,000 / 10,000 / 10,000. `root` is the folder that holds `MNIST/raw`.
    """
    from torchvision.datasets import MNIST

    return _load("mnist", MNIST, MNIST_MD5, _root(data_root, root), resolution)


def fashion_mnist(data_root: Path, *, root: str | None = None, resolution: Literal[28, 32] = 28) -> Dataset:
    """Fashion-MNIST, clothes, 28×28 grey, 70,000 images.

    Xiao, Rasul and Vollgraf, 2017. Split 50,000 / 10,000 / 10,000. `root` holds `FashionMNIST/raw`.
    """
    from torchvision.datasets import FashionMNIST

    return _load("fashion_mnist", FashionMNIST, FASHION_MD5, _root(data_root, root), resolution)


def _root(data_root: Path, root: str | None) -> Path:
    return Path(data_root if root is None else root).expanduser()


def _load(name: str, torchvision_class: Any, md5: dict[str, str], root: Path, resolution: int) -> Dataset:
    raw = root / torchvision_class.__name__ / "raw"
    if missing := [file for file in md5 if not (raw / file).is_file()]:
        _download(name, torchvision_class, raw, missing)
    images, labels, test_images, test_labels = (_read(raw / file, md5[file]) for file in md5)
    margin = (resolution - images.shape[-1]) // 2

    def split(images: Tensor, labels: Tensor) -> Split:
        return Split(pad(images.unsqueeze(1), [margin] * 4), labels)

    return Dataset(
        name=name,
        train=split(images[:TRAIN_SIZE], labels[:TRAIN_SIZE]),
        validation=split(images[TRAIN_SIZE:], labels[TRAIN_SIZE:]),
        test=split(test_images, test_labels),
        classes=tuple(title.rpartition(" - ")[0] or title for title in torchvision_class.classes),
        source=f"torchvision.datasets.{torchvision_class.__name__}",
    )


def _read(path: Path, md5: str) -> Tensor:
    """One idx file: images uint8 (n, height, width) or labels int64 (n,).

    The checksum stands for every other check (length, header, label range). torchvision's own loader is not
    used, because it would rather unpickle a file left beside these by its old versions.
    """
    from torchvision.datasets.mnist import read_image_file, read_label_file

    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if found != md5:
            raise DataError(
                f"{path} is not the published file (MD5 {found}, {path.stat().st_size:,} bytes; "
                f"expected {md5}): delete it and fetch it again"
            )
        tensor: Tensor = (read_label_file if "labels" in path.name else read_image_file)(str(path))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    return tensor


def _download(name: str, torchvision_class: Any, raw: Path, missing: list[str]) -> None:
    """Fetch with torchvision into a temporary folder, then move whole files into place: all or nothing."""
    try:
        with tempfile.TemporaryDirectory() as staging, _silent(), _timeout(TIMEOUT):
            downloaded = Path(torchvision_class(staging, download=True).raw_folder)
            for file in missing:
                files.write_atomic(raw / file, (downloaded / file).read_bytes())
    except (OSError, RuntimeError, EOFError, HTTPException) as error:
        raise DataError(
            f"data set `{name}` is not in {raw} and could not be downloaded ({_reason(error)}): "
            f"put {', '.join(missing)} there (uncompressed), or name the folder that holds "
            f"{raw.parent.name}/raw with --data, HARNESS_DATA or `dataset: {{name: {name}, root: ...}}`"
        ) from error


def _reason(error: Exception) -> str:
    """The last line of a download's error that says anything, without Python's brackets."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip("<>").removeprefix("urlopen error ") if lines else type(error).__name__


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """torchvision draws a progress bar that has no switch."""
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        yield


@contextlib.contextmanager
def _timeout(seconds: float) -> Iterator[None]:
    """torchvision opens its connections without a timeout."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)

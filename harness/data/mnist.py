"""MNIST and the data sets that share its file format, read from four idx files."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from harness.data.dataset import Dataset, Split
from harness.data.download import ensure, read_published, root_folder

Resolution = Literal[28, 32]
"""As published, or with a margin of two black pixels."""

TRAIN_SIZE = 50_000
"""The last 10,000 of the 60,000 training images are the validation split, as in the 2014 GAN code."""

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


def mnist(data_root: Path, *, root: str | None = None, resolution: Resolution = 28) -> Dataset:
    """MNIST, handwritten digits, 28×28 grey, 70,000 images.

    LeCun, Cortes and Burges. Split 50,000 / 10,000 / 10,000. `root` is the folder that holds `MNIST/raw`.
    """
    from torchvision.datasets import MNIST

    return _load("mnist", MNIST, MNIST_MD5, root_folder(data_root, root), resolution)


def fashion_mnist(data_root: Path, *, root: str | None = None, resolution: Resolution = 28) -> Dataset:
    """Fashion-MNIST, clothes, 28×28 grey, 70,000 images.

    Xiao, Rasul and Vollgraf, 2017. Split 50,000 / 10,000 / 10,000. `root` holds `FashionMNIST/raw`.
    """
    from torchvision.datasets import FashionMNIST

    published = root_folder(data_root, root)
    return _load("fashion_mnist", FashionMNIST, FASHION_MD5, published, resolution, mirrors=True)


def _load(
    name: str,
    torchvision_class: Any,
    md5: dict[str, str],
    root: Path,
    resolution: Resolution,
    *,
    mirrors: bool = False,
) -> Dataset:
    def fetch(staging: str) -> Path:
        return Path(torchvision_class(staging, download=True).raw_folder)

    raw = ensure(name, root, f"{torchvision_class.__name__}/raw", md5, fetch)
    images, labels, test_images, test_labels = (
        read_idx(read_published(raw / file, md5[file])) for file in md5
    )
    margin = (resolution - images.shape[-1]) // 2

    def split(images: Tensor, labels: Tensor) -> Split:
        return Split(pad(images.unsqueeze(1), [margin] * 4), labels.to(torch.int64))

    return Dataset(
        name=name,
        train=split(images[:TRAIN_SIZE], labels[:TRAIN_SIZE]),
        validation=split(images[TRAIN_SIZE:], labels[TRAIN_SIZE:]),
        test=split(test_images, test_labels),
        classes=tuple(title.rpartition(" - ")[0] or title for title in torchvision_class.classes),
        source=f"torchvision.datasets.{torchvision_class.__name__}",
        mirrors=mirrors,
    )


def read_idx(data: bytes) -> Tensor:
    """An idx file of bytes, uint8 of any shape: two zeros, type, rank, the sizes (big-endian), the values."""
    rank = data[3]
    sizes = np.frombuffer(data, ">u4", rank, offset=4).tolist()
    values = np.frombuffer(bytearray(data), np.uint8, offset=4 + 4 * rank)
    return torch.from_numpy(values).view(sizes)

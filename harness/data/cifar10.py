"""CIFAR-10, read from the six files of its Python version without running what a pickle may ask for."""

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from harness.data.dataset import Dataset, Split
from harness.data.download import ensure, read_published, root_folder
from harness.errors import DataError

FOLDER = "cifar-10-batches-py"

MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
"""In the order of the images; torchvision checks the same."""

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

HELD_OUT = 5_000
"""Images of the validation split, the last of the 50,000 for training or of the 10,000 for testing."""


def cifar10(
    data_root: Path, *, root: str | None = None, validation: Literal["train", "test"] = "train"
) -> Dataset:
    """CIFAR-10, photographs of ten kinds of things, 32×32 colour, 60,000 images.

    Krizhevsky, 2009. `validation`: what the 5,000 images of that split are taken from, `train` for splits of
    45,000 / 5,000 / 10,000; `test` for 50,000 / 5,000 / 5,000, where published FIDs are measured against all
    50,000. `root` is the folder that holds `cifar-10-batches-py`.
    """
    folder = ensure("cifar10", root_folder(data_root, root), FOLDER, MD5, _fetch)
    *batches, test = (_batch(plain_pickle(read_published(folder / file, MD5[file]))) for file in MD5)
    train = Split(
        torch.cat([batch.images for batch in batches]), torch.cat([batch.labels for batch in batches])
    )
    if validation == "train":
        train, held_out = _parted(train)
    else:
        test, held_out = _parted(test)
    return Dataset(
        name="cifar10",
        train=train,
        validation=held_out,
        test=test,
        classes=CLASSES,
        source="torchvision.datasets.CIFAR10",
        mirrors=True,
    )


def plain_pickle(data: bytes) -> Any:
    """What Python 2 pickled of lists, dicts, numbers, bytes and numpy arrays; DataError for anything else.

    An array is the only object there that is made by calling something, and this calls nothing else.
    """
    return _Arrays(io.BytesIO(data), encoding="bytes").load()


class _Arrays(pickle.Unpickler):
    ALLOWED: Mapping[tuple[str, str], Any] = {
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.ALLOWED:
            raise DataError(f"a pickle that asks for {module}.{name} was refused: fetch the published files")
        return self.ALLOWED[module, name]


def _batch(pickled: Any) -> Split:
    images = torch.from_numpy(pickled[b"data"]).view(-1, 3, 32, 32)
    return Split(images, torch.tensor(pickled[b"labels"], dtype=torch.int64))


def _parted(split: Split) -> tuple[Split, Split]:
    """All but the last images, and the last."""
    kept = len(split) - HELD_OUT
    return Split(split.images[:kept], split.labels[:kept]), Split(split.images[kept:], split.labels[kept:])


def _fetch(staging: str) -> Path:
    from torchvision.datasets import CIFAR10

    CIFAR10(staging, download=True)
    return Path(staging) / FOLDER

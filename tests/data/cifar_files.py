"""The six files of CIFAR-10's Python version, small, in the bytes that Python 2 and numpy 1 wrote."""

import hashlib
import io
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from harness.data.cifar10 import FOLDER, MD5

PER_BATCH = 20


class Python2(pickle._Pickler):  # type: ignore[name-defined,misc]
    """Protocol 2, where text is bytes: what Python 3 reads back as such."""

    dispatch: ClassVar[dict[type, Callable[..., None]]] = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_text(self, value: str | bytes) -> None:
        data = value.encode() if isinstance(value, str) else value
        self.write(b"T" + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    dispatch[bytes] = dispatch[str] = save_text


def python2_pickle(value: Any) -> bytes:
    file = io.BytesIO()
    Python2(file, protocol=2).dump(value)
    return file.getvalue().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def write_cifar(root: Path) -> dict[str, tuple[Tensor, Tensor]]:
    """Files of random images under `root`; by file, its images and labels."""
    folder = root / FOLDER
    folder.mkdir(parents=True)
    written = {}
    for number, file in enumerate(MD5):
        source = np.random.default_rng(number)
        images = source.integers(0, 256, (PER_BATCH, 3072), dtype=np.uint8)
        labels = source.integers(0, 10, PER_BATCH).tolist()
        names = [f"{file}_{index}.png" for index in range(PER_BATCH)]
        batch = {"batch_label": file, "labels": labels, "data": images, "filenames": names}
        (folder / file).write_bytes(python2_pickle(batch))
        written[file] = torch.from_numpy(images).view(-1, 3, 32, 32), torch.tensor(labels)
    return written


def md5_of(root: Path) -> dict[str, str]:
    return {file: hashlib.md5((root / FOLDER / file).read_bytes()).hexdigest() for file in MD5}

"""The 8×8 digits that ship with scikit-learn: no download, a training in seconds."""

from pathlib import Path

import torch
from torch import Tensor

from harness import seeding
from harness.data.dataset import Dataset, Split

LEVELS = 17
TRAIN_SIZE, VALIDATION_SIZE = 1000, 297
"""The rest, 500 images, is the test split."""


def digits(data_root: Path) -> Dataset:
    """Handwritten digits, 8×8 grey, 1,797 images, inside scikit-learn.

    The UCI "optical recognition of handwritten digits" test file (Alpaydin and Kaynak, 1998). Each pixel
    counts the dark ones of 16, so there are 17 levels. Split 1,000 / 297 / 500, stratified; `data_root` is
    unused.
    """
    from sklearn.datasets import load_digits

    counts, labels = (torch.from_numpy(array) for array in load_digits(return_X_y=True))
    images = counts.mul(255 / (LEVELS - 1)).round().to(torch.uint8).view(-1, 1, 8, 8)
    labels = labels.to(torch.int64)
    order = stratified_order(labels)
    train, validation, test = (
        Split(images[part], labels[part])
        for part in order.tensor_split([TRAIN_SIZE, TRAIN_SIZE + VALIDATION_SIZE])
    )
    return Dataset(
        name="digits",
        train=train,
        validation=validation,
        test=test,
        classes=tuple(str(digit) for digit in range(10)),
        source="scikit-learn load_digits (UCI optical recognition of handwritten digits)",
        levels=LEVELS,
    )


def stratified_order(labels: Tensor) -> Tensor:
    """A fixed order of all samples, int64 (n,), of which every contiguous part is stratified.

    Members of a class are shuffled by hash, then spread evenly over the whole, so that any part has each
    class in proportion within one image. Hashes, because the split must outlive every change in a library's
    generator: it is part of each published number.
    """
    rank = sorted(range(len(labels)), key=lambda index: seeding.derive(0, "digits/split", index))
    sizes = torch.bincount(labels).tolist()
    seen = [0] * len(sizes)
    position = {}
    for index in rank:
        label = int(labels[index])
        position[index] = ((seen[label] + 0.5) / sizes[label], label)
        seen[label] += 1
    return torch.tensor(sorted(position, key=lambda index: position[index]))

"""What images are, whatever their names and their order: a digest of each, an order, a digest of the set."""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor


def digests(images: Tensor) -> list[bytes]:
    """SHA-256 of every image or point of (n, ...): of its shape, its type and its values."""
    head = f"{tuple(images.shape[1:])} {images.dtype}".encode()
    rows = images.contiguous().numpy().reshape(len(images), -1)
    return [hashlib.sha256(head + row.tobytes()).digest() for row in rows]


def order(keys: Sequence[bytes]) -> Tensor:
    """int64 (n,): the indices that put images in the order of their digests.

    The same images give the same row everywhere, whatever files they came from; and because a digest is as
    good as random, any first part of that row is a fair sample of them.
    """
    return torch.tensor(sorted(range(len(keys)), key=keys.__getitem__), dtype=torch.int64)


def digest_of_set(keys: Sequence[bytes], labels: Tensor | None = None) -> str:
    """SHA-256 over all images, in any order; with `labels` int64 (n,) over what each is called as well."""
    if labels is not None:
        keys = [key + b"%d" % label for key, label in zip(keys, labels.tolist(), strict=True)]
    return hashlib.sha256(b"".join(sorted(keys))).hexdigest()

"""Arrays that lie in a file, whatever kind of file it is, and which of several holds the images."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError

IMAGES = ("images", "arr_0", "x", "samples")
LABELS = ("labels", "y", "arr_1")


@dataclass(frozen=True)
class Stored:
    """One array of a file. `rows`(n) gives it from the start, n rows at a time, holding no more than that; it
    raises DataError where the file is damaged or cut off."""

    shape: tuple[int, ...]
    dtype: str
    rows: Callable[[int], Iterator[NDArray[np.generic]]]


@dataclass(frozen=True)
class Found:
    """The images of a file, its labels, int of any width (n,), and what is to be said of the rest."""

    images: Stored
    labels: NDArray[np.generic] | None = None
    notes: tuple[str, ...] = ()


def found_among(arrays: Mapping[str, Stored], title: str) -> Found:
    """Images and labels among the named arrays of a file.

    The images are its only array besides labels, or the only one called as in IMAGES; labels are called as in
    LABELS and are one integer for each image. DataError, with the names, where that leaves none, or several.
    """
    name = _name_of_images(arrays, title)
    images = arrays[name]
    labels = None
    notes = []
    for other in (key for key in LABELS if key in arrays and key != name):
        stored = arrays[other]
        fits = len(stored.shape) == 1 and stored.shape == images.shape[:1] != (0,)
        if labels is None and fits and stored.dtype.startswith(("int", "uint")):
            (labels,) = stored.rows(images.shape[0])
        else:
            notes.append(f"array `{other}` passed over, being no labels: {stored.dtype} {stored.shape}")
    return Found(images, labels, tuple(notes))


def _name_of_images(arrays: Mapping[str, Stored], title: str) -> str:
    if not arrays:
        raise DataError(f"{title} holds no arrays")
    names: Sequence[str] = list(arrays)
    rest = names if len(names) == 1 else [name for name in names if name not in LABELS]
    known = rest if len(rest) == 1 else [name for name in rest if name in IMAGES]
    if len(known) != 1:
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        raise DataError(f"{title} holds {len(names)} arrays ({shown}): call the one of the images `images`")
    return known[0]

"""Any image files as a data set: cropped to squares, resized once, split by their content."""

import hashlib
import io
import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from harness.data.dataset import Dataset, Split
from harness.data.download import root_folder
from harness.data.listing import first_few, list_images
from harness.data.pixels import BadImageError, bombs_refused, decode_upright, read_header
from harness.errors import DataError

T = TypeVar("T")

WORKERS = min(8, max(2, os.cpu_count() or 1))
"""Threads that read and decode, which holds no lock of Python's for most of its time."""

Share = Annotated[float, Field(gt=0, lt=1, description="share of all images, at least one of them")]


def image_folder(
    data_root: Path,
    *,
    root: str | None = None,
    resolution: Annotated[int, Field(ge=8, le=1024, description="height and width of every image")] = 64,
    channels: Literal[1, 3] = 3,
    validation: Share = 0.1,
    test: Share = 0.1,
) -> Dataset:
    """Your own image files, of any kind and size, as squares of one resolution.

    `root` is a folder, relative to the working directory, else the data root itself. All images in it are
    read, at any depth; where they all are in sub-folders of it, at least two, those are the classes. Each is
    turned as its EXIF orientation says, loses its alpha channel, and is made a `square`. The splits are by
    digests of the files, so that neither names nor options but the shares change them. A file that cannot be
    read is a DataError, and none is passed over. In memory: channels × resolution² bytes an image, 12 kB by
    default; a DataError before anything is decoded where that is more than is free.
    """
    folder = root_folder(data_root, root)
    if not folder.is_dir():
        raise DataError(
            f"data set `image_folder`: there is no folder {folder}: name one of images with"
            " `dataset: {name: image_folder, root: ...}`"
        )
    listing = list_images(folder)
    count = len(listing.images)
    held_out = [max(1, round(count * share)) for share in (validation, test)]
    if count <= sum(held_out):
        raise DataError(
            f"data set `image_folder`: {count} images in {folder} leave none to train on beside"
            f" {held_out[0]} for validation and {held_out[1]} for testing: add images, or lower these shares"
        )
    shape = (count, channels, resolution, resolution)
    refuse_beyond_memory(shape)

    names = {class_name: number for number, class_name in enumerate(listing.classes)}
    labels = [names.get(listing.class_of(file), 0) for file in listing.images]
    digests = of_every_file(folder, listing.images, lambda _, data: digest(data))
    # By label as well: one image in two classes is two images, and their order must not be that of names.
    order = sorted(range(count), key=lambda index: (digests[index], labels[index]))
    pixels = np.empty(shape, np.uint8)

    def place(index: int, data: bytes) -> None:
        pixels[index] = square(decode_upright(data, channels), channels, resolution)

    of_every_file(folder, [listing.images[index] for index in order], place)
    ends = [count - sum(held_out), count - held_out[1]]
    splits = zip(
        torch.from_numpy(pixels).tensor_split(ends),
        torch.tensor(labels)[order].tensor_split(ends),
        strict=True,
    )
    train, between, last = (Split(*split) for split in splits)
    return Dataset(
        name="image_folder",
        train=train,
        validation=between,
        test=last,
        classes=listing.classes or ("images",),
        source=f"image files in {folder.resolve()}",
        mirrors=True,
    )


def digest(data: bytes) -> bytes:
    """SHA-256 of an image file whose header can be read; BadImageError for another."""
    read_header(io.BytesIO(data))
    return hashlib.sha256(data).digest()


def square(pixels: NDArray[np.uint8], channels: int, resolution: int) -> NDArray[np.uint8]:
    """uint8 (height, width, 1 or 3) -> (channels, resolution, resolution): the centre, resized.

    By Pillow's bicubic filter, which is as wide as a new pixel: that of torch and OpenCV is as wide as an old
    one, whatever the factor, so that their small images are aliased (Parmar et al. 2022, clean-fid).
    """
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    if channels == 1:
        image = image.convert("L")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    # Not by resize's own `box`, across whose border its filter reads.
    centre = image.crop((left, top, left + side, top + side))
    new = centre.resize((resolution, resolution), Image.Resampling.BICUBIC)
    return np.asarray(new).reshape(resolution, resolution, channels).transpose(2, 0, 1)


def refuse_beyond_memory(shape: tuple[int, ...]) -> None:
    """DataError where uint8 of `shape` (n, channels, height, width) is more than the free memory."""
    needed, free = math.prod(shape), psutil.virtual_memory().available
    if needed > free:
        raise DataError(
            f"data set `image_folder`: {shape[0]:,} images of {'×'.join(map(str, shape[1:]))} are {needed:,}"
            f" bytes, and {free:,} bytes of memory are free: lower its resolution, or take fewer images"
        )


def of_every_file(folder: Path, names: Sequence[str], read: Callable[[int, bytes], T]) -> list[T]:
    """read(index, bytes) of every file, in threads, in the order of `names`; DataError where any is bad."""

    def attempt(index: int) -> T | BadImageError:
        try:
            return read(index, (folder / names[index]).read_bytes())
        except BadImageError as error:
            return error
        except OSError as error:
            return BadImageError(error.strerror or str(error))

    with bombs_refused(), ThreadPoolExecutor(WORKERS, thread_name_prefix="images") as pool:
        attempts = list(pool.map(attempt, range(len(names))))
    bad = [
        (name, str(error))
        for name, error in zip(names, attempts, strict=True)
        if isinstance(error, BadImageError)
    ]
    if bad:
        raise DataError(
            f"data set `image_folder`: {len(bad):,} of {len(names):,} files in {folder} cannot be used:"
            f" {first_few(bad)}; mend or remove them"
        )
    return [result for result in attempts if not isinstance(result, BadImageError)]

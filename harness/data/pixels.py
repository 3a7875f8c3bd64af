"""One image file to uint8 pixels: which conversions are faithful, which lose something, which are refused.

An EXIF orientation is applied by `decode_upright` alone: what is to be measured is taken as it is stored, as
peers do, and what is to be learnt from as it is meant to be seen.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError, features
from PIL import __version__ as pillow_version

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
"""What Pillow may take a file for, whatever its suffix; among its others are some that start programs."""

SIXTEEN = ("I;16", "I;16B", "I;16L", "I;16N")

ALPHA = "had an alpha channel, which was dropped"
PALETTE = "had a palette, which was turned into RGB"
DEEP = "had 16 bits a pixel, which were rounded to 8"
DEEP_CHANNELS = "had 16 bits a channel, of which the upper 8 were read"
FRAMES = "had several frames, of which the first was read"

_CHANNELS = {
    **dict.fromkeys(("1", "L", "LA", *SIXTEEN), 1),
    **dict.fromkeys(("RGB", "RGBA", "RGBX", "P", "PA", "CMYK", "YCbCr"), 3),
}
_SAID = {
    "1": "were black and white (1 bit), read as 0 and 255",
    "P": PALETTE,
    "PA": PALETTE,
    "CMYK": "were CMYK, converted to RGB without a colour profile",
    "YCbCr": "were YCbCr, converted to RGB",
    **dict.fromkeys(SIXTEEN, DEEP),
}


class BadImageError(Exception):
    """Why a file is no image that can be used, in a few words."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of an image says. `said`: what happens to it on the way to uint8, ends of sentences."""

    channels: int
    height: int
    width: int
    said: tuple[str, ...]


def versions() -> str:
    """All that decoding depends on besides the bytes."""
    codecs = [f"{name} {features.version(name)}" for name in ("jpg", "libjpeg_turbo", "libtiff", "webp")]
    return ", ".join([f"pillow {pillow_version}", *codecs])


@contextmanager
def bombs_refused() -> Iterator[None]:
    """In the block an image that may be a decompression bomb is an error, and no other warning is heard.

    Filters of warnings belong to the whole process: what threads read has to be read when the block ends.
    """
    Image.init()  # or the first threads would all begin to load Pillow's formats at once
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def read_header(file: IO[bytes]) -> Header:
    """The header of an image; BadImageError where there is none, or no faithful conversion to 8 bits.

    To be called in `bombs_refused`.
    """
    with _opened(file) as image:
        mode, raw = _mode(image)
        if mode not in _CHANNELS:
            raise BadImageError(f"pixels of mode {mode}, which have no faithful conversion to 8 bits")
        said = [_SAID[mode]] if mode in _SAID else []
        if "A" in mode or "transparency" in image.info:
            said.append(ALPHA)
        if ";16" in raw and mode not in SIXTEEN:
            said.append(DEEP_CHANNELS)
        if getattr(image, "n_frames", 1) > 1:
            said.append(FRAMES)
        return Header(_CHANNELS[mode], image.height, image.width, tuple(said))


def decode(data: bytes, channels: int) -> NDArray[np.uint8]:
    """The pixels, uint8 (height, width, channels), of bytes whose header was read; BadImageError where they
    end too early. `channels` 3 repeats grey ones."""
    with _opened(io.BytesIO(data)) as image:
        return _loaded(image, channels)


def decode_upright(data: bytes, channels: int) -> NDArray[np.uint8]:
    """The same, turned and mirrored as its EXIF orientation says."""
    with _opened(io.BytesIO(data)) as image:
        pixels = _loaded(image, channels)
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    rows, columns = (-1 if orientation in turned else 1 for turned in ((3, 4, 7, 8), (2, 3, 6, 7)))
    return pixels[::rows, ::columns]


def _loaded(image: Image.Image, channels: int) -> NDArray[np.uint8]:
    mode, _ = _mode(image)  # before `load`, which forgets the raw mode
    image.load()
    if mode in SIXTEEN:
        grey = np.asarray(image).astype(np.uint32)
        pixels = ((grey + 128) // 257).astype(np.uint8)  # round(x / 257): 257 is odd, so nothing is halfway
    else:
        image.info.pop("transparency", None)  # Pillow would warn of what is dropped, and change no pixel
        target = "L" if _CHANNELS[mode] == 1 else "RGB"
        pixels = np.asarray(image if image.mode == target else image.convert(target))
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    return np.repeat(pixels, 3, axis=2) if channels > pixels.shape[2] else pixels


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[Image.Image]:
    """The image in a file, for the block; whatever goes wrong in there is a BadImageError."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            yield image
    except (BadImageError, MemoryError):  # a machine that is too small is no property of a file
        raise
    except UnidentifiedImageError as error:
        raise BadImageError("not an image") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        limit = Image.MAX_IMAGE_PIXELS or 0
        raise BadImageError(f"more than {limit:,} pixels, perhaps a decompression bomb") from error
    except Exception as error:  # decoders may raise anything over bytes that are not what they should be
        raise BadImageError(_reason(error)) from error


def _mode(image: Image.Image) -> tuple[str, str]:
    """The mode of an image as its file has it, and the raw mode of its decoder, empty where it is unknown."""
    tile = getattr(image, "tile", None) or [()]
    arguments = tile[0][3] if len(tile[0]) > 3 else ""
    raw = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    raw = raw if isinstance(raw, str) else ""
    mode = image.mode
    if mode == "RGBA" and raw.startswith("LA;"):  # Pillow's way with grey and alpha of 16 bits
        mode = "LA"
    # Formats of 16 bits at most, which older Pillows read as 32.
    if mode == "I" and image.format in {"PNG", "PPM"}:
        mode = "I;16"
    return mode, raw


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    if "truncated" in text.lower():
        return "truncated"
    return f"damaged: {text or type(error).__name__}"

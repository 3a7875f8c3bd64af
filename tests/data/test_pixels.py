"""Modes of image files: what becomes of the values of each, and what is said of it."""

import io
import struct
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from sources.pictures import images_of, noise, opened

from harness.data.pixels import FORMATS, BadImageError, decode, read_header

ALPHA = "had an alpha channel, which was dropped"
PALETTE = "had a palette, which was turned into RGB"


def grey_and_alpha() -> Image.Image:
    return Image.merge("LA", [Image.fromarray(noise(0, 4, 5)), Image.fromarray(noise(1, 4, 5))])


def palette() -> Image.Image:
    image = Image.fromarray(noise(0, 4, 5) % 3)
    image.putpalette([200, 10, 20, 30, 40, 50, 60, 70, 80])
    return image


def from_palette() -> NDArray[np.uint8]:
    colours = np.array([[200, 10, 20], [30, 40, 50], [60, 70, 80]], np.uint8)
    return colours[noise(0, 4, 5) % 3]


def transparent_palette(one: bool) -> bytes:
    buffer = io.BytesIO()
    palette().save(buffer, "PNG", transparency=1 if one else bytes([0, 128, 255]))
    return buffer.getvalue()


def as_png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def deep_png(values: NDArray[np.uint16], colour: int) -> bytes:
    """A PNG of 16 bits a channel, which Pillow can read but not write in colour; uint16 (h, w, c)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


RGB = noise(0, 4, 5, 3)
DEEP = np.random.default_rng(0).integers(0, 1 << 16, (4, 5, 4), dtype=np.uint16)

CASES: dict[str, tuple[bytes, NDArray[np.uint8], tuple[str, ...]]] = {
    "L": (as_png(Image.fromarray(noise(0, 4, 5))), noise(0, 4, 5)[..., None], ()),
    "RGB": (as_png(Image.fromarray(RGB)), RGB, ()),
    "RGBA": (as_png(Image.fromarray(noise(0, 4, 5, 4))), noise(0, 4, 5, 4)[..., :3], (ALPHA,)),
    "LA": (as_png(grey_and_alpha()), noise(0, 4, 5)[..., None], (ALPHA,)),
    "1": (
        as_png(Image.fromarray(noise(0, 4, 5) > 99)),
        ((noise(0, 4, 5) > 99) * np.uint8(255))[..., None],
        ("were black and white (1 bit), read as 0 and 255",),
    ),
    "P": (as_png(palette()), from_palette(), (PALETTE,)),
    "P_one_transparent": (transparent_palette(True), from_palette(), (PALETTE, ALPHA)),
    "P_transparent": (transparent_palette(False), from_palette(), (PALETTE, ALPHA)),
    "16_bit_grey": (
        deep_png(DEEP[..., :1], 0),
        np.rint(DEEP[..., :1] / 257).astype(np.uint8),
        ("had 16 bits a pixel, which were rounded to 8",),
    ),
    "16_bit_rgb": (
        deep_png(DEEP[..., :3], 2),
        (DEEP[..., :3] >> 8).astype(np.uint8),
        ("had 16 bits a channel, of which the upper 8 were read",),
    ),
    "16_bit_grey_and_alpha": (
        deep_png(DEEP[..., :2], 4),
        (DEEP[..., :1] >> 8).astype(np.uint8),
        (ALPHA, "had 16 bits a channel, of which the upper 8 were read"),
    ),
}


@pytest.mark.parametrize(("data", "expected", "said"), CASES.values(), ids=CASES)
def test_a_mode_becomes_grey_or_rgb_and_what_is_lost_is_said(
    data: bytes, expected: NDArray[np.uint8], said: tuple[str, ...]
) -> None:
    header = read_header(io.BytesIO(data))
    assert (header.channels, header.height, header.width) == (expected.shape[2], 4, 5)
    assert header.said == said
    pixels = decode(data, header.channels)
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, expected)


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_16_bit_tiffs_of_either_byte_order_are_rounded(order: str) -> None:
    buffer = io.BytesIO()
    values = DEEP[..., 0].astype(order)
    mode = "I;16" if order == "<u2" else "I;16B"
    Image.frombytes(mode, (5, 4), values.tobytes()).save(buffer, "TIFF")
    assert np.array_equal(decode(buffer.getvalue(), 1)[..., 0], np.rint(values / 257))


@given(st.integers(0, (1 << 16) - 1))
def test_16_bits_are_rounded_to_the_nearest_of_256_values(value: int) -> None:
    image = deep_png(np.full((1, 1, 1), value, np.uint16), 0)
    assert decode(image, 1).item() == round(value / 257)


def test_cmyk_and_several_frames_are_said(tmp_path: Path) -> None:
    Image.fromarray(RGB).convert("CMYK").save(tmp_path / "a.jpg")
    frames = [Image.fromarray(noise(number, 4, 5)) for number in range(3)]
    frames[0].save(tmp_path / "b.gif", save_all=True, append_images=frames[1:])
    source = opened(tmp_path)
    title = f"folder {tmp_path.name}"
    assert f"{title}: 1 of 2 images were CMYK, converted to RGB without a colour profile" in source.notes
    assert f"{title}: 1 of 2 images had several frames, of which the first was read" in source.notes
    assert torch.equal(images_of(source)[1, 0], torch.from_numpy(noise(0, 4, 5)))


def test_all_images_are_called_all(tmp_path: Path) -> None:
    for number in range(3):
        Image.fromarray(noise(number, 4, 5, 4)).save(tmp_path / f"{number}.png")
    assert opened(tmp_path).notes == (f"folder {tmp_path.name}: all 3 images {ALPHA}",)


def test_orientation_is_not_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif)
    assert torch.equal(images_of(opened(tmp_path))[0], torch.from_numpy(RGB).movedim(-1, 0))


@pytest.mark.filterwarnings("ignore")  # as while a folder is scanned
@pytest.mark.parametrize("kind", FORMATS)
def test_spoilt_bytes_are_a_bad_image_or_pixels_and_nothing_else(kind: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(noise(0, 9, 7, 3)).save(buffer, kind)
    choice = np.random.default_rng(0)
    seen = Counter[str]()
    for _ in range(300):
        data = bytearray(buffer.getvalue())
        for place in choice.integers(0, min(len(data), choice.choice([60, 10_000])), choice.integers(1, 4)):
            data[place] = choice.integers(0, 256)
        spoilt = bytes(data[: choice.integers(len(data) // 2, len(data) + 1)])
        try:
            header = read_header(io.BytesIO(spoilt))
            if header.height * header.width < 10_000:
                assert decode(spoilt, header.channels).shape == (header.height, header.width, header.channels)
            seen["pixels"] += 1
        except BadImageError:
            seen["bad"] += 1
    assert seen["bad"] > 20

"""The sizes that convolutional networks climb and descend, from 4..7 pixels up to the image."""

from harness.errors import ConfigError
from harness.networks.pair import Shape

SMALLEST, LARGEST = 8, 64


def ladder(resolution: int) -> list[int]:
    """Sizes from the smallest feature map up to the image, e.g. 28 -> [7, 14, 28], 64 -> [4, 8, ..., 64]."""
    sizes = [resolution]
    while sizes[-1] > 7:
        sizes.append((sizes[-1] + 1) // 2)
    return sizes[::-1]


def refuse_all_but_squares(network: str, shape: Shape) -> None:
    """A ConfigError where `network` cannot draw images of `shape`, points among them."""
    _, height, width = shape
    if height != width or not SMALLEST <= height <= LARGEST:
        raise ConfigError(
            f"{network} draws square images of {SMALLEST} to {LARGEST} pixels, not {height} x {width}; "
            "choose another network or another resolution"
        )

"""What a generator drew, as one PNG of about 512 pixels: a grid of images, or points beside real ones."""

from io import BytesIO
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import pad

from harness.data import Dataset, Density
from harness.figures.style import BLUE, GREY, new_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDE = 512
DOTS_PER_INCH = 160
COLUMNS = 8
"""Images in a row of the grid."""

BINS = 80


def picture(samples: Tensor, dataset: Dataset) -> bytes:
    """A PNG of what a generator drew: uint8 images, a multiple of 8 of them, or points (n, 1, 1, dim)."""
    if dataset.density is None:
        return image_grid(samples)
    return point_cloud(samples.flatten(1), dataset.test.images[: len(samples)].flatten(1), dataset.density)


def image_grid(images: Tensor) -> bytes:
    """Images (n, channels, height, width), 8 in a row between white lines, enlarged without blur."""
    scale = max(1, SIDE // (COLUMNS * images.shape[-1]))
    framed = pad(images, (1, 0, 1, 0), value=255).unflatten(0, (-1, COLUMNS))
    grid = pad(framed.permute(2, 0, 3, 1, 4).flatten(3, 4).flatten(1, 2), (0, 1, 0, 1), value=255)
    pixels = grid.repeat_interleave(scale, 1).repeat_interleave(scale, 2).permute(1, 2, 0)
    encoded = BytesIO()
    Image.fromarray(pixels.squeeze(-1).numpy()).save(encoded, "PNG")
    return encoded.getvalue()


def point_cloud(generated: Tensor, real: Tensor, density: Density) -> bytes:
    """Points (n, dim) in the density's box: a histogram under the density in one dimension, generated over
    real points in two; of more dimensions the first two. The title says what share lies outside the box.
    """
    low, high = torch.tensor(density.low), torch.tensor(density.high)
    outside = int(((generated < low) | (generated > high)).any(1).sum())
    with style():
        figure = new_figure(SIDE / DOTS_PER_INCH, SIDE / DOTS_PER_INCH)
        axes = figure.add_subplot()
        axes.set_xlim(density.low[0], density.high[0])
        if density.dim == 1:
            _histogram(axes, generated[:, 0], real[:, 0], density)
        else:
            _scatter(axes, generated, real, density)
        seen = f", {outside / len(generated):.1%} outside" if outside else ""
        axes.set_title(f"generated{seen}", loc="left", color=BLUE)
        axes.set_title("real", loc="right", color=GREY)
        encoded = BytesIO()
        figure.savefig(encoded, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return encoded.getvalue()


def _histogram(axes: "Axes", generated: Tensor, real: Tensor, density: Density) -> None:
    bounds = (density.low[0], density.high[0])
    width = (bounds[1] - bounds[0]) / BINS
    if density.log_prob is None:
        counts, edges = torch.histogram(real.cpu(), BINS, range=bounds)
        heights = counts / (len(real) * width)
        axes.stairs(heights.numpy(), edges.numpy(), color=GREY, linewidth=2)
    else:
        x = torch.linspace(*bounds, 512, dtype=torch.float64)
        heights = density.log_prob(x[:, None]).exp()
        axes.plot(x.numpy(), heights.numpy(), color=GREY, linewidth=2)
    counts, edges = torch.histogram(generated.cpu(), BINS, range=bounds)
    axes.stairs((counts / (len(generated) * width)).numpy(), edges.numpy(), color=BLUE, fill=True, alpha=0.5)
    # A collapsed generator is as high as the page, and the density beside it still has a shape.
    axes.set_ylim(0, 1.6 * float(heights.max()))
    axes.set_xlabel("x")
    axes.set_ylabel("density")


def _scatter(axes: "Axes", generated: Tensor, real: Tensor, density: Density) -> None:
    for points, color, size in ((real, GREY, 8), (generated, BLUE, 3)):
        axes.scatter(points[:, 0].numpy(), points[:, 1].numpy(), s=size, color=color, alpha=0.5, linewidths=0)
    axes.set_ylim(density.low[1], density.high[1])
    axes.set_aspect("equal")
    axes.set_xlabel("first coordinate")
    axes.set_ylabel("second coordinate")

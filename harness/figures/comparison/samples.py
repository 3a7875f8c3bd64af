"""What the variants draw from the same latents, side by side."""

from collections import Counter
from collections.abc import Sequence
from math import ceil, isqrt
from typing import TYPE_CHECKING

from harness.columns import Column
from harness.figures import style
from harness.figures.comparison.outcomes import fingerprints, things, value_of
from harness.figures.drawing import Drawing, NothingToDrawError
from harness.figures.ticks import short
from harness.runs import Run, by_variant

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

FID = Column("fid", "FID", "lower")

MOST, COLUMNS = 16, 4

WHOLE, CORNER = 6, 4
"""Up to so many variants as much as may be of a grid is shown; of more a corner, or nobody saw an image."""

BYTES = 330_000
"""Of all pictures as raw pixels; a file of them is about half as large. Where whole grids were more, fewer
images of each are shown, but 2 × 2 at least."""

IN_A_ROW, SIDE = 8, 512
"""Images in a row of a grid, and about how many pixels it is wide: as `harness.pictures` makes it."""

LINE, GAP = 0.18, 0.12
"""Inches of a line of words, and between two pictures."""


def samples(runs: Sequence[Run], column: Column = FID) -> Drawing:
    """The last pictures of up to 16 variants from one seed, each with that seed's own value where it has one.

    The seed is the lowest of those that most variants have: whatever the variant, one seed draws from the
    same latents. NothingToDrawError where no finished run left a picture.
    """
    drawn = {
        variant: {run.seed: run for run in reversed(group) if run.pictures and run.finished}
        for variant, group in by_variant(runs).items()
    }
    counts = Counter(seed for by_seed in drawn.values() for seed in by_seed)
    if not counts:
        raise NothingToDrawError("no finished run left a picture")
    seed = min(counts, key=lambda seed: (-counts[seed], seed))
    having = [by_seed[seed] for by_seed in drawn.values() if seed in by_seed]
    chosen = having[:MOST]
    # Values of different protocols do not stand beside one another.
    one = len(fingerprints(chosen)) == 1
    values = [value_of(run, column.key) if one else None for run in chosen]
    texts = ["" if value is None else f"{column.title} {short(value)}" for value in values]
    points = things(chosen) == "points"
    pictures = [(_points if points else _images)(run, len(chosen)) for run in chosen]
    shown = "the last picture" if points else "the first images of the last picture"
    said = f"From the same latents of seed {seed}: {shown} of each run."
    if any(texts):
        said += f" {column.title} is of this seed alone."
    for reason, variants in (
        ("Without a picture of this seed", [name for name, by_seed in drawn.items() if seed not in by_seed]),
        ("Not shown, for want of room", [run.variant for run in having[MOST:]]),
    ):
        said += f" {reason}: {', '.join(variants)}." if variants else ""
    figure = _side_by_side(pictures, [run.variant for run in chosen], texts)
    return Drawing(figure, "What the variants draw", said)


def _side_by_side(pictures: "Sequence[Pixels]", names: Sequence[str], texts: Sequence[str]) -> "Figure":
    columns = COLUMNS if len(pictures) > WHOLE else {1: 1, 2: 2, 4: 2}.get(len(pictures), 3)
    side = min(style.COLUMN / columns, 3.0) - GAP
    tall = max(picture.shape[0] / picture.shape[1] for picture in pictures) * side
    words = LINE * (2 if any(texts) else 1) + 0.04
    width, pitch = columns * (side + GAP), words + tall + GAP
    height = pitch * ceil(len(pictures) / columns)
    figure = style.plain_figure(height, width)
    fitting = style.fitted(names, side)
    for index, (picture, name, text) in enumerate(zip(pictures, fitting, texts, strict=True)):
        row, column = divmod(index, columns)
        left, upper = GAP / 2 + column * (side + GAP), height - GAP / 4 - row * pitch
        axes = figure.add_subplot()
        style.place(axes, left, upper - words - tall, left + side, upper - words)
        axes.set_axis_off()
        axes.set_anchor("NW")
        # Raw pixels: a page enlarges them without blur, and they weigh little.
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="none")
        for line, (content, color) in enumerate(((name, style.BLACK), (text, style.GREY))):
            at = (left / width, (upper - LINE * line) / height)
            figure.text(*at, style.words(content), va="top", color=color)
    return figure


def _images(run: Run, among: int) -> "Pixels":
    """The first images of its last grid, a pixel for each of theirs, (height, width) or (height, width, 3).
    What is no grid stays as it is."""
    pixels = _read(run, 1)
    found = _grid(pixels)
    if found is None:
        return pixels
    scale, side = found
    affordable = isqrt(BYTES // (among * side**2 * (pixels.size // (pixels.shape[0] * pixels.shape[1]))))
    corner = max(2, min(affordable, IN_A_ROW if among <= WHOLE else CORNER))
    return pixels[::scale, ::scale][: corner * side + 1, : corner * side + 1]


def _points(run: Run, among: int) -> "Pixels":
    """Its last picture of points, which has axes and is never cut: half as large where it is shown small."""
    return _read(run, 1 if among <= WHOLE else 2)


def _read(run: Run, smaller: int) -> "Pixels":
    import numpy as np
    from PIL import Image

    with Image.open(run.pictures[max(run.pictures)]) as image:
        plain = image if image.mode in {"L", "RGB"} else image.convert("RGB")
        pixels: Pixels = np.asarray(plain.reduce(smaller) if smaller > 1 else plain)
        return pixels


def _grid(pixels: "Pixels") -> tuple[int, int] | None:
    """How often each pixel of a grid was repeated, and the side of an image with its line: what
    `harness.pictures.image_grid` does, backwards. None if these pixels are no such grid."""
    import numpy as np

    width = pixels.shape[1]
    for size in range(1, width // IN_A_ROW):
        scale = max(1, SIDE // (IN_A_ROW * size))
        if scale * (IN_A_ROW * (size + 1) + 1) == width and pixels.shape[0] % scale == 0:
            small = pixels[::scale, ::scale]
            if np.array_equal(small.repeat(scale, 0).repeat(scale, 1), pixels):
                return scale, size + 1
    return None

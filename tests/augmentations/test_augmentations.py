"""Augmentations: what every one of them is, and DiffAugment beside the formulas of its paper's code."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import pad

from harness.augmentations import AUGMENTATIONS, mirrored

SHAPES = [(1, 8, 8), (3, 9, 12), (2, 28, 28)]
IDENTITY: dict[str, dict[str, float]] = {
    "translation": {"ratio": 0},
    "cutout": {"ratio": 0},
    "color": {"brightness": 0, "saturation": 0, "contrast": 0},
}

every_entry = pytest.mark.parametrize("name", list(AUGMENTATIONS))
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def draw(count: int, shape: tuple[int, int, int]) -> Tensor:
    return torch.rand(count, *shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def augmented(name: str, images: Tensor, seed: int = 0, **options: Any) -> Tensor:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return AUGMENTATIONS[name](**options)(images)


@every_entry
@every_shape
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_shape_and_type_stay(name: str, shape: tuple[int, int, int], dtype: torch.dtype) -> None:
    images = draw(5, shape).to(dtype)
    done = augmented(name, images)
    assert done.shape == images.shape
    assert done.dtype == dtype
    assert done.isfinite().all()
    assert not torch.equal(done, images)


@every_entry
@every_shape
def test_the_generator_gets_the_derivative_of_what_was_done(name: str, shape: tuple[int, int, int]) -> None:
    images = draw(3, shape).double().requires_grad_()
    weights = draw(3, shape).double()
    (gradient,) = torch.autograd.grad((augmented(name, images) * weights).sum(), images)
    step = torch.randn(images.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    # All of them are affine in the images, so a difference is a derivative.
    with torch.no_grad():
        change = ((augmented(name, images + step) - augmented(name, images)) * weights).sum()
    assert float((gradient * step).sum()) == pytest.approx(float(change), rel=1e-9)
    assert gradient.abs().max() > 0


@every_entry
def test_of_no_strength_it_is_the_identity(name: str) -> None:
    images = draw(6, (3, 8, 8))
    assert torch.allclose(augmented(name, images, **IDENTITY[name]), images, atol=1e-6)


@every_entry
def test_a_seed_gives_the_same_again_and_another_does_not(name: str) -> None:
    images = draw(8, (3, 8, 8))
    assert torch.equal(augmented(name, images), augmented(name, images))
    assert not torch.equal(augmented(name, images), augmented(name, images, seed=1))


@every_entry
def test_every_image_gets_parameters_of_its_own(name: str) -> None:
    images = draw(1, (3, 16, 16)).expand(32, -1, -1, -1)
    done = augmented(name, images)
    assert len(torch.unique(done, dim=0)) > 16


@every_entry
@every_shape
@pytest.mark.parametrize("seed", range(3))
def test_equal_to_the_published_formulas_with_the_same_draws(
    name: str, shape: tuple[int, int, int], seed: int
) -> None:
    images = draw(16, shape)
    torch.manual_seed(seed)
    assert torch.allclose(augmented(name, images, seed), PUBLISHED[name](images), atol=1e-6)


def published_color(x: Tensor) -> Tensor:
    """b in [-.5, .5), then saturation in [0, 2), then contrast in [.5, 1.5)."""
    each = (len(x), 1, 1, 1)
    x = x + (torch.rand(each) - 0.5)
    x = (x - x.mean(1, keepdim=True)) * (torch.rand(each) * 2) + x.mean(1, keepdim=True)
    mean = x.mean([1, 2, 3], keepdim=True)
    return (x - mean) * (torch.rand(each) + 0.5) + mean


def published_translation(x: Tensor) -> Tensor:
    """One image at a time: a window of an image with a wide frame of zeros."""
    height, width = x.shape[2:]
    most = int(height * 0.125 + 0.5), int(width * 0.125 + 0.5)
    down, right = (torch.randint(-far, far + 1, (len(x),)).tolist() for far in most)
    frame = pad(x, (width, width, height, height))
    windows = [
        frame[i, :, height + down[i] : 2 * height + down[i], width + right[i] : 2 * width + right[i]]
        for i in range(len(x))
    ]
    return torch.stack(windows)


def published_cutout(x: Tensor) -> Tensor:
    """One image at a time: the rectangle around a centre, as much of it as is inside."""
    sizes = x.shape[2:]
    cuts = [int(size * 0.5 + 0.5) for size in sizes]
    centres = [
        torch.randint(0, size + (1 - cut % 2), (len(x),)).tolist()
        for size, cut in zip(sizes, cuts, strict=True)
    ]
    x = x.clone()
    for i in range(len(x)):
        (top, bottom), (left, right) = (
            (max(0, at[i] - cut // 2), at[i] - cut // 2 + cut) for at, cut in zip(centres, cuts, strict=True)
        )
        x[i, :, top:bottom, left:right] = 0
    return x


PUBLISHED: dict[str, Callable[[Tensor], Tensor]] = {
    "color": published_color,
    "translation": published_translation,
    "cutout": published_cutout,
}


def test_translation_moves_by_whole_pixels_each_as_often_as_any_other() -> None:
    images = torch.zeros(20_000, 1, 8, 8)
    images[:, 0, 4, 3] = 1
    moved = augmented("translation", images, ratio=0.25)
    counts = moved.sum((0, 1))
    reached = counts[2:7, 1:6]  # up to 2 pixels each way
    assert counts.sum() == reached.sum() == 20_000
    expected = 20_000 / 25
    assert float(((reached - expected) ** 2 / expected).sum()) < 52  # chi-squared, 24 degrees, 99.9 %


def test_translation_lets_zeros_in() -> None:
    moved = augmented("translation", torch.ones(2000, 1, 8, 8), ratio=1)
    assert set(moved.unique().tolist()) == {0, 1}
    assert int(moved.sum((1, 2, 3)).min()) == 0  # a whole side away nothing of it is left


@pytest.mark.parametrize(("size", "ratio", "length"), [(8, 0.5, 4), (28, 0.5, 14), (9, 0.5, 5), (8, 0.2, 2)])
def test_cutout_is_one_rectangle_whole_or_at_an_edge(size: int, ratio: float, length: int) -> None:
    done = augmented("cutout", torch.ones(4000, 3, size, size), ratio=ratio)
    assert torch.equal(done[:, 0], done[:, 1])
    hole = done[:, 0] == 0
    heights, widths = hole.any(2).sum(1), hole.any(1).sum(1)
    assert torch.equal(hole.sum((1, 2)), heights * widths)
    assert int(heights.max()) == int(widths.max()) == length
    inside = (size - length + 1) / (size + 1 - length % 2)  # of the places of its centre
    for lengths in (heights, widths):
        assert float((lengths == length).double().mean()) == pytest.approx(inside, abs=0.03)


def test_color_changes_no_mean_on_average_and_keeps_the_grey_of_grey_images() -> None:
    images = draw(1, (3, 8, 8)).expand(20_000, -1, -1, -1)
    shift = augmented("color", images).mean((1, 2, 3)) - images.mean((1, 2, 3))
    # U(-.5, .5) has a standard deviation of 1/sqrt(12); neither of the other two moves the mean of an image.
    assert float(shift.mean()) == pytest.approx(0, abs=4 / (12 * 20_000) ** 0.5)
    assert float(shift.std()) == pytest.approx(12**-0.5, rel=0.02)
    assert float(shift.abs().max()) <= 0.5 + 1e-5


def test_saturation_spreads_colours_and_does_nothing_to_one_channel() -> None:
    only = {"brightness": 0.0, "saturation": 1.0, "contrast": 0.0}
    grey = draw(50, (1, 8, 8))
    assert torch.allclose(augmented("color", grey, **only), grey, atol=1e-6)
    colourful = draw(1, (3, 8, 8)).expand(4000, -1, -1, -1)
    done = augmented("color", colourful, **only)
    factors = (done - done.mean(1, keepdim=True)).std((1, 2, 3)) / (
        colourful - colourful.mean(1, keepdim=True)
    ).std((1, 2, 3))
    assert float(factors.min()) < 0.02
    assert float(factors.max()) == pytest.approx(2, abs=0.02)
    assert torch.allclose(done.mean(1), colourful.mean(1), atol=1e-5)


def test_about_half_of_the_real_images_are_mirrored_and_the_others_left_alone() -> None:
    torch.manual_seed(0)
    images = draw(1, (3, 4, 6)).expand(4000, -1, -1, -1)
    done = mirrored(images)
    flipped = (done == images.flip(-1)).flatten(1).all(1)
    kept = (done == images).flatten(1).all(1)
    assert torch.equal(flipped, ~kept)
    assert float(flipped.double().mean()) == pytest.approx(0.5, abs=0.03)

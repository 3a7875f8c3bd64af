"""Points of a known density in place of images: V, D* and C(G) of a GAN on them can be computed exactly.

A point is an image of one row, of shape (1, 1, dim): real numbers on no grid, neither scaled to [-1, 1] nor
rounded. A data set is a function of its options alone; its labels are the nearest mode.
"""

from math import cos, pi, sin
from pathlib import Path
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from harness.data.dataset import Dataset, Split
from harness.data.density import Density, gaussian_mixture
from harness.errors import ConfigError
from harness.seeding import generator

HELD_OUT = 10_000
"""Points of the validation split, and of the test split."""

Count = Annotated[int, Field(ge=1, le=10_000_000, description="points of the training split")]
Spread = Annotated[float, Field(gt=0, description="standard deviation along each axis")]
Centre = Annotated[tuple[float, ...], Field(min_length=1, max_length=64)]


def gaussian_1d(
    data_root: Path, *, mean: float = 0.0, sigma: Spread = 1.0, num_train: Count = 50_000
) -> Dataset:
    """One Gaussian on the line: the smallest case there is (Goodfellow et al. 2014, figure 1)."""
    return points("gaussian_1d", gaussian_mixture([[mean]], [sigma], [1]), num_train)


def ring(
    data_root: Path,
    *,
    modes: Annotated[int, Field(ge=1, le=1000)] = 8,
    radius: Annotated[float, Field(ge=0)] = 2.0,
    sigma: Spread = 0.1,
    num_train: Count = 50_000,
) -> Dataset:
    """Gaussians on a circle in the plane, the test for lost modes (Metz et al. 2017, §3.3.1).

    The defaults keep neighbouring modes apart by 15 sigma and their density smooth enough for a plot.
    Metz et al. have sigma 0.02, PacGAN (Lin et al. 2018, §4.1) radius 1, sigma 0.01 and 100,000 points.
    """
    angles = [2 * pi * mode / modes for mode in range(modes)]
    means = [[radius * cos(angle), radius * sin(angle)] for angle in angles]
    return points("ring", gaussian_mixture(means, [sigma] * modes, [1] * modes), num_train)


def grid(
    data_root: Path,
    *,
    side: Annotated[int, Field(ge=1, le=50)] = 5,
    spacing: Spread = 2.0,
    sigma: Spread = 0.05,
    num_train: Count = 50_000,
) -> Dataset:
    """side × side Gaussians on a square grid around 0 in the plane (Lin et al. 2018, §4.1).

    25 of them by default, at {-4, -2, 0, 2, 4}²; PacGAN has 100,000 points.
    """
    axis = [(step - (side - 1) / 2) * spacing for step in range(side)]
    means = [[x, y] for x in axis for y in axis]
    return points("grid", gaussian_mixture(means, [sigma] * len(means), [1] * len(means)), num_train)


def two_lines(data_root: Path, *, num_train: Count = 50_000) -> Dataset:
    """(0, u) with u uniform in [0, 1]: the line in the plane that a parallel one is to move to.

    Arjovsky et al. 2017, example 1: JSD is log 2 for a generator on the line (θ, u) at any θ but 0, and the
    Wasserstein distance |θ|. `affine` with a uniform latent is that generator. A line has no density.
    """

    def sample(count: int, source: torch.Generator) -> Tensor:
        along = torch.rand(count, 1, generator=source, device=source.device, dtype=torch.float64)
        return torch.cat((torch.zeros_like(along), along), 1)

    # Wider than the line, which has no width: there must be room beside it for the other one, and for noise.
    density = Density(dim=2, sample=sample, log_prob=None, low=(-1.5, -1.0), high=(1.5, 2.0))
    return points("two_lines", density, num_train)


def mixture(
    data_root: Path,
    *,
    means: Annotated[tuple[Centre, ...], Field(min_length=1, max_length=1000)] = ((-2.0,), (2.0,)),
    sigmas: Spread | tuple[Spread, ...] = 1.0,
    weights: tuple[Annotated[float, Field(ge=0)], ...] | None = None,
    num_train: Count = 50_000,
) -> Dataset:
    """Any mixture of round Gaussians, up to 64 dimensions.

    `means`: one point a mode; `sigmas`: of all modes, or one a mode; `weights`: one a mode, divided by their
    sum, null for equal ones.
    """
    spreads = (sigmas,) * len(means) if isinstance(sigmas, float | int) else sigmas
    shares = (1.0,) * len(means) if weights is None else weights
    if not len(means) == len(spreads) == len(shares):
        raise ConfigError(
            f"dataset mixture has {len(means)} means, {len(spreads)} sigmas and {len(shares)} weights:"
            " give one of each for every mode"
        )
    if len({len(mean) for mean in means}) > 1:
        raise ConfigError("dataset mixture has means of different dimensions: give all as many coordinates")
    if sum(shares) == 0:
        raise ConfigError("dataset mixture has no weight above 0: give at least one mode some")
    return points("mixture", gaussian_mixture(means, spreads, shares), num_train)


def points(name: str, density: Density, num_train: int) -> Dataset:
    """A data set drawn from `density`, the same at every call: num_train, 10,000 and 10,000 points."""

    def split(part: str, count: int) -> Split:
        # float64, rounded below: that hides in what mathematics libraries differ, so one digest everywhere.
        drawn = density.sample(count, generator(0, f"points/{part}"))
        labels = torch.zeros(count, dtype=torch.int64)
        if density.modes is not None:
            labels = torch.cdist(drawn, density.modes).argmin(1)
        return Split(drawn.float().view(count, 1, 1, density.dim), labels)

    count = 1 if density.modes is None else len(density.modes)
    return Dataset(
        name=name,
        train=split("train", num_train),
        validation=split("validation", HELD_OUT),
        test=split("test", HELD_OUT),
        classes=tuple(f"mode {mode}" for mode in range(count)),
        source=f"harness.data.toy.{name}",
        levels=None,
        density=density,
    )

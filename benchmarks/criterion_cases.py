"""Pairs of distributions whose JSD is known, with the true log ratio at every sample that is drawn of them.

Of images nobody knows a density. But where classes are dropped, or a share is replaced by noise, the supports
are parts of each other, and the ratio is a constant on each part: the truth is exact on real images, too.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import cos, inf, log, pi, sin, sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import logsumexp
from scipy.stats import chi

from harness.data.mnist import mnist
from harness.divergences import grid, js_divergence, quadrature
from harness.seeding import derive

Array = NDArray[np.float64]
Sides = tuple[Array, Array]

DATA = Path(os.environ.get("HARNESS_DATA", Path(__file__).parents[2] / "shared" / "data"))
LOG_2 = log(2)


@dataclass(frozen=True)
class Draw:
    """real and fake (n, ...); at each side (n,): the true log p/q, and the logit of a D that is optimal for
    another generator (as one is that was trained some steps ago)."""

    real: NDArray[np.generic]
    fake: NDArray[np.generic]
    ratio: Sides
    stale: Sides | None = None


@dataclass(frozen=True)
class Case:
    """truth: JSD in nats. tolerance: of the estimate's mean error; without one it is only reported."""

    name: str
    truth: float
    tolerance: float | None
    sample: Callable[[int, np.random.Generator], Draw]

    @property
    def compared(self) -> bool:
        """With the alternatives, too: where they have a chance."""
        return not self.name.startswith("784-d")

    def draw(self, number: int, n: int) -> Draw:
        """Draw `number` of n samples a side: the same whenever it is asked for."""
        return self.sample(n, np.random.default_rng(derive(number, f"benchmark/{self.name}")))


def cases() -> dict[str, Case]:
    """By name, in the order of the table. Images are among them where they are on the disk."""
    shifts = (0, 0.5, 1, 2, 3, 4)
    found = [
        *(
            gaussians(f"{d}-d shift {shift}", d, shift=shift, tolerance=0.004)
            for d in (1, 2)
            for shift in shifts
        ),
        *(ring(f"ring, {8 - kept} of 8 missing", kept=kept) for kept in (8, 7, 6, 4, 2)),
        ring("ring, wider", sigma=0.15),
        *(gaussians(f"64-d shift {shift}", 64, shift=shift, tolerance=0.005) for shift in (0, 1, 2)),
        gaussians("64-d scale", 64, scale=scale_of(64, 0.1269), tolerance=0.005),
        *(gaussians(f"784-d shift {shift}", 784, shift=shift) for shift in (0, 1, 2)),
        gaussians("784-d scale", 784, scale=scale_of(784, 0.1468)),
        gaussians("3-d far apart", 3, shift=50 * sqrt(3), tolerance=0.01),
    ]
    if (DATA / "MNIST" / "raw").is_dir():
        found += [
            images("MNIST halves"),
            *(images(f"MNIST {dropped} of 10 dropped", dropped=dropped) for dropped in (1, 2, 5)),
            *(images(f"MNIST {noise:.0%} noise", noise=noise) for noise in (0.05, 0.1, 0.25, 0.5, 1.0)),
        ]
    return {case.name: case for case in found}


def gaussians(
    name: str, d: int, *, shift: float = 0.0, scale: float = 1.0, tolerance: float | None = None
) -> Case:
    """N(0, I) against N(m, scale² I), |m| = shift along the diagonal; stale is the D* of one further off."""

    def ratio(x: Array, shift: float, scale: float) -> Array:
        away = x - shift / sqrt(d)
        return d * log(scale) + ((away / scale) ** 2).sum(1) / 2 - (x**2).sum(1) / 2

    def sample(n: int, random: np.random.Generator) -> Draw:
        x, y = random.normal(size=(n, d)), shift / sqrt(d) + scale * random.normal(size=(n, d))
        before = (shift + 1, 1.0) if scale == 1 else (shift, 2 * scale - 1)
        return Draw(x, y, both(ratio, x, y, shift, scale), both(ratio, x, y, *before))

    truth = LOG_2 if shift > 20 else shift_jsd(shift) if scale == 1 else scale_jsd(d, scale)
    return Case(name, truth, tolerance, sample)


def ring(name: str, *, kept: int = 8, sigma: float = 0.1) -> Case:
    """8 modes (sigma .1) on a circle of radius 2 against `kept` of them; stale: D* of all at sigma .2."""
    centres = 2 * np.array([[cos(i * pi / 4), sin(i * pi / 4)] for i in range(8)])

    def log_density(x: Array, kept: int, sigma: float) -> Array:
        squares = ((x[:, None] - centres[:kept]) ** 2).sum(2)
        return logsumexp(-squares / (2 * sigma**2), axis=1) - log(kept * sigma**2)

    def ratio(x: Array, kept: int, sigma: float) -> Array:
        return log_density(x, 8, 0.1) - log_density(x, kept, sigma)

    def sample(n: int, random: np.random.Generator) -> Draw:
        x, y = (
            centres[random.integers(modes, size=n)] + width * random.normal(size=(n, 2))
            for modes, width in ((8, 0.1), (kept, sigma))
        )
        return Draw(x, y, both(ratio, x, y, kept, sigma), both(ratio, x, y, 8, 0.2))

    # Modes lie 10 sigma and more apart: their shares and their widths are all that matters.
    return Case(name, part_jsd(kept / 8) if sigma == 0.1 else scale_jsd(2, sigma / 0.1), 0.004, sample)


def images(name: str, *, dropped: int = 0, noise: float = 0.0) -> Case:
    """MNIST against other images of it, without the last classes, or with noise for a share of them.

    Classes have their exact shares on both sides: no luck of the draw parts an estimate from the truth.
    """
    shares = np.bincount(mnist_train()[1], minlength=10) / len(mnist_train()[1])
    kept = np.where(np.arange(10) < 10 - dropped, shares, 0)
    mass = min(float(kept.sum()), 1.0)

    def sample(n: int, random: np.random.Generator) -> Draw:
        pool, labels = mnist_train()
        replaced = round(noise * n)
        counts = apportioned(n, shares), apportioned(n - replaced, kept / mass)
        x, y = [], []
        for digit, (of_x, of_y) in enumerate(zip(*counts, strict=True)):
            rows = random.permutation(np.flatnonzero(labels == digit))
            if of_x + of_y > len(rows):
                raise SystemExit(f"{name}: MNIST has too few images for {n} a side; --n 10000 fits")
            x.append(rows[:of_x])
            y.append(rows[of_x : of_x + of_y])
        at_x, at_y = np.concatenate(x), np.concatenate(y)
        static = random.integers(0, 256, (replaced, *pool.shape[1:]), dtype=np.uint8)
        # q is (1 - noise) / mass times p where both are, so this is log p/q there.
        common = log(mass) - log(1 - noise) if noise < 1 else inf
        ratio_x = np.where(kept[labels[at_x]] > 0, common, inf)
        ratio_y = np.r_[np.full(n - replaced, common), np.full(replaced, -inf)]
        return Draw(pool[at_x], np.concatenate([pool[at_y], static]), (ratio_x, ratio_y))

    return Case(name, part_jsd(mass * (1 - noise)), 0.01, sample)


def both(ratio: Callable[..., Array], x: Array, y: Array, *parameters: float) -> Sides:
    return ratio(x, *parameters), ratio(y, *parameters)


def part_jsd(share: float) -> float:
    """JSD of a distribution and its restriction to a part that has `share` of its mass."""
    return js_divergence((share, 1 - share), (1, 0)) if share else LOG_2


def shift_jsd(shift: float) -> float:
    """JSD of unit Gaussians whose means are `shift` apart, in any dimension."""
    return quadrature.js_divergence(
        lambda x: -(x[:, 0] ** 2) / 2 - log(2 * pi) / 2,
        lambda x: -((x[:, 0] - shift) ** 2) / 2 - log(2 * pi) / 2,
        grid([-12, 12 + shift]),
    )


@cache
def scale_jsd(d: int, scale: float) -> float:
    """JSD of N(0, I) and N(0, scale² I) in d dimensions: that of |x|, on which alone p/q depends."""
    return quadrature.js_divergence(
        lambda r: chi.logpdf(r[:, 0], d),
        lambda r: chi.logpdf(r[:, 0] / scale, d) - log(scale),
        grid([0, scale * (sqrt(d) + 12)], panels=256),
    )


def scale_of(d: int, jsd: float) -> float:
    """The scale above 1 that has this JSD."""
    return float(brentq(lambda scale: scale_jsd(d, scale) - jsd, 1.001, 2))


def apportioned(n: int, shares: Array) -> NDArray[np.int64]:
    """n in whole parts as near to the shares as can be: the largest remainders are rounded up."""
    parts = np.floor(n * shares).astype(np.int64)
    parts[np.argsort(parts - n * shares)[: n - parts.sum()]] += 1
    return parts


@cache
def mnist_train() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The 60,000 training images (n, 1, 28, 28) and labels (n,)."""
    found = mnist(DATA)
    return (
        np.concatenate([found.train.images.numpy(), found.validation.images.numpy()]),
        np.concatenate([found.train.labels.numpy(), found.validation.labels.numpy()]),
    )

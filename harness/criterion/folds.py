"""Cross-fitting: every sample is judged by a discriminator that never saw it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.criterion.samples import Singles

Doubles = NDArray[np.float64]
Rows = NDArray[np.intp]

FOLDS = 5
VALIDATION = 0.15
"""Share of what a fold does not judge that stops, chooses, calibrates and stacks; the rest fits."""

REACH = 10.0
"""Standardised inputs are clipped here: a pixel lit once in training is no reason for an input of 100."""


@dataclass(frozen=True)
class Part:
    """x: float32 (n, width); y: 1.0 where the sample is real, 0.0 where it is generated (n,)."""

    x: Singles
    y: Doubles

    def __len__(self) -> int:
        return len(self.y)

    def side(self, label: int) -> Doubles:
        """The real samples (label 1) or the generated ones (0), in float64 for sums over them."""
        samples: Doubles = self.x[self.y == label].astype(np.float64)
        return samples


@dataclass(frozen=True)
class Logits:
    """log D/(1 - D) of one probe at the validation and the test samples of a fold, float64 (n,)."""

    validation: Doubles
    test: Doubles


@dataclass(frozen=True)
class Fold:
    """`train` fits, `validation` chooses, `test` is judged. `shape` is that of one sample."""

    train: Part
    validation: Part
    test: Part
    shape: tuple[int, ...]

    @property
    def width(self) -> int:
        return int(self.train.x.shape[1])

    def at(self, logit: Callable[[Singles], Doubles]) -> Logits:
        """What a fitted logit says of the samples that did not fit it."""
        return Logits(logit(self.validation.x), logit(self.test.x))

    @cached_property
    def standardised(self) -> "Fold":
        """Every column shifted and stretched by the training part, and clipped at REACH."""
        mean, std = self.train.x.mean(0, dtype=np.float64), self.train.x.std(0, dtype=np.float64)
        std = np.where(std > 1e-4, std, 1.0)
        shift, stretch = mean.astype(np.float32), (1 / std).astype(np.float32)
        return self._mapped(lambda x: np.clip((x - shift) * stretch, -REACH, REACH))

    @cached_property
    def components(self) -> "Fold":
        """The principal components of the training part, both sides pooled, most variance first, whitened."""
        mean = self.train.x.mean(0, dtype=np.float64).astype(np.float32)
        centred = self.train.x - mean
        variance, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64) / len(centred))
        order = np.argsort(variance)[::-1]
        order = order[variance[order] > 1e-6 * max(variance[order[0]], 1e-12)]
        turn = (directions[:, order] / np.sqrt(variance[order])).astype(np.float32)
        return self._mapped(lambda x: np.clip((x - mean) @ turn, -REACH, REACH))

    def leading(self, count: int) -> "Fold":
        """The first `count` components, or all where there are fewer."""
        return self.components._mapped(lambda x: np.ascontiguousarray(x[:, :count]))

    def halved(self) -> "Fold":
        """The same fold with every other training sample: what the learning curve needs."""
        rows = np.concatenate([np.flatnonzero(self.train.y == label)[::2] for label in (1, 0)])
        return Fold(Part(self.train.x[rows], self.train.y[rows]), self.validation, self.test, self.shape)

    def _mapped(self, function: Callable[[Singles], Singles]) -> "Fold":
        train, validation, test = (
            Part(function(part.x), part.y) for part in (self.train, self.validation, self.test)
        )
        return Fold(train, validation, test, train.x.shape[1:])


def folds(x: Singles, y: Singles, shape: tuple[int, ...]) -> Iterator[Fold]:
    """FOLDS folds of n real samples and n generated ones (n, width), which come in random order."""
    number = np.arange(len(x)) % FOLDS
    for fold in range(FOLDS):
        rest = np.flatnonzero(number != fold)
        watched = max(8, round(VALIDATION * len(rest)))
        yield Fold(
            _part(x, y, rest[watched:]),
            _part(x, y, rest[:watched]),
            _part(x, y, np.flatnonzero(number == fold)),
            shape,
        )


def _part(x: Singles, y: Singles, rows: Rows) -> Part:
    return Part(np.concatenate([x[rows], y[rows]]), np.repeat([1.0, 0.0], len(rows)))

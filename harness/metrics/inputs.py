"""What every metric is computed from, and what it gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sample:
    """One set of images after one pass through the extractor.

    images: uint8 (n, channels, height, width), or points, float32 (n, 1, 1, dim);
    features: float32 (n, width); logits: float32 (n, classes), or None where the extractor does not classify.
    """

    images: Tensor
    features: Tensor
    logits: Tensor | None

    def __len__(self) -> int:
        return len(self.images)

    def first(self, count: int) -> "Sample":
        """The first `count` images, or all where there are fewer."""
        return self._part(slice(count))

    def after(self, count: int) -> "Sample":
        """All but the first `count` images."""
        return self._part(slice(count, None))

    def followed_by(self, other: "Sample") -> "Sample":
        """These images, then those of `other`."""
        logits = None
        if self.logits is not None and other.logits is not None:
            logits = torch.cat((self.logits, other.logits))
        images = torch.cat((self.images, other.images))
        return Sample(images, torch.cat((self.features, other.features)), logits)

    def _part(self, rows: slice) -> "Sample":
        logits = None if self.logits is None else self.logits[rows]
        return Sample(self.images[rows], self.features[rows], logits)


@dataclass(frozen=True)
class MetricInputs:
    """`reference`: real images the protocol compares with; `validation` and `test`: real images the generator
    never saw, apart for a metric that chooses something on the one and measures on the other; `test` is None
    while a search runs on the validation split. `fake`: what is judged. `seed` drives every random choice
    inside a metric; `most` is how many reference images the metrics of pairwise distances use, whose cost is
    quadratic in them. `log_density`: where the data are points of a known density, its logarithm in nats,
    (n, dim) -> float64 (n,)."""

    reference: Sample
    validation: Sample
    fake: Sample
    test: Sample | None = None
    seed: int = 0
    device: str = "cpu"
    most: int = 10_000
    log_density: Callable[[Tensor], Tensor] | None = None

    @property
    def held_out(self) -> Sample:
        """All real images that the generator never saw."""
        return self.validation if self.test is None else self.validation.followed_by(self.test)

    @property
    def neighbourhood(self) -> Sample:
        """The reference images that metrics of pairwise distances use."""
        return self.reference.first(self.most)


@dataclass(frozen=True)
class Column:
    """One value that a metric gives: its key (`eval/<key>`), its title in tables, and which way is better."""

    key: str
    title: str
    better: Literal["lower", "higher"]


@dataclass(frozen=True)
class Values:
    """What one metric gave. Keys are those of its columns, plus `<key>_low`, `<key>_high` or `<key>_se` where
    the metric knows its own uncertainty. A note says what a reader must know before trusting a value."""

    values: Mapping[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metric:
    """A metric ready to compute. A table's entry is a function whose keyword-only parameters are its options
    and which returns this.

    `control`: the real images that stand in the place of generated ones for its floor. A metric that measures
    on the test split itself needs train images there, or it would compare the test split with itself.
    `needs`: what not every extractor or data set has, so that a lack is found before anything is trained.
    """

    columns: tuple[Column, ...]
    compute: Callable[[MetricInputs], Values]
    control: Literal["test", "train"] = "test"
    needs: Literal["logits", "density"] | None = None

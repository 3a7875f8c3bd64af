"""What every metric is computed from, and what it gives."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from harness.columns import Column
from harness.errors import MetricError

Need = Literal["logits", "density", "modes", "images", "labels", "held_out", "train"]
"""What not every extractor, data set or source of images has: `held_out`, real images that no generator was
trained on; `train`, a reference of images that it was trained on."""


@dataclass(frozen=True)
class Sample:
    """One set of images after one pass through the extractor.

    pixels: the images themselves, uint8 (n, channels, height, width), or points, float32 (n, 1, 1, dim); None
    where only their features were kept; features: float32 (n, width); logits: float32 (n, classes), or None
    where the extractor does not classify; labels: int64 (n,), or None where no classes are known.
    """

    pixels: Tensor | None
    features: Tensor
    logits: Tensor | None
    labels: Tensor | None = None

    def __len__(self) -> int:
        return len(self.features)

    @property
    def images(self) -> Tensor:
        """The images themselves; MetricError where they were not kept. A metric that reads them says so in
        its `needs`, and then they are."""
        if self.pixels is None:
            raise MetricError("the images themselves were not kept, only their features")
        return self.pixels

    def first(self, count: int) -> "Sample":
        """The first `count` images, or all where there are fewer."""
        return self.rows(slice(count))

    def after(self, count: int) -> "Sample":
        """All but the first `count` images."""
        return self.rows(slice(count, None))

    def rows(self, rows: slice | Tensor) -> "Sample":
        """A part of the images: a slice of them, or those that an index or a mask chooses."""
        pixels, logits, labels = (
            None if part is None else part[rows] for part in (self.pixels, self.logits, self.labels)
        )
        return Sample(pixels, self.features[rows], logits, labels)

    def followed_by(self, other: "Sample") -> "Sample":
        """These images, then those of `other`; what only one of them has is dropped."""

        def joined(one: Tensor | None, two: Tensor | None) -> Tensor | None:
            return None if one is None or two is None else torch.cat((one, two))

        return Sample(
            joined(self.pixels, other.pixels),
            torch.cat((self.features, other.features)),
            joined(self.logits, other.logits),
            joined(self.labels, other.labels),
        )


@dataclass(frozen=True)
class Modes:
    """Where a distribution of points has its mass: `centres` float64 (k, dim), the standard deviation `sigma`
    along each axis around every one of them, and `shares` float64 (k,), which sum to 1."""

    centres: Tensor
    sigma: float
    shares: Tensor


@dataclass(frozen=True)
class MetricInputs:
    """`reference`: real images the protocol compares with; `validation` and `test`: real images the generator
    never saw, apart for a metric that chooses something on the one and measures on the other; `test` is None
    while a search runs on the validation split. Where no such images are known `validation` is the reference
    again, and metrics that need `held_out` are refused. `fake`: what is judged. `seed` drives every random
    choice inside a metric; `most` is how many reference images the metrics of pairwise distances use, whose
    cost is quadratic in them. `log_density`: where the data are points of a known density, its logarithm in
    nats, (n, dim) -> float64 (n,); `modes`: its modes, where it has any."""

    reference: Sample
    validation: Sample
    fake: Sample
    test: Sample | None = None
    seed: int = 0
    device: str = "cpu"
    most: int = 10_000
    log_density: Callable[[Tensor], Tensor] | None = None
    modes: Modes | None = None

    @property
    def held_out(self) -> Sample:
        """All real images that the generator never saw."""
        return self.validation if self.test is None else self.validation.followed_by(self.test)

    @property
    def neighbourhood(self) -> Sample:
        """The reference images that metrics of pairwise distances use."""
        return self.reference.first(self.most)


@dataclass(frozen=True)
class Values:
    """What one metric gave. Keys are those of its columns, plus `<key>_low`, `<key>_high` or `<key>_se` where
    the metric knows its own uncertainty. A note says what a reader must know before trusting a value.

    `details`: values that no table has room for, one for every class, say, under `<key>/<name>`.
    `unreliable`: keys of columns whose value must not be trusted, and why; tables mark them.
    """

    values: Mapping[str, float]
    notes: tuple[str, ...] = ()
    details: Mapping[str, float] = field(default_factory=dict)
    unreliable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Metric:
    """A metric ready to compute. A table's entry is a function whose keyword-only parameters are its options
    and which returns this.

    `control`: the real images that stand in the place of generated ones for its floor. A metric that measures
    on the test split itself needs train images there, or it would compare the test split with itself.
    `needs`: what not every extractor, data set or source has, so that a lack is found before anything is
    trained or read.
    """

    columns: tuple[Column, ...]
    compute: Callable[[MetricInputs], Values]
    control: Literal["test", "train"] = "test"
    needs: frozenset[Need] = frozenset()


def columns_of(metrics: Iterable[Metric]) -> tuple[Column, ...]:
    """The columns of these metrics, each once, in order."""
    return tuple(dict.fromkeys(column for metric in metrics for column in metric.columns))

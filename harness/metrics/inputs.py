"""What every metric is computed from, and what it gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor


@dataclass(frozen=True)
class Sample:
    """One set of images after one pass through the extractor.

    images: uint8 (n, channels, height, width); features: float32 (n, width);
    logits: float32 (n, classes), or None where the extractor does not classify.
    """

    images: Tensor
    features: Tensor
    logits: Tensor | None

    def __len__(self) -> int:
        return len(self.images)

    def first(self, count: int) -> "Sample":
        """The first `count` images, or all where there are fewer."""
        logits = None if self.logits is None else self.logits[:count]
        return Sample(self.images[:count], self.features[:count], logits)


@dataclass(frozen=True)
class MetricInputs:
    """`reference`: real images the protocol compares with; `held_out`: real images the generator never saw;
    `fake`: what is judged. `seed` drives every random choice inside a metric; `most` is how many reference
    images the metrics of pairwise distances use, whose cost is quadratic in them."""

    reference: Sample
    held_out: Sample
    fake: Sample
    seed: int = 0
    device: str = "cpu"
    most: int = 10_000

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
    and which returns this."""

    columns: tuple[Column, ...]
    compute: Callable[[MetricInputs], Values]

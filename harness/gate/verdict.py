"""What the gate is asked and what it answers: a margin, two sides of seeds, a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Literal

from harness.errors import ConfigError
from harness.stats import Interval

Outcome = Literal["PASS", "REGRESSION", "INCONCLUSIVE"]


@dataclass(frozen=True)
class Margin:
    """How much worse the mean may become and still pass, set before anything is measured.

    relative: `value` is a share of the baseline's mean (0.15 for "15%"); else it is in the metric's unit.
    """

    value: float
    relative: bool

    @classmethod
    def parse(cls, text: str | float) -> "Margin":
        """Of "15%" (a share of the baseline's mean) or of 0.02 or "0.02" (in the metric's unit)."""
        written = "" if isinstance(text, bool) else str(text).strip()
        relative = written.endswith("%")
        try:
            # Decimal, so that str() gives back what was written: 0.07 * 100 is 7.000000000000001.
            value = float(Decimal(written.removesuffix("%").strip()) / (100 if relative else 1))
        except InvalidOperation:
            raise ConfigError(
                f'margin {text!r} is no margin: write a share of the baseline\'s mean such as "15%", '
                "or a number in the metric's unit such as 0.02"
            ) from None
        if not (isfinite(value) and value > 0):
            raise ConfigError(
                f"margin {text!r} must be above 0 and finite: without a margin, no change is never shown"
            )
        return cls(value, relative)

    def __str__(self) -> str:
        exact = Decimal(repr(self.value))
        return f"{(exact * 100).normalize():f}%" if self.relative else f"{exact.normalize():f}"


@dataclass(frozen=True)
class Side:
    """The trainings of one side by seed: what they gave, and those that gave nothing.

    values: of one metric; failed: why, of trainings without a value. A value that is NaN or infinite is
    moved to `failed`. ValueError for a seed that is in both.
    """

    values: Mapping[int, float]
    failed: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if both := self.values.keys() & self.failed.keys():
            raise ValueError(f"seed {min(both)} has a value and failed")
        finite = {seed: float(value) for seed, value in self.values.items() if isfinite(value)}
        broken = {seed: f"its value is {value}" for seed, value in self.values.items() if not isfinite(value)}
        object.__setattr__(self, "values", finite)
        object.__setattr__(self, "failed", {**self.failed, **broken})

    @property
    def seeds(self) -> int:
        """Trainings, failed ones among them."""
        return len(self.values) + len(self.failed)

    @property
    def numbers(self) -> Sequence[float]:
        """The finite values in the order of the seeds."""
        return [value for _, value in sorted(self.values.items())]


@dataclass(frozen=True)
class Verdict:
    """What the gate says of one metric of one variant.

    reason: one sentence; change: of the mean, fresh against baseline, as the metric moved: a share of the
    baseline's mean under a relative margin, else in the metric's unit; None where a side has no value;
    low, high: the changes that the same test does not reject on either side, each at `alpha`; None where
    they are unbounded; p: of "the change is no more than the margin": REGRESSION where p < alpha, PASS where
    p > 1 - alpha (Fisher's p where the failures decided); None where nothing was tested;
    baseline, fresh: mean and 95 % interval of each side's finite values, None of a side without one;
    seeds_needed: fresh seeds that would decide if mean and spread stay as they are, None if none would;
    settled: whether no further seed can change an INCONCLUSIVE.
    """

    outcome: Outcome
    reason: str
    change: float | None
    low: float | None
    high: float | None
    p: float | None
    baseline: Interval | None
    fresh: Interval | None
    seeds_needed: int | None = None
    settled: bool = False

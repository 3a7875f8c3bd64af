"""What a figure is drawn from, and what it gives."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Record = Mapping[str, Any]
Points = list[tuple[int, float]]


class NothingToDrawError(HarnessError):
    """The results hold nothing of what a figure shows; says what was missing."""


@dataclass(frozen=True)
class Run:
    """What one run left behind.

    config: its `config.yaml` as plain data; results: its `results.json`, None if the run failed;
    evaluations: every logged value of an evaluation, `eval/...` and `theory/...`, by step;
    records: what each diagnostic recorded, by its name and then by step.
    """

    variant: str
    seed: int
    config: Record = field(default_factory=dict)
    results: Record | None = None
    evaluations: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    records: Mapping[str, Mapping[int, Record]] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        return self.results is not None

    def curve(self, key: str) -> Points:
        """(step, value) at every evaluation that gave a finite `key`, in order."""
        return [
            (step, values[key])
            for step, values in sorted(self.evaluations.items())
            if key in values and isfinite(values[key])
        ]

    def last(self, key: str) -> float | None:
        """The value at the last evaluation that gave one."""
        curve = self.curve(key)
        return curve[-1][1] if curve else None


@dataclass(frozen=True)
class Drawing:
    """A figure with its title and with the words that stand below it."""

    figure: "Figure"
    title: str
    caption: str


Draw = Callable[[Sequence[Run]], Drawing]
"""What a table's entry returns. Raises NothingToDrawError where the runs hold nothing of it."""


def by_variant(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """The runs of every variant, in the order of the experiment."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.variant, []).append(run)
    return groups


def common_steps(curves: Sequence[Points]) -> dict[int, list[float]]:
    """The values of all curves at every step that all of them have: a mean over some would not compare."""
    tables = [dict(curve) for curve in curves]
    if not tables:
        return {}
    shared = set(tables[0]).intersection(*tables[1:])
    return {step: [table[step] for table in tables] for step in sorted(shared)}

"""What runs left behind, as figures, reports and the gate read it: results, never a network."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from harness.columns import Column

Record = Mapping[str, Any]
Points = list[tuple[int, float]]


@dataclass(frozen=True)
class Run:
    """What one run left behind.

    config: its `config.yaml` as plain data; results: its `results.json`, None if the run has none;
    evaluations: every logged value of an evaluation, `eval/...` and `theory/...`, by step;
    records: what each diagnostic recorded, by its name and then by step;
    status: the last word on it (`finished`, `failed`, `stopped`, `pruned`, `running`), and its reason;
    provenance: its `provenance.json`; seconds: of training alone, without evaluations, by step of evaluation;
    pictures: of fixed latents, by step; place: where a person finds it, a folder or an address.
    """

    variant: str
    seed: int
    config: Record = field(default_factory=dict)
    results: Record | None = None
    evaluations: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    records: Mapping[str, Mapping[int, Record]] = field(default_factory=dict)
    experiment: str = ""
    status: str = "finished"
    reason: str = ""
    provenance: Record = field(default_factory=dict)
    seconds: Mapping[int, float] = field(default_factory=dict)
    pictures: Mapping[int, Path] = field(default_factory=dict)
    place: str = ""

    @property
    def finished(self) -> bool:
        return self.results is not None

    @property
    def columns(self) -> tuple[Column, ...]:
        """What its values are called, in the order of its metrics."""
        return tuple(Column(**column) for column in (self.results or {}).get("columns", ()))

    @property
    def values(self) -> Mapping[str, float]:
        """What its last evaluation gave, by key of a column, with `_se`, `_low` and `_high` beside."""
        return dict((self.results or {}).get("values", {}))

    @property
    def training_seconds(self) -> float | None:
        """Up to the last evaluation, evaluations not counted; None where no speed was logged."""
        return self.seconds[max(self.seconds)] if self.seconds else None

    @property
    def images_a_step(self) -> int:
        """Real images that the discriminator sees in a step; 0 where the configuration does not say."""
        return images_a_step(self.config)

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


def images_a_step(config: Record) -> int:
    """A batch at each update of the discriminator; 0 where the configuration does not say."""
    training = config.get("training") or {}
    size, updates = training.get("batch_size"), training.get("discriminator_steps", 1)
    return size * updates if isinstance(size, int) and isinstance(updates, int) else 0


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

"""What the seeds of every variant gave, and which of them count."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from harness.columns import Column
from harness.figures.drawing import NothingToDrawError
from harness.runs import Run, by_variant

Reference = Literal["floor", "ceiling"]


@dataclass(frozen=True)
class Seeds:
    """One variant: the runs that have a finite value of the column, and how many others there are.

    failed: those that failed, or whose value is not finite; unfinished: those without results so far. A run
    with results has them whatever its status says: they are written last and whole.
    """

    variant: str
    runs: Sequence[Run]
    values: Sequence[float]
    failed: int
    unfinished: int

    @property
    def missing(self) -> str:
        """`2 of 5 failed`, or nothing where every seed has a value."""
        total = len(self.runs) + self.failed + self.unfinished
        counts = ((self.failed, "failed"), (self.unfinished, "unfinished"))
        return ", ".join(f"{count} of {total} {word}" for count, word in counts if count)


def seeds_of(runs: Sequence[Run], column: Column) -> list[Seeds]:
    """Every variant that measured the column, or did not come to it, in the order of the experiment.

    NothingToDrawError where no run has a value, and where the values have more than one fingerprint.
    """
    groups = [_seeds(variant, group, column.key) for variant, group in by_variant(runs).items()]
    counted = [run for seeds in groups for run in seeds.runs]
    if not counted:
        raise NothingToDrawError(f"no finished run has a value of {column.title}")
    if len(fingerprints(counted)) > 1:
        raise NothingToDrawError(
            f"values of {column.title} were measured under different protocols and do not compare;"
            " report runs of one fingerprint"
        )
    return [seeds for seeds in groups if seeds.runs or seeds.failed or seeds.unfinished]


def fingerprints(runs: Sequence[Run]) -> set[str]:
    """Of what the finished of them were measured with."""
    return {str(run.results.get("fingerprint", "")) for run in runs if run.results}


def reference(runs: Sequence[Run], which: Reference, key: str) -> float | None:
    """What real images (floor) or noise (ceiling) get in the place of generated ones; None if unknown."""
    for run in runs:
        value = ((run.results or {}).get(which) or {}).get("values", {}).get(key)
        if _finite(value):
            return float(value)
    return None


def things(runs: Sequence[Run]) -> str:
    """What is judged: images, or the points of a data set without grey levels."""
    protocols = [run.results.get("protocol") or {} for run in runs if run.results]
    return "points" if any("levels" in each and each["levels"] is None for each in protocols) else "images"


def value_of(run: Run, key: str) -> float | None:
    """Its last value, if that is a number."""
    value = run.values.get(key)
    return float(value) if _finite(value) and value is not None else None


def _seeds(variant: str, runs: Sequence[Run], key: str) -> Seeds:
    counted = {id(run): value for run in runs if (value := value_of(run, key)) is not None}
    others = [run for run in runs if id(run) not in counted]
    failed = [run for run in others if (key in run.values if run.finished else run.status == "failed")]
    unfinished = [run for run in others if not run.finished and run.status != "failed"]
    good = [run for run in runs if id(run) in counted]
    return Seeds(variant, good, list(counted.values()), len(failed), len(unfinished))


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and isfinite(value)

"""The fresh trainings of a variant: what they gave, which of them failed, and which say nothing."""

import builtins
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from harness.columns import Column
from harness.errors import ConfigError
from harness.gate.changes import changed_settings
from harness.runs import Record, Run, by_variant

_OF_THE_CODE = {"FileNotFoundError", "FileExistsError", "NotADirectoryError", "IsADirectoryError"}
_OF_MACHINES = {
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, OSError | MemoryError | KeyboardInterrupt)
} - _OF_THE_CODE | {"OutOfMemoryError"}
_OF_GPUS = {"RuntimeError", "AcceleratorError"}
"""What torch raises for anything at all, a device without memory among them."""
_NO_ROOM = re.compile(r"out of memory|can(?:no|')t allocate memory|CUDA driver error", re.IGNORECASE)


@dataclass(frozen=True)
class Trainings:
    """Of one variant, by seed.

    values: of every column, of those that gave a result; failed: why, of those that diverged, collapsed or
    broke; set_aside: why, of those that say nothing: interrupted, still running, or ended by the machine.
    runs: one of each seed; reused: seeds that were trained before this command; stale: what has changed since
    then, though nothing that results are found by.
    """

    values: Mapping[int, Mapping[str, float]]
    failed: Mapping[int, str]
    set_aside: Mapping[int, str]
    runs: Sequence[Run]
    reused: frozenset[int] = frozenset()
    stale: tuple[str, ...] = ()

    def unreliable(self, column: Column) -> dict[int, str]:
        """Why values of `column` are not to be trusted, by seed, as the runs say themselves."""
        said = {run.seed: (run.results or {}).get("unreliable", {}).get(column.key) for run in self.finished}
        return {seed: str(reason) for seed, reason in said.items() if reason}

    @property
    def finished(self) -> list[Run]:
        return [run for run in self.runs if run.results is not None]

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of all results, each once."""
        return tuple({column.key: column for run in self.finished for column in run.columns}.values())

    @property
    def protocols(self) -> dict[str, Record]:
        """By fingerprint."""
        return {run.results["fingerprint"]: run.results["protocol"] for run in self.finished if run.results}

    @property
    def first(self) -> Run:
        """The run that speaks for all of them: of one that has a result, if there is any."""
        return (self.finished or list(self.runs))[0]

    @property
    def identity(self) -> dict[str, str]:
        return _identity(self.first)

    @property
    def mixed(self) -> list[str]:
        """In what the trainings are not alike beside their seeds: `code`, `device`, ..."""
        all_of_them = [_identity(run) for run in self.runs if _identity(run)]
        keys = dict.fromkeys(key for identity in all_of_them for key in identity)
        return [key for key in keys if len({identity.get(key) for identity in all_of_them}) > 1]


def trainings(runs: Iterable[Run]) -> dict[str, Trainings]:
    """The trainings of every variant. ConfigError where a seed is there twice, or where the runs of a variant
    are of several configurations: a mean over them would be of nothing."""
    return {variant: _trainings(variant, group) for variant, group in by_variant(runs).items()}


def is_of_the_machine(reason: str) -> bool:
    """Whether a training ended for a reason that says nothing about it: a full disk, no memory."""
    kind = reason.partition(":")[0].rpartition(".")[2]
    return kind in _OF_MACHINES or (kind in _OF_GPUS and bool(_NO_ROOM.search(reason)))


def _trainings(variant: str, runs: Sequence[Run]) -> Trainings:
    by_seed: dict[int, Run] = {}
    for run in runs:
        if (other := by_seed.setdefault(run.seed, run)) is not run:
            raise ConfigError(
                f"seed {run.seed} of {variant} is there twice, {other.place} and {run.place}: name a study,"
                " or the runs to compare"
            )
        if changed := changed_settings(runs[0].config, run.config):
            raise ConfigError(
                f"the runs of {variant} are of several configurations ({changed[0]} in {run.place}): name a"
                " study, or the runs to compare"
            )
    ordered = [by_seed[seed] for seed in sorted(by_seed)]
    values = {run.seed: _by_column(run) for run in ordered if run.results is not None}
    failed: dict[int, str] = {}
    set_aside: dict[int, str] = {}
    for run in ordered:
        if run.seed in values:
            if bad := [key for key, value in values[run.seed].items() if not isfinite(value)]:
                failed[run.seed] = f"not finite: {', '.join(bad)}"
                del values[run.seed]
        elif run.status == "failed" and not is_of_the_machine(run.reason):
            failed[run.seed] = run.reason or "failed"
        else:
            set_aside[run.seed] = f"{run.status}: {run.reason}" if run.reason else run.status
    return Trainings(values, failed, set_aside, ordered)


def _by_column(run: Run) -> dict[str, float]:
    values: Mapping[str, Any] = run.values
    return {column.key: float(values[column.key]) for column in run.columns if column.key in values}


def _identity(run: Run) -> dict[str, str]:
    return dict(run.provenance.get("identity") or (run.results or {}).get("identity") or {})

"""What a search leaves behind: its objectives, its trials, and which of them are best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

State = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class Objective:
    """What is searched for. key: as trials log it, `fid`; title: as people write it, `FID`."""

    key: str
    title: str
    higher_is_better: bool

    def better(self, a: float, b: float) -> bool:
        """Whether `a` is truly better than `b`; equal values are not."""
        return a > b if self.higher_is_better else a < b

    def worst(self, values: Sequence[float]) -> float:
        """The worst of some values, at least one."""
        return min(values) if self.higher_is_better else max(values)


@dataclass(frozen=True)
class TrialRecord:
    """One slot of a study, whatever retries it took.

    number: the slot's, the first trial's number; params: only those that were active, a choice as its label;
    values: of the objectives; of a pruned trial the last of its curve; of a failed one none;
    curve: the first objective by step (by seed where the pruner compares seeds);
    seconds: from its start to its end; reason: why it failed or was pruned.
    """

    number: int
    state: State
    params: Mapping[str, str | int | float]
    values: tuple[float, ...]
    curve: Mapping[int, float]
    seconds: float
    reason: str

    @property
    def changes_nothing(self) -> bool:
        """Whether this is the configuration as the file has it, which a search tries first."""
        return not self.params

    def value(self, index: int = 0) -> float | None:
        """Of that objective; None where it was not measured or is not finite."""
        if index >= len(self.values) or not isfinite(self.values[index]):
            return None
        return self.values[index]


def complete_trials(trials: Sequence[TrialRecord], objectives: int = 1) -> tuple[TrialRecord, ...]:
    """Those that ran to their end and have a finite value of the first `objectives`, by number.

    Pruned ones are never among them: their value is of another step.
    """
    found = (
        trial
        for trial in trials
        if trial.state == "complete" and all(trial.value(index) is not None for index in range(objectives))
    )
    return tuple(sorted(found, key=lambda trial: trial.number))


def drawn(trials: Sequence[TrialRecord]) -> tuple[TrialRecord, ...]:
    """Those at a point of the search space: all but the file's own configuration."""
    return tuple(trial for trial in trials if not trial.changes_nothing)


def best_trial(trials: Sequence[TrialRecord], objective: Objective, index: int = 0) -> TrialRecord | None:
    """The complete trial with the best value of objective number `index`, the earliest of equals."""
    best: TrialRecord | None = None
    for trial in _measured(trials, index):
        if best is None or objective.better(trial.values[index], best.values[index]):
            best = trial
    return best


def ranked(trials: Sequence[TrialRecord], objective: Objective) -> tuple[TrialRecord, ...]:
    """The complete trials from the best to the worst of the first objective, equals by number."""
    sign = -1 if objective.higher_is_better else 1
    return tuple(sorted(complete_trials(trials), key=lambda trial: sign * trial.values[0]))


def best_so_far(
    trials: Sequence[TrialRecord], objective: Objective, index: int = 0
) -> list[tuple[int, float]]:
    """(number, best value up to that trial) at every complete trial, by number."""
    curve: list[tuple[int, float]] = []
    for trial in _measured(trials, index):
        value = trial.values[index]
        if curve and not objective.better(value, curve[-1][1]):
            value = curve[-1][1]
        curve.append((trial.number, value))
    return curve


def pareto_front(trials: Sequence[TrialRecord], objectives: Sequence[Objective]) -> tuple[TrialRecord, ...]:
    """The complete trials that no other one dominates, by number.

    One dominates another if it is no worse in any objective and better in one, so equals stand together.
    """
    found = complete_trials(trials, len(objectives))
    return tuple(
        trial
        for trial in found
        if not any(_dominates(other.values, trial.values, objectives) for other in found)
    )


def _dominates(a: Sequence[float], b: Sequence[float], objectives: Sequence[Objective]) -> bool:
    pairs = list(zip(objectives, a, b, strict=False))
    no_worse = not any(objective.better(theirs, ours) for objective, ours, theirs in pairs)
    return no_worse and any(objective.better(ours, theirs) for objective, ours, theirs in pairs)


def _measured(trials: Sequence[TrialRecord], index: int) -> list[TrialRecord]:
    found = (trial for trial in trials if trial.state == "complete" and trial.value(index) is not None)
    return sorted(found, key=lambda trial: trial.number)

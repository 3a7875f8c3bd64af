"""How a search stands: what a live line shows."""

from collections.abc import Sequence
from dataclasses import dataclass

import optuna

from harness.queue.slots import Tally, tally
from harness.sweep.plan import Plan
from harness.trials import Objective, TrialRecord, best_trial
from harness.workers.records import records


@dataclass(frozen=True)
class Standing:
    """Counts over all studies; the best trial so far, by the first objective; seconds left, if known."""

    counted: Tally
    objective: Objective
    best: TrialRecord | None
    variant: str
    seconds_left: float | None


def counted(studies: Sequence[optuna.Study]) -> Tally:
    """The counts of several studies together."""
    tallies = [tally(study) for study in studies]
    return Tally(
        complete=sum(each.complete for each in tallies),
        pruned=sum(each.pruned for each in tallies),
        failed=sum(each.failed for each in tallies),
        running=sum(each.running for each in tallies),
        waiting=sum(each.waiting for each in tallies),
    )


def standing_of(plan: Plan, studies: Sequence[optuna.Study]) -> Standing:
    """The time left is that of the trials so far for those to come, shared by as many as run now."""
    counts = counted(studies)
    objective = plan.searched[0].objectives[0]
    best: TrialRecord | None = None
    variant = ""
    seconds: list[float] = []
    for searched, study in zip(plan.searched, studies, strict=True):
        trials = records(study)
        seconds += [trial.seconds for trial in trials]
        found = best_trial(trials, objective)
        if found and (best is None or objective.better(found.values[0], best.values[0])):
            best, variant = found, searched.variant
    left = None
    if seconds and counts.running:
        left = (counts.waiting + counts.running / 2) * sum(seconds) / len(seconds) / counts.running
    return Standing(counts, objective, best, variant, left)

"""A study's trials as what a report, a budget and a live line read."""

import time

import optuna
from optuna.trial import FrozenTrial, TrialState

from harness.queue.slots import REASON, first_number, standing
from harness.trials import State, TrialRecord

DEADLINE = "deadline"
"""User attribute of a study: seconds since the epoch."""
STATES: dict[TrialState, State] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def records(study: optuna.Study) -> list[TrialRecord]:
    """Every slot that came to its end, once."""
    return [record(trial) for trial in standing(study) if trial.state in STATES]


def record(trial: FrozenTrial) -> TrialRecord:
    state = STATES[trial.state]
    begun, ended = trial.datetime_start, trial.datetime_complete
    return TrialRecord(
        number=first_number(trial),
        state=state,
        params=trial.params,
        values=tuple(trial.values or ()) if state != "failed" else (),
        curve=trial.intermediate_values,
        seconds=(ended - begun).total_seconds() if begun and ended else 0.0,
        reason=trial.user_attrs.get(REASON, ""),
    )


def time_is_up(study: optuna.Study) -> bool:
    """Whether the time is up after which no trial of the study begins."""
    deadline = study.user_attrs.get(DEADLINE)
    return deadline is not None and time.time() > deadline

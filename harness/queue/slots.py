"""Slots: the trials of a study that wait for a worker, from being put there to being claimed and counted.

A budget of N trials is N slots. A slot whose worker died waits again as a new Optuna trial, which
*supersedes* the old one (`retry_history`, as in Optuna's own retries); only the newest of a chain counts.
"""

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from harness.queue.database import storage_lock
from harness.queue.outage import patiently

MAX_RETRIES = 3
KEY = "key"
REASON = "reason"
"""User attributes: which piece of work a slot is, where that is enumerated; and why a trial failed."""
HISTORY = "retry_history"
DEATHS = "harness:deaths"


@dataclass(frozen=True)
class Slot:
    """One enumerated piece of work; `key` is its alone in the study."""

    key: str
    user_attrs: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Values of parameters, for the sampler not to choose."""


@dataclass(frozen=True)
class Tally:
    """How many slots of a study are in which state."""

    complete: int
    pruned: int
    failed: int
    running: int
    waiting: int

    @property
    def finished(self) -> int:
        return self.complete + self.pruned + self.failed

    @property
    def total(self) -> int:
        return self.finished + self.running + self.waiting


def fill(study: Study, total: int) -> int:
    """Add empty slots until there are `total` in all; how many came. The caller holds `storage_lock`."""
    missing = max(0, total - len(standing(study)))
    for _ in range(missing):
        study.add_trial(optuna.create_trial(state=TrialState.WAITING))
    return missing


def put(study: Study, slots: Iterable[Slot]) -> int:
    """Add the slots whose key is not there yet; how many were added. The caller holds `storage_lock`."""
    known = {trial.user_attrs.get(KEY) for trial in study.get_trials(deepcopy=False)}
    added = 0
    for slot in slots:
        if slot.key not in known:
            known.add(slot.key)
            fixed = {"fixed_params": dict(slot.fixed)} if slot.fixed else {}
            study.add_trial(
                optuna.create_trial(
                    state=TrialState.WAITING,
                    user_attrs={**slot.user_attrs, KEY: slot.key},
                    system_attrs=fixed,
                )
            )
            added += 1
    return added


def claim(study: Study, storage: RDBStorage) -> Trial | None:
    """The first slot that waits, now this process's to work on; None where none waits.

    Takes trials away from workers that have fallen silent first. None is no end while others run: one of them
    may die, and its trial wait again. Waits for a storage that is away, as `patiently` does.
    """
    return patiently(lambda: _claim(study, storage))


def _claim(study: Study, storage: RDBStorage) -> Trial | None:
    mend(study, storage)
    for frozen in study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        # Before the claim: a trial that runs and never had a heartbeat is never taken for dead.
        storage.record_heartbeat(frozen._trial_id)
        try:
            if storage.set_trial_state_values(frozen._trial_id, state=TrialState.RUNNING):
                return Trial(study, frozen._trial_id)
        except UpdateFinishedTrialError:
            continue
    return None


def mend(study: Study, storage: RDBStorage) -> None:
    """Fail the trials of silent workers, and let every one wait again whose worker died.

    A failure without a reason is a death: `finish` gives a reason to all others. Looking for those, rather
    than being called back for what was failed just now, also finds what a process failed that then died.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        fail_stale_trials(study)
    if any(_died(trial) for trial in standing(study)):
        with storage_lock(storage.url):
            for trial in standing(study):
                if _died(trial):
                    requeue(study, trial, counts=True)


def _died(trial: FrozenTrial) -> bool:
    return trial.state is TrialState.FAIL and REASON not in trial.user_attrs


def requeue(study: Study, frozen: FrozenTrial, *, counts: bool) -> bool:
    """Let the work of a trial wait again, in a new trial that supersedes it; whether it does.

    The new one has all that was known: parameters chosen so far (none: an empty slot), what was reported of
    its curve, user attributes, and the sampler's notes. With `counts` its worker died of it, perhaps: after
    MAX_RETRIES the chain ends in a trial that failed and says so. The caller holds `storage_lock` and has
    seen under it that nothing supersedes the trial yet.
    """
    deaths = int(frozen.system_attrs.get(DEATHS, 0)) + counts
    user_attrs = {key: value for key, value in frozen.user_attrs.items() if key != REASON}
    again = deaths <= MAX_RETRIES
    if not again:
        user_attrs[REASON] = f"its worker died {deaths} times"
    study.add_trial(
        optuna.create_trial(
            state=TrialState.WAITING if again else TrialState.FAIL,
            params=frozen.params,
            distributions=frozen.distributions,
            intermediate_values=frozen.intermediate_values,
            user_attrs=user_attrs,
            system_attrs={
                **frozen.system_attrs,
                "failed_trial": first_number(frozen),
                HISTORY: [*frozen.system_attrs.get(HISTORY, []), frozen.number],
                DEATHS: deaths,
            },
        )
    )
    return again


def release(study: Study, storage: RDBStorage, trial: Trial, reason: str = "interrupted") -> bool:
    """Give back a claimed trial whose work was interrupted, for anyone to go on with; takes `storage_lock`.

    False where it had been taken away. Its successor is there before it ends: a process that is killed in
    between leaves no slot behind that nobody works on. Waits for a storage that is away, as `patiently` does.
    """

    def replace() -> bool:
        with storage_lock(storage.url):
            frozen = storage.get_trial(trial._trial_id)
            if frozen.state is not TrialState.RUNNING:
                return False
            if any(other.number == trial.number for other in standing(study)):
                requeue(study, frozen, counts=False)
            return True

    return patiently(replace) and finish(study, trial, TrialState.FAIL, reason=reason)


def finish(
    study: Study,
    trial: Trial,
    state: TrialState,
    values: list[float] | None = None,
    *,
    reason: str = "",
) -> bool:
    """Tell the study how a claimed trial ended; False where it was taken away in the meantime.

    `values` for COMPLETE only; a FAIL has a `reason`, for one without counts as a death of its worker. Waits
    for a storage that is away, as `patiently` does.
    """
    assert reason or state is not TrialState.FAIL

    def tell() -> bool:
        try:
            if reason:
                trial.set_user_attr(REASON, reason)
            study.tell(trial, values, state)
        except UpdateFinishedTrialError:
            return _is_told(study, trial, state, reason)
        except ValueError:  # also says that the trial is none that runs
            if study.get_trials(deepcopy=False)[trial.number].state is TrialState.RUNNING:
                raise
            return _is_told(study, trial, state, reason)
        return True

    return patiently(tell)


def _is_told(study: Study, trial: Trial, state: TrialState, reason: str) -> bool:
    """Whether a trial that has ended did so by our word, the answer to which an outage swallowed."""
    ended = study.get_trials(deepcopy=False)[trial.number]
    return ended.state is state and (state is not TrialState.FAIL or ended.user_attrs.get(REASON) == reason)


def standing(study: Study) -> list[FrozenTrial]:
    """Each slot once, in order: the newest trial of its chain. Not copies: read only.

    Cheap enough for once a second: of the storage it asks only for trials that had not ended.
    """
    newest: dict[int, FrozenTrial] = {}
    for trial in study.get_trials(deepcopy=False):  # by number, so that the newest comes last
        newest[first_number(trial)] = trial
    return [newest[number] for number in sorted(newest)]


def first_number(frozen: FrozenTrial) -> int:
    """The number of the slot: that of its first trial, whatever came after."""
    return int([*frozen.system_attrs.get(HISTORY, []), frozen.number][0])


def tally(study: Study) -> Tally:
    """A slot whose worker died counts as waiting: whoever looks with `mend` next lets it wait in fact."""
    counts = Counter(TrialState.WAITING if _died(trial) else trial.state for trial in standing(study))
    return Tally(
        complete=counts[TrialState.COMPLETE],
        pruned=counts[TrialState.PRUNED],
        failed=counts[TrialState.FAIL],
        running=counts[TrialState.RUNNING],
        waiting=counts[TrialState.WAITING],
    )

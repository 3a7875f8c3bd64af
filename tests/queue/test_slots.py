"""Slots and the chains of trials in them."""

from collections import Counter

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.samplers import RandomSampler
from optuna.storages import RDBStorage
from optuna.study import Study
from optuna.trial import Trial, TrialState

from harness.queue.database import storage_lock
from harness.queue.held import Held
from harness.queue.slots import (
    MAX_RETRIES,
    Slot,
    Tally,
    claim,
    fill,
    finish,
    first_number,
    put,
    release,
    requeue,
    standing,
    tally,
)


def claimed(study: Study, storage: RDBStorage) -> Trial:
    trial = claim(study, storage)
    assert trial is not None
    return trial


def test_filling_adds_what_is_missing_and_never_removes(study: Study, storage: RDBStorage) -> None:
    assert [fill(study, total) for total in (3, 3, 2, 5)] == [3, 0, 0, 2]
    assert release(study, storage, claimed(study, storage))
    assert fill(study, 5) == 0
    assert tally(study).total == tally(study).waiting == 5


def test_enumerated_slots_come_in_order_with_what_they_were_given(study: Study, storage: RDBStorage) -> None:
    slots = [Slot("a", {"seed": 1}), Slot("b", {"seed": 2}, fixed={"x": 0.25}), Slot("a")]
    assert (put(study, slots), put(study, slots)) == (2, 0)
    first, second = claimed(study, storage), claimed(study, storage)
    assert (first.user_attrs, second.user_attrs) == ({"seed": 1, "key": "a"}, {"seed": 2, "key": "b"})
    assert second.suggest_float("x", 0, 1) == 0.25
    assert claim(study, storage) is None
    assert finish(study, first, TrialState.FAIL, reason="its loss is not finite")
    assert put(study, slots) == 0


def test_an_interrupted_slot_waits_again_as_often_as_it_is_interrupted(
    study: Study, storage: RDBStorage
) -> None:
    fill(study, 1)
    for _ in range(MAX_RETRIES + 2):
        assert release(study, storage, claimed(study, storage))
    (slot,) = standing(study)
    assert (slot.state, slot.params, first_number(slot)) == (TrialState.WAITING, {}, 0)
    assert "reason" not in slot.user_attrs
    assert {trial.user_attrs["reason"] for trial in study.trials[:-1]} == {"interrupted"}


def test_work_that_kills_every_worker_fails_in_the_end(study: Study, storage: RDBStorage) -> None:
    put(study, [Slot("a", {"seed": 1})])
    for _ in range(MAX_RETRIES + 1):
        trial = claimed(study, storage)
        trial.suggest_float("x", 0, 1)
        # As `fail_stale_trials` leaves it, whether or not the process that called that lives on.
        storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
    assert claim(study, storage) is None
    (slot,) = standing(study)
    assert slot.user_attrs == {"seed": 1, "key": "a", "reason": f"its worker died {MAX_RETRIES + 1} times"}
    assert slot.params == study.trials[0].params
    assert tally(study) == Tally(complete=0, pruned=0, failed=1, running=0, waiting=0)
    assert claim(study, storage) is None


def test_failures_with_a_reason_stand(study: Study, storage: RDBStorage) -> None:
    fill(study, 1)
    assert finish(study, claimed(study, storage), TrialState.FAIL, reason="collapse")
    assert claim(study, storage) is None
    with storage_lock(storage.url):  # until a person wants it tried again
        assert requeue(study, standing(study)[0], counts=False)
    assert claimed(study, storage).user_attrs == {}


@pytest.mark.parametrize("state", [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL])
def test_what_was_taken_away_is_refused(study: Study, storage: RDBStorage, state: TrialState) -> None:
    fill(study, 1)
    late = claimed(study, storage)
    storage.set_trial_state_values(late._trial_id, TrialState.FAIL)
    with Held(storage, late) as held:
        assert held.lost.wait(60)
    values = [1.0] if state is TrialState.COMPLETE else None
    assert not finish(study, late, state, values, reason="why")
    assert not release(study, storage, late)
    assert claimed(study, storage).number == 1


def test_values_that_are_none_are_refused_as_ever(study: Study, storage: RDBStorage) -> None:
    fill(study, 1)
    with pytest.raises(ValueError, match="nan"):
        finish(study, claimed(study, storage), TrialState.COMPLETE, [float("nan")])
    assert tally(study).running == 1


def test_a_retry_stays_at_its_point_of_the_grid(study: Study, storage: RDBStorage) -> None:
    put(study, [Slot(f"x={x}", fixed={"x": x}) for x in (1, 2, 3)])
    seen = []
    for index in range(4):
        trial = claimed(study, storage)
        x = trial.suggest_int("x", 1, 3)
        if index == 0:
            assert release(study, storage, trial)
        else:
            assert finish(study, trial, TrialState.COMPLETE, [x])
            seen.append(x)
    assert seen == [2, 3, 1]


@given(
    st.lists(st.sampled_from(["fill", "start", "die", "interrupt", "complete", "prune", "fail"]), max_size=40)
)
def test_every_slot_stands_once_whatever_became_of_its_trials(events: list[str]) -> None:
    study = optuna.create_study(sampler=RandomSampler(0))
    expected: dict[int, str] = {}  # by slot
    running: list[Trial] = []
    deaths: Counter[int] = Counter()
    ends = {"complete": TrialState.COMPLETE, "prune": TrialState.PRUNED, "fail": TrialState.FAIL}
    for event in events:
        if event == "fill":
            fill(study, len(expected) + 2)
            expected |= {trial.number: "waiting" for trial in study.trials[-2:]}
            continue
        if event == "start":
            if "waiting" in expected.values():
                running.append(study.ask())
                expected[first_number(study.trials[running[-1].number])] = "running"
            continue
        if not running:
            continue
        trial = running.pop(0)
        slot = first_number(study.trials[trial.number])
        if event in ends:
            finish(study, trial, ends[event], [0.0] if event == "complete" else None, reason="so it was")
            expected[slot] = {"complete": "complete", "prune": "pruned", "fail": "failed"}[event]
            continue
        deaths[slot] += event == "die"
        study._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
        waits = requeue(study, study.trials[trial.number], counts=event == "die")
        assert waits == (deaths[slot] <= MAX_RETRIES)
        expected[slot] = "waiting" if waits else "failed"
    assert [first_number(trial) for trial in standing(study)] == sorted(expected)
    counts = Counter(expected.values())
    states = ("complete", "pruned", "failed", "running", "waiting")
    assert tally(study) == Tally(**{state: counts[state] for state in states})
    assert tally(study).total == len(expected)

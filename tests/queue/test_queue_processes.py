"""Several processes at one queue: none is refused, none does another's work, and no death loses any."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from optuna.storages import RDBStorage
from optuna.study import Study
from optuna.trial import Trial, TrialState
from processes import forked, wait_until
from queue_workers import add_one, begin, hold, keep_locked, work

from harness.queue.database import storage_lock
from harness.queue.definition import load_study
from harness.queue.slots import Tally, claim, fill, finish, first_number, standing, tally
from harness.queue.storage import open_storage

Fork = Callable[..., ForkServerProcess]


@pytest.fixture
def fork() -> Iterator[Fork]:
    """`forked`, and nothing of it is left after the test."""
    processes: list[ForkServerProcess] = []

    def call(*arguments: object) -> ForkServerProcess:
        processes.append(forked(*arguments))  # type: ignore[arg-type]
        return processes[-1]

    yield call
    for process in processes:
        process.kill()
        process.join()


def join(processes: list[ForkServerProcess]) -> None:
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * len(processes)


def test_four_begin_at_one_instant_where_there_is_no_database(new_url: Callable[[], str], fork: Fork) -> None:
    for _ in range(10):
        url = new_url()
        instant = time.monotonic() + 0.3
        join([fork(begin, url, instant, {"space": {"x": [0, 1]}}) for _ in range(4)])
        storage = open_storage(url, 1)
        study = load_study(storage, "s")
        assert [trial.user_attrs for trial in standing(study)] == [
            {"key": f"cell {index}", "seed": index} for index in range(5)
        ]
        storage.engine.dispose()


def test_four_workers_do_forty_slots_once_each(url: str, study: Study, tmp_path: Path, fork: Fork) -> None:
    with storage_lock(url):
        assert fill(study, 40) == 40
    join([fork(work, url, tmp_path / "done") for _ in range(4)])
    lines = [line.split() for line in (tmp_path / "done").read_text().splitlines()]
    assert sorted(int(number) for _, number, _ in lines) == list(range(40))
    assert {told for *_, told in lines} == {"True"}
    assert len({process for process, *_ in lines}) > 1
    assert [trial.number for trial in study.trials] == list(range(40))
    assert tally(study) == Tally(complete=40, pruned=0, failed=0, running=0, waiting=0)


def test_a_killed_and_a_paused_worker_lose_their_trials_and_the_work_goes_on(
    url: str, storage: RDBStorage, study: Study, tmp_path: Path, fork: Fork
) -> None:
    with storage_lock(url):
        fill(study, 2)
    killed = fork(hold, url, tmp_path / "killed", tmp_path / "never")
    wait_until((tmp_path / "killed").exists)
    paused = fork(hold, url, tmp_path / "paused", tmp_path / "go on")
    wait_until((tmp_path / "paused").exists)
    assert tally(study) == Tally(complete=0, pruned=0, failed=0, running=2, waiting=0)
    assert killed.pid is not None
    assert paused.pid is not None
    os.kill(killed.pid, signal.SIGKILL)
    os.kill(paused.pid, signal.SIGSTOP)

    again: list[Trial] = []

    def both_again() -> bool:
        trial = claim(study, storage)
        again.extend([trial] if trial is not None else [])
        storage_beats(storage, again)
        return len(again) == 2

    wait_until(both_again, pause=0.1)
    (tmp_path / "go on").touch()
    os.kill(paused.pid, signal.SIGCONT)
    wait_until((tmp_path / "paused.end").exists)
    join([paused])
    assert (tmp_path / "paused.end").read_text() == "lost True told False"

    assert tally(study) == Tally(complete=0, pruned=0, failed=0, running=2, waiting=0)
    old = {trial.number: trial for trial in study.trials[:2]}
    assert {trial.state for trial in old.values()} == {TrialState.FAIL}
    for trial, new in zip(again, study.trials[2:], strict=True):
        before = old[first_number(new)]
        assert trial.user_attrs == {"run": f"run of {before.number}"}
        assert new.intermediate_values == before.intermediate_values == {1: before.params["x"]}
        assert trial.suggest_float("x", 0, 1) == before.params["x"]
        assert finish(study, trial, TrialState.COMPLETE, [0.5])
    assert tally(study) == Tally(complete=2, pruned=0, failed=0, running=0, waiting=0)
    assert claim(study, storage) is None


def storage_beats(storage: RDBStorage, trials: list[Trial]) -> None:
    for trial in trials:
        storage.record_heartbeat(trial._trial_id)


def test_one_at_a_time_holds_the_lock(url: str, tmp_path: Path, fork: Fork) -> None:
    (tmp_path / "number").write_text("0")
    join([fork(add_one, url, tmp_path / "number", 25) for _ in range(4)])
    assert (tmp_path / "number").read_text() == "100"


def test_a_lock_whose_holder_was_killed_is_free(url: str, tmp_path: Path, fork: Fork) -> None:
    holder = fork(keep_locked, url, tmp_path / "locked")
    wait_until((tmp_path / "locked").exists)
    other = fork(keep_locked, url, tmp_path / "locked by another")
    time.sleep(0.3)
    assert not (tmp_path / "locked by another").exists()
    holder.kill()
    wait_until((tmp_path / "locked by another").exists)
    assert other.is_alive()

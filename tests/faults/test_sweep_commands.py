"""`harness sweep` begun twice at once, interrupted, killed: in the end there is one search, and all of it."""

import json
from pathlib import Path
from signal import SIGINT, SIGKILL

import psutil
import pytest
from folders import events, status, steps_logged
from optuna.trial import TrialState
from processes import Command, Start
from sweeping import (
    BUSY,
    QUICK,
    SWEEP,
    assert_each_ended_once,
    assert_gone,
    family,
    frozen_halfway,
    runs_in,
    study_in,
)

from harness.queue.slots import standing, tally

TRIALS = 6


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.yaml"
    file.write_text(SWEEP)
    return file


def test_two_that_begin_at_one_instant_where_nothing_exists_are_one_search(
    file: Path, tmp_path: Path, start: Start
) -> None:
    storage, tracking = (f"sqlite:///{tmp_path}/{name}.db" for name in ("optuna", "mlflow"))
    asked = ("--jobs", "1", "--storage", storage, "--tracking-uri", tracking)
    changes = ("training.steps=20", "training.checkpoint_every=20", f"search.trials={TRIALS}")
    commands = [start("sweep", str(file), *changes, *asked, **QUICK) for _ in range(2)]
    ended = [command.wait(timeout=2 * BUSY) for command in commands]
    assert [each.returncode for each in ended] == [0] * 2, [each.stderr for each in ended]

    with study_in(storage) as study:
        trials = assert_each_ended_once(study, TRIALS)
    assert {trial.state for trial in trials} == {TrialState.COMPLETE}
    (parent,) = runs_in(tracking, "sweep")
    assert parent.info.status == "FINISHED"
    mirrored = runs_in(tracking, "trial")
    assert sorted(run.info.run_name for run in mirrored) == [f"trial{number:04d}" for number in range(TRIALS)]
    assert {run.info.status for run in mirrored} == {"FINISHED"}
    assert {run.data.tags["mlflow.parentRunId"] for run in mirrored} == {parent.info.run_id}


def test_interrupted_and_then_killed_a_search_goes_on_at_its_checkpoints_to_its_end(
    file: Path, tmp_path: Path, start: Start, store: str
) -> None:
    runs, storage = tmp_path / "runs", f"sqlite:///{tmp_path}/optuna.db"

    def begin(jobs: int) -> Command:
        changes = ("training.steps=400", "training.checkpoint_every=10", f"search.trials={TRIALS}")
        return start("sweep", str(file), *changes, "--jobs", str(jobs), **QUICK)

    first = begin(2)
    _, interrupted = frozen_halfway(runs, [psutil.Process(first.pid)])
    everybody = family(first)
    workers = psutil.Process(first.pid).children()
    assert len(workers) == 2
    (busy,) = [each for each in workers if each in interrupted.process.parents()]
    first.send(SIGINT)
    assert_gone([each for each in workers if each != busy])  # so both have heard
    interrupted.process.terminate()  # as schedulers do, which signal every process of a job
    interrupted.process.resume()
    ended = first.wait()
    assert ended.returncode == 130, ended.stderr
    assert_gone(everybody)
    with study_in(storage) as study:
        counted = tally(study)
        assert counted.running == 0
        assert counted.total == TRIALS
        assert counted.waiting > 0
        number = int(interrupted.run.parent.name.removeprefix("trial"))
        waiting = standing(study)[number]
        assert waiting.state is TrialState.WAITING
    message = f"stopped with {counted.finished} of {TRIALS} trials done; the same command goes on"
    assert message in ended.stderr
    assert status(interrupted.run)["reason"].startswith("stopped at step ")
    assert interrupted.step > 0
    (parent,) = runs_in(store, "sweep")
    assert parent.info.status == "KILLED"
    assert {run.info.status for run in runs_in(store, "trial")} <= {"FINISHED", "KILLED"}
    drawn = interrupted.first_picture.stat().st_mtime_ns

    second = begin(1)
    _, orphaned = frozen_halfway(runs, [psutil.Process(second.pid)])
    everybody = family(second)
    second.send(SIGKILL)
    assert second.wait().returncode == -SIGKILL
    orphaned.process.resume()
    assert_gone(everybody)
    with study_in(storage) as study:
        assert tally(study).running == 0
        assert tally(study).total == TRIALS

    third = begin(1).wait(timeout=2 * BUSY)
    assert third.returncode == 0, third.stderr
    with study_in(storage) as study:
        trials = assert_each_ended_once(study, TRIALS)
        assert trials[number].params == waiting.params
    assert {trial.state for trial in trials} == {TrialState.COMPLETE}
    assert len({json.dumps(trial.params, sort_keys=True) for trial in trials}) == TRIALS
    assert interrupted.first_picture.stat().st_mtime_ns == drawn  # it did not begin anew
    for run in (interrupted.run, orphaned.run):
        assert [each.name for each in run.parent.glob("seed*")] == [run.name]
        assert status(run)["status"] == "finished"
        assert set(steps_logged(run).values()) == {1}
        assert len([event for event in events(run) if event["kind"] == "start"]) > 1

    (finished,) = runs_in(store, "sweep")
    assert (finished.info.run_id, finished.info.status) == (parent.info.run_id, "FINISHED")
    assert "harness.reason" not in finished.data.tags
    assert finished.data.metrics["search/complete"] == TRIALS
    mirrored = runs_in(store, "trial")
    assert sorted(run.info.run_name for run in mirrored) == [f"trial{number:04d}" for number in range(TRIALS)]
    assert {run.info.status for run in mirrored} == {"FINISHED"}
    assert len([run for run in mirrored if run.data.tags.get("harness.best") == "true"]) == 1

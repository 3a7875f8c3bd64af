"""Workers of one search that are killed and paused: every trial comes to one end, and no process is left."""

from pathlib import Path
from signal import SIGKILL

import psutil
from folders import events, status, steps_logged
from optuna.trial import TrialState
from postgres import Server
from processes import Start, wait_until
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool
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

from harness.catalog import TABLES
from harness.config import load
from harness.queue.slots import HISTORY, first_number, standing
from harness.queue.storage import open_storage
from harness.queue.url import parsed
from harness.sweep.plan import plan
from harness.sweep.studies import open_studies

TRIALS = 40
LONGER = ("training.steps=200", "training.checkpoint_every=10", f"search.trials={TRIALS}")


def begin(file: Path, url: str) -> None:
    """The study, as `harness sweep` makes it."""
    planned = plan(load(file, LONGER, TABLES), "tiny", per_variant=False, data_root=Path("unused"))
    storage = open_storage(url, 1)
    open_studies(planned, storage, "0123456789abcdef")
    storage.remove_session()
    storage.engine.dispose()


def has_tables(url: str) -> bool:
    return "studies" in inspect(create_engine(parsed(url), poolclass=NullPool)).get_table_names()


def test_of_four_workers_one_is_killed_and_one_is_paused_and_forty_trials_end_once(
    tmp_path: Path, start: Start, postgres_server: Server, postgres_url: str
) -> None:
    file, runs = tmp_path / "tiny.yaml", tmp_path / "runs"
    file.write_text(SWEEP)
    with postgres_server.database() as tracking:
        # They begin before the study does: the first of them makes the tables.
        asked = ("--study", "tiny", "--storage", postgres_url, "--tracking-uri", tracking, "--wait", "300")
        workers = {}
        for _ in range(4):
            command = start("worker", *asked, **QUICK)
            workers[psutil.Process(command.pid)] = command
        wait_until(lambda: has_tables(postgres_url), pause=0.2, timeout=BUSY)
        begin(file, postgres_url)

        victim, killed = frozen_halfway(runs, list(workers))
        folder = killed.run.parent
        pictures = {killed.first_picture: killed.first_picture.stat().st_mtime_ns}
        mlflow_key = events(folder)[0]["tags"]["harness.run"]
        left = family(workers[victim])
        assert killed.process in left
        victim.send_signal(SIGKILL)
        killed.process.resume()
        assert_gone([victim, *left])
        dead = workers.pop(victim)

        sleeper, paused = frozen_halfway(runs, list(workers))
        pictures[paused.first_picture] = paused.first_picture.stat().st_mtime_ns
        sleeper.suspend()
        with study_in(postgres_url) as study:
            number = int(paused.run.parent.name.removeprefix("trial"))

            def is_taken_away() -> bool:
                return bool(standing(study)[number].system_attrs.get(HISTORY))

            def is_done() -> bool:
                return standing(study)[number].state.is_finished()

            wait_until(is_taken_away, pause=0.2, timeout=BUSY)
            paused.process.resume()
            assert_gone([paused.process])  # its worker had been silent for too long
            wait_until(is_done, pause=0.2, timeout=BUSY)
        sleeper.resume()

        assert dead.wait().returncode == -SIGKILL
        for command in workers.values():
            ended = command.wait(timeout=2 * BUSY)
            assert ended.returncode == 0, ended.stderr
        assert f"trial {number} was given to another worker" in workers[sleeper].stderr

        with study_in(postgres_url) as study:
            trials = assert_each_ended_once(study, TRIALS)
        assert {trial.state for trial in trials} == {TrialState.COMPLETE}
        killed_number = int(folder.name.removeprefix("trial"))
        assert all(trials[slot].system_attrs[HISTORY] for slot in (killed_number, number))
        assert {first_number(trial) for trial in trials} == set(range(TRIALS))

        # Both went on at a checkpoint: what is there from their first steps was not made again.
        for picture, drawn in pictures.items():
            assert picture.stat().st_mtime_ns == drawn
        assert len([event for event in events(killed.run) if event["kind"] == "start"]) > 1
        for run in (killed.run, paused.run):
            assert [each.name for each in run.parent.glob("seed*")] == [run.name]
            assert status(run)["status"] == "finished"
            assert set(steps_logged(run).values()) == {1}
            assert status(run.parent)["status"] == "finished"
        begun = [event["tags"]["harness.run"] for event in events(folder) if event["kind"] == "start"]
        assert len(begun) > 1
        assert set(begun) == {mlflow_key}

        mirrored = runs_in(tracking, "trial")
        assert len(mirrored) == TRIALS
        assert {run.info.status for run in mirrored} == {"FINISHED"}
        assert len({run.data.tags["harness.run"] for run in mirrored}) == TRIALS
        values = {run.info.run_name: run.data.metrics["objective/fid"] for run in mirrored}
        assert values == {f"trial{first_number(trial):04d}": trial.value for trial in trials}
        parents = {run.data.tags["mlflow.parentRunId"] for run in mirrored}
        assert parents == {run.info.run_id for run in runs_in(tracking, "sweep")}
        assert len(parents) == 1

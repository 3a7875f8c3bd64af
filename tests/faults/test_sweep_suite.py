"""A suite by several workers is the suite by one process, to the bit, even if a worker is killed at it."""

from pathlib import Path
from signal import SIGKILL

import psutil
from folders import results, run_folders, status, steps_logged, weights
from processes import Start
from sweeping import BUSY, QUICK, assert_gone, frozen_halfway, runs_in

SUITE = (
    "training.steps=300",
    "training.checkpoint_every=20",
    "evaluation.every=100",
    "evaluation.metrics=[fid]",
    "seeds=[0, 1, 2, 3]",
)


def test_a_suite_of_which_a_worker_is_killed_ends_with_the_bits_of_one_process(
    tiny: Path, tmp_path: Path, start: Start, store: str
) -> None:
    command = start("run", str(tiny), *SUITE, "--jobs", "2", **QUICK)
    runs = tmp_path / "runs"
    leader = psutil.Process(command.pid)
    _, training = frozen_halfway(runs, [leader])
    (worker,) = [each for each in leader.children() if each in training.process.parents()]
    left = worker.children(recursive=True)
    worker.send_signal(SIGKILL)
    training.process.resume()
    assert_gone([worker, *left])
    together = command.wait(timeout=2 * BUSY)
    assert together.returncode == 0, together.stderr

    alone = start("run", str(tiny), *SUITE, "--jobs", "1", "--runs", "alone", **QUICK).wait(timeout=2 * BUSY)
    assert alone.returncode == 0, alone.stderr
    ours, theirs = run_folders(runs), run_folders(tmp_path / "alone")
    assert [run.relative_to(runs) for run in ours] == [run.relative_to(tmp_path / "alone") for run in theirs]
    assert len(ours) == 4
    for run, other in zip(ours, theirs, strict=True):
        assert weights(run) == weights(other)
        assert results(run)["values"] == results(other)["values"]
        assert status(run)["status"] == "finished"
        assert steps_logged(run) == steps_logged(other)
    for kind, number in (("cell", 4), ("suite", 1)):
        mirrored = [run for run in runs_in(store, kind) if "alone" not in run.data.tags["mlflow.source.name"]]
        assert len(mirrored) == number
        assert {run.info.status for run in mirrored} == {"FINISHED"}

"""A run that is killed or stopped at any moment ends as if nothing had happened."""

import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM

import pytest
from folders import events, has_checkpoint, only_run, results, status, steps_logged, weights
from mlflow import MlflowClient
from mlflow.entities import Run
from processes import TINY, Command, Start, clean_environment, wait_until

LONGER = (
    "training.steps=300",
    "training.checkpoint_every=20",
    "evaluation.every=100",
    "evaluation.metrics=[fid]",
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing happened to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "tiny.yaml").write_text(TINY)
    done = Command(("run", "tiny.yaml", *LONGER), folder, clean_environment()).wait()
    assert done.returncode == 0, done.stderr
    return only_run(folder / "runs")


def assert_same_end(run: Path, undisturbed: Path) -> None:
    assert weights(run) == weights(undisturbed)
    assert results(run)["values"] == results(undisturbed)["values"]
    assert status(run)["status"] == "finished"
    once = steps_logged(undisturbed)
    assert set(once.values()) == {1}
    assert steps_logged(run) == once
    kept = sorted(file.stem for file in run.glob("checkpoints/*.json"))
    assert kept[-2:] == ["step-000000280", "step-000000300"]
    assert not list(run.glob("checkpoints/.*"))  # nothing half written is left
    assert not (run / ".model").exists()


def cells_in(uri: str) -> list[Run]:
    client = MlflowClient(uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(experiments, "tags.`harness.kind` = 'cell'"))


MOMENTS: dict[str, Callable[[Path], object]] = {
    "first_checkpoint": has_checkpoint,
    "evaluation": lambda runs: any(runs.rglob("step-000000100.png")),
    "last_checkpoint": lambda runs: any(runs.rglob("step-000000300.json")),
    "weights": lambda runs: any(runs.rglob("generator.safetensors")),
    "export": lambda runs: any(runs.rglob(".model")),
    "results": lambda runs: any(runs.rglob("results.json")),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_it_ends_with_the_same_bits(
    moment: str, tiny: Path, start: Start, tmp_path: Path, undisturbed: Path, store: str
) -> None:
    first = start("run", str(tiny), *LONGER)
    wait_until(lambda: MOMENTS[moment](tmp_path / "runs"))
    first.send(SIGKILL)
    assert first.wait().returncode == -SIGKILL
    second = start("run", str(tiny), *LONGER).wait()
    assert second.returncode == 0, second.stderr
    assert_same_end(only_run(tmp_path / "runs"), undisturbed)
    (cell,) = cells_in(store)
    assert cell.info.status == "FINISHED"


def test_killed_again_and_again_it_still_ends_with_the_same_bits(
    tiny: Path, start: Start, tmp_path: Path, undisturbed: Path, store: str
) -> None:
    seen: set[str] = set()

    def is_further() -> bool:
        return bool({file.name for file in tmp_path.glob("runs/**/step-*.json")} - seen)

    for _ in range(5):
        command = start("run", str(tiny), *LONGER)
        wait_until(is_further)
        command.send(SIGKILL)
        assert command.wait().returncode == -SIGKILL
        seen |= {file.name for file in tmp_path.glob("runs/**/step-*.json")}
    assert start("run", str(tiny), *LONGER).wait().returncode == 0
    run = only_run(tmp_path / "runs")
    assert_same_end(run, undisturbed)
    starts = [event for event in events(run) if event["kind"] == "start"]
    assert len({event["tags"]["harness.run"] for event in starts}) == 1 < len(starts)
    (cell,) = cells_in(store)
    for key in ("train/loss_d", "eval/fid"):
        sent = {
            (point.step, point.value)
            for point in MlflowClient(store).get_metric_history(cell.info.run_id, key)
        }
        logged = {
            (event["step"], event["values"][key])
            for event in events(run)
            if event["kind"] == "metrics" and key in event["values"]
        }
        assert sent == logged


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_asked_to_stop_it_keeps_the_step_and_goes_on_in_the_same_mlflow_run(
    number: signal.Signals, tiny: Path, start: Start, tmp_path: Path, undisturbed: Path, store: str
) -> None:
    first = start("run", str(tiny), *LONGER)
    wait_until(lambda: has_checkpoint(tmp_path / "runs"))
    first.send(number)
    ended = first.wait()
    assert ended.returncode == 128 + number
    run = only_run(tmp_path / "runs")
    assert status(run)["status"] == "stopped"
    reason = status(run)["reason"]
    assert ended.stderr.strip().splitlines()[-1] == f"error: {reason}"
    newest = max(run.glob("checkpoints/*.json"))
    assert reason.startswith(f"stopped at step {int(newest.stem.removeprefix('step-'))} of 300")
    assert not (run / "results.json").exists()
    (killed,) = cells_in(store)
    assert killed.info.status == "KILLED"
    assert killed.data.tags["harness.reason"] == reason

    assert start("run", str(tiny), *LONGER).wait().returncode == 0
    assert weights(run) == weights(undisturbed)
    assert results(run)["values"] == results(undisturbed)["values"]
    assert set(steps_logged(run).values()) == {1}
    (cell,) = cells_in(store)
    assert (cell.info.run_id, cell.info.status) == (killed.info.run_id, "FINISHED")
    assert "harness.reason" not in cell.data.tags
    assert cell.data.tags["harness.outcome"] == "finished"


def test_a_second_signal_does_not_wait_for_anything(tiny: Path, start: Start, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # a server that never answers holds up the end
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = start("run", str(tiny), *LONGER, MLFLOW_TRACKING_URI=uri)
        wait_until(lambda: has_checkpoint(tmp_path / "runs"))
        command.send(SIGINT)
        run = only_run(tmp_path / "runs")
        wait_until(lambda: status(run)["status"] == "stopped")
        began = time.monotonic()
        command.send(SIGINT)
        assert command.wait().returncode == 130
        assert time.monotonic() - began < 20  # the server is waited for longer


def test_of_two_processes_on_one_run_the_second_names_the_first(
    tiny: Path, start: Start, tmp_path: Path, undisturbed: Path, store: str
) -> None:
    first = start("run", str(tiny), *LONGER)
    wait_until(lambda: has_checkpoint(tmp_path / "runs"))
    first.send(signal.SIGSTOP)
    # Stopped in the middle of an upload the first holds MLflow's lock too, for which the second waits its
    # two minutes before it gives up.
    second = start("run", str(tiny), *LONGER).wait(timeout=200)
    first.send(signal.SIGCONT)
    assert second.returncode == 3
    run = only_run(tmp_path / "runs")
    assert f"{run.relative_to(tmp_path)} is in use (process {first.pid} holds it)" in second.stderr
    assert "Traceback" not in second.stderr
    assert first.wait().returncode == 0
    assert_same_end(run, undisturbed)

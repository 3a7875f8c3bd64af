"""A real tracking server: there, never there, gone in the middle, silent; no training notices."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from folders import only_run, results, status
from mirrored import assert_mirrored
from mlflow import MlflowClient
from processes import Harness, Start, clean_environment, wait_until

QUICK = ("evaluation.metrics=[fid]", "evaluation.every=null")


class Server:
    """`mlflow server` on a port of its own; what it knows outlives it."""

    def __init__(self, folder: Path, database: Path) -> None:
        self.folder = folder
        shutil.copy(database, folder / "mlflow.db")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}", "--workers", "1"]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        environment = clean_environment() | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(self._answers, pause=0.1, timeout=120)

    def kill(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def client(self) -> MlflowClient:
        return MlflowClient(self.uri)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Iterator[Server]:
    """A server that does not run yet."""
    server = Server(tmp_path_factory.mktemp("server"), empty_store)
    yield server
    server.kill()


def test_a_run_is_as_whole_on_a_server_as_in_the_default_store(
    tiny: Path, harness: Harness, tmp_path: Path, server: Server
) -> None:
    server.start()
    done = harness("run", str(tiny), "seeds=0,1", MLFLOW_TRACKING_URI=server.uri)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    assert f"browse: {server.uri}/#/experiments?" in done.stderr
    assert_mirrored(server.client(), tmp_path / "runs")
    assert not (tmp_path / "mlflow.db").exists()


def test_a_server_that_is_down_or_dies_costs_nothing_and_gets_everything_later(
    tiny: Path, harness: Harness, start: Start, tmp_path: Path, server: Server
) -> None:
    # Down from the start: as quick as with a store, a warning, no failure.
    began = time.monotonic()
    down = harness("run", str(tiny), *QUICK, MLFLOW_TRACKING_URI=server.uri)
    assert time.monotonic() - began < 20
    assert down.returncode == 0, down.stderr
    assert results(only_run(tmp_path / "runs"))["seconds"] < 10
    (warning,) = (line for line in down.stderr.splitlines() if line.startswith("warning"))
    assert f"MLflow at {server.uri} misses" in warning
    assert "([Errno 111] Connection refused)" in warning
    assert warning.endswith("send it later with `harness sync`")
    refused = harness("sync", MLFLOW_TRACKING_URI=server.uri)
    assert refused.returncode == 3
    assert refused.stderr.startswith(f"error: MLflow at {server.uri} cannot be reached")
    assert len(refused.stderr.strip().splitlines()) == 1

    # Up, then killed in the middle of another run.
    server.start()
    longer = ("training.steps=4000", "seeds=[5]", "evaluation.every=500")
    command = start("run", str(tiny), *QUICK, *longer, MLFLOW_TRACKING_URI=server.uri)
    client = server.client()

    def has_metrics() -> bool:
        found = client.search_runs(["1", "2"], "tags.`harness.seed` = '5'")
        return bool(found and "eval/fid" in found[0].data.metrics)

    wait_until(has_metrics, pause=0.1)
    server.kill()
    died = command.wait()
    assert died.returncode == 0, died.stderr
    assert "send it later with `harness sync`" in died.stderr

    # Back again: one command sends what is missing, another one finds nothing to send.
    server.start()
    synced = harness("sync", MLFLOW_TRACKING_URI=server.uri)
    assert synced.returncode == 0, synced.stderr
    assert int(synced.stderr.split()[0]) > 50
    assert_mirrored(client, tmp_path / "runs")
    again = harness("sync", MLFLOW_TRACKING_URI=server.uri)
    assert (again.returncode, again.stderr.split()[0]) == (0, "0")
    for record in tmp_path.rglob("mlflow.json"):
        record.unlink()
    assert harness("sync", MLFLOW_TRACKING_URI=server.uri).returncode == 0
    assert_mirrored(client, tmp_path / "runs")


def test_a_server_that_never_answers_is_not_waited_for(tiny: Path, harness: Harness, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        done = harness("run", str(tiny), *QUICK, MLFLOW_TRACKING_URI=uri, MLFLOW_HTTP_REQUEST_TIMEOUT="1")
        assert time.monotonic() - began < 20
    assert done.returncode == 0, done.stderr
    assert f"MLflow at {uri} misses" in done.stderr
    assert "(Read timed out. (read timeout=1.0))" in done.stderr.replace("=1)", "=1.0)")
    assert status(only_run(tmp_path / "runs"))["status"] == "finished"


def test_the_same_command_again_sends_what_was_missing(
    tiny: Path, harness: Harness, tmp_path: Path, store: str
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert harness("run", str(tiny), *QUICK, MLFLOW_TRACKING_URI=nowhere).returncode == 0
    again = harness("run", str(tiny), *QUICK)
    assert again.returncode == 0, again.stderr
    assert "1 of 1 cells were finished already" in again.stderr
    assert_mirrored(MlflowClient(store), tmp_path / "runs")

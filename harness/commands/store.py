"""`harness ui` and `harness sync`: where the runs can be browsed, and how they get there."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from harness.console import console
from harness.errors import ConfigError, HarnessError
from harness.events import FILE, read_events
from harness.queue.url import hidden
from harness.reader.server import page_of
from harness.tracking.library import quiet_mlflow, reason
from harness.tracking.mirror import Mirror

PAGE_OF_TRAININGS = "/#/experiments?workflowType=machine_learning"
"""Of an MLflow server; without the query it opens on its tools for language models."""


def mirror_for(runs: Path, tracking_uri: str | None) -> Mirror:
    """The given server or database; by default `mlflow.db` beside the runs, where `mlflow ui` looks."""
    beside = runs.resolve().parent
    return Mirror(tracking_uri or f"sqlite:///{beside / 'mlflow.db'}", beside / "mlruns")


def browsed(uri: str) -> str:
    """How a person comes to the runs: a server's address, or the command that serves a database."""
    if uri.startswith(("http:", "https:")):
        return page_of(uri) + PAGE_OF_TRAININGS
    return "harness ui" if uri.startswith("sqlite:") else f"harness ui --tracking-uri {hidden(uri)}"


def serve(runs: Path, tracking_uri: str | None, port: int) -> None:
    """Serve the MLflow UI on the loopback interface until Ctrl-C; for a server elsewhere, say its address."""
    mirror = mirror_for(runs, tracking_uri)
    if mirror.uri.startswith(("http:", "https:")):
        console.print(f"the runs are at {browsed(mirror.uri)}", soft_wrap=True)
        return
    database = Path(mirror.uri.removeprefix("sqlite:///"))
    if mirror.uri.startswith("sqlite:") and not database.exists():
        raise ConfigError(f"there are no runs yet ({database} does not exist); start with `harness run FILE`")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise ConfigError(f"port {port} is taken; choose another with `harness ui --port`") from None
    quiet_mlflow()
    os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")  # 236 MB for what is not used here
    address = f"http://127.0.0.1:{port}{PAGE_OF_TRAININGS}"
    console.print(f"MLflow UI: [bold]{address}[/]  (Ctrl-C ends it)", soft_wrap=True)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", mirror.uri]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    server = subprocess.Popen(command)  # noqa: S603
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        code = server.wait()
    except KeyboardInterrupt:
        server.terminate()
        code = server.wait() and 0
    if code > 0:
        raise HarnessError(f"the MLflow server ended with code {code}")


def _speaks_for(folder: Path) -> bool:
    """Whether `folder` is a trial's, which says of the runs inside it what MLflow is to know."""
    first = next((event for _, event in read_events(folder)), {})
    return bool(first.get("tags", {}).get("harness.kind") == "trial")


def sync(runs: Path, tracking_uri: str | None) -> None:
    """Replay every run folder; what the server has already is not sent twice."""
    if not runs.is_dir():
        raise ConfigError(f"there is no folder of runs at {runs}; name it with --runs")
    mirror = mirror_for(runs, tracking_uri)
    try:
        _ = mirror.client
    except Exception as error:
        raise HarnessError(f"MLflow at {mirror.uri} cannot be reached: {reason(error)}") from error
    folders = sorted(path.parent for path in runs.rglob(FILE) if not _speaks_for(path.parent.parent))
    sent = 0
    refused = []
    for folder in folders:
        try:
            sent += mirror.replay(folder)
        except Exception as error:  # one run that cannot be sent keeps back none of the others
            refused.append(f"{folder}: {reason(error)}")
    console.print(f"{sent} events of {len(folders)} runs and studies sent to {mirror.uri}", soft_wrap=True)
    if refused:
        raise HarnessError(f"{len(refused)} of {len(folders)} could not be sent; first {refused[0]}")

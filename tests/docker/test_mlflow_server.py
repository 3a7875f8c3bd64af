"""docker/mlflow.sh: a real server, asked as a browser, a colleague or a stranger would."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from processes import REPOSITORY, clean_environment

SCRIPT = REPOSITORY / "docker" / "mlflow.sh"
PASSWORD = "secret+word%1/:"
PROGRAMS = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


class Served:
    """What `outside` asks."""

    # An address to itself: the port is always the same one.
    address = f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}.{random.randrange(2, 255)}"
    mlflow = f"http://{address}:5000"


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(REPOSITORY / "docker" / "check"))
    import outside as module

    return module


@pytest.fixture
def server(tmp_path: Path) -> Iterator[type[Served]]:
    environment = clean_environment() | {
        "PATH": PROGRAMS,
        "DATABASE": f"sqlite:///{tmp_path}/mlflow.db",
        "ARTIFACTS": str(tmp_path / "artifacts"),
        "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD,
        "BIND": Served.address,
        "LISTEN": Served.address,
        "ALLOWED_HOSTS": "runs.example,runs.example:8080",
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(["sh", SCRIPT], env=environment, cwd=tmp_path, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < end:
            try:
                with urlopen(f"{Served.mlflow}/health", timeout=5):
                    yield Served
                    return
            except (URLError, OSError):
                time.sleep(0.2)
        raise RuntimeError((tmp_path / "log").read_text())
    finally:
        process.terminate()
        process.wait()


def test_the_server_lets_in_who_knows_the_password_under_a_name_of_its_own(
    server: type[Served], outside: Any
) -> None:
    assert outside.answers(server, PASSWORD) == outside.EXPECTED
    allowed = {"Host": "runs.example:8080", "Origin": "https://runs.example:8080"}
    given = {"json": {"max_results": 1}, "headers": allowed, "timeout": 30}
    answer = outside.requests.post(f"{server.mlflow}/{outside.SEARCH}", auth=("admin", PASSWORD), **given)
    assert answer.status_code == 200


@pytest.mark.parametrize("bind", ["0.0.0.0", "192.168.1.5", "::", "gpu1.lab.example"])
def test_beyond_loopback_there_is_no_server_without_a_password(bind: str, tmp_path: Path) -> None:
    refused = started(tmp_path, BIND=bind)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"error: at BIND={bind} other machines reach MLflow: set MLFLOW_PASSWORD, or leave BIND out\n"
    )


def test_a_name_that_looks_like_loopback_is_none(tmp_path: Path) -> None:
    refused = started(tmp_path, BIND="127.evil.example")
    assert (refused.returncode, refused.stdout) == (2, "")


def test_a_password_that_clients_encode_in_different_ways_is_refused(tmp_path: Path) -> None:
    refused = started(tmp_path, MLFLOW_AUTH_ADMIN_PASSWORD="mot de passé secret")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "beyond ASCII" in refused.stderr


def test_a_password_that_mlflow_would_not_take_is_refused_before_it_starts(tmp_path: Path) -> None:
    refused = started(tmp_path, MLFLOW_AUTH_ADMIN_PASSWORD="elevenchars")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "error: MLFLOW_PASSWORD has 11 characters: MLflow asks for 12 or more\n"


@pytest.mark.parametrize("bind", ["127.0.0.1", "127.1.2.3", "localhost", "::1", ""])
def test_on_loopback_it_starts_without_one_and_then_asks_for_none(bind: str, tmp_path: Path) -> None:
    begun = started(tmp_path, BIND=bind)
    assert begun.returncode == 0
    assert "basic-auth" not in begun.stdout


def test_it_is_called_by_its_names_and_no_others(tmp_path: Path) -> None:
    begun = started(tmp_path, BIND="192.168.1.5", PORT="8000", MLFLOW_AUTH_ADMIN_PASSWORD=PASSWORD)
    arguments = begun.stdout.split()
    hosts = arguments[arguments.index("--allowed-hosts") + 1]
    assert hosts == "mlflow:5000,localhost:8000,127.0.0.1:8000,192.168.1.5:8000"
    origins = arguments[arguments.index("--cors-allowed-origins") + 1].split(",")
    assert origins == [f"{scheme}://{host}" for host in hosts.split(",") for scheme in ("http", "https")]
    assert arguments[-2:] == ["--app-name", "basic-auth"]
    assert PASSWORD not in begun.stdout  # command lines are for all to see
    everywhere = started(tmp_path, BIND="0.0.0.0", MLFLOW_AUTH_ADMIN_PASSWORD=PASSWORD)
    assert "0.0.0.0:5000" not in everywhere.stdout  # what browsers take for this machine
    assert "set ALLOWED_HOSTS" in everywhere.stderr


def started(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What is started, in place of which its command line is printed."""
    program = folder / "mlflow"
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    variables = {"PATH": f"{folder}:{os.environ['PATH']}", "DATABASE": "sqlite:///mlflow.db", **environment}
    return subprocess.run(["sh", SCRIPT], check=False, env=variables, capture_output=True, text=True)

"""Shared by all tests: one thread, no telemetry, and a tiny experiment that a real run takes seconds for."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from postgres import Server, running_server
from processes import REPOSITORY, TINY, Command, Harness, Start, clean_environment

from harness.data import Dataset
from harness.data.digits import digits

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
# A busy machine is no counterexample, and a test that passed here passes there.
settings.register_profile("harness", deadline=None, derandomize=True)
settings.load_profile("harness")
torch.set_num_threads(1)  # many small computations; the machine's other cores belong to other tests


def pytest_configure(config: pytest.Config) -> None:
    # MLflow asks SQLAlchemy for what that will drop one day; it is theirs to settle.
    config.addinivalue_line("filterwarnings", "ignore:The ``noload`` loader:DeprecationWarning")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """An experiment file of one small cell."""
    file = tmp_path / "tiny.yaml"
    file.write_text(TINY)
    return file


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the command line in a process of its own, in an empty folder; nothing reaches any real store."""
    started: list[Command] = []

    def call(*arguments: str, **environment: str) -> Command:
        started.append(Command(arguments, tmp_path, clean_environment() | environment))
        return started[-1]

    yield call
    for command in started:
        command.end()


@pytest.fixture
def harness(start: Start) -> Harness:
    """The same, and wait for its end."""

    def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return start(*arguments, **environment).wait()

    return call


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without runs, to be copied: MLflow takes seconds to make one."""
    from mlflow import MlflowClient

    file = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{file}").search_experiments()
    return file


@pytest.fixture
def store(empty_store: Path, tmp_path: Path) -> str:
    """The default store of runs in this test's folder, as a tracking URI."""
    copied = shutil.copy(empty_store, tmp_path)
    return f"sqlite:///{copied}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A real PostgreSQL, for all tests of this process; its `url` names databases that are not there yet."""
    with running_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """An empty database of this test's own in it."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def real_digits() -> Dataset:
    return digits(Path("unused"))


@pytest.fixture(scope="session")
def mnist_root() -> Path:
    """A folder that holds MNIST/raw, or a skipped test."""
    root = Path(os.environ.get("HARNESS_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (root / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").is_file():
        pytest.skip(f"MNIST is not in {root} (set HARNESS_DATA)")
    return root

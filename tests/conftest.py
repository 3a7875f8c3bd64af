"""Shared by all tests: one thread, no telemetry, and a tiny experiment that a real run takes seconds for."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from processes import Command, clean_environment

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
# A busy machine is no counterexample, and a test that passed here passes there.
settings.register_profile("harness", deadline=None, derandomize=True)
settings.load_profile("harness")
torch.set_num_threads(1)  # many small computations; the machine's other cores belong to other tests


def pytest_configure(config: pytest.Config) -> None:
    # MLflow asks SQLAlchemy for what that will drop one day; it is theirs to settle.
    config.addinivalue_line("filterwarnings", "ignore:The ``noload`` loader:DeprecationWarning")


REPOSITORY = Path(__file__).parent.parent

TINY = """\
name: tiny
dataset: digits
network: {name: mlp, latent: {size: 8}, generator_widths: [32, 32], discriminator_widths: [32]}
loss: non_saturating
training: {steps: 60, batch_size: 32, log_every: 20, checkpoint_every: 20}
evaluation: {num_samples: 200, every: 20, metrics: [fid, kid, inception_score, prdc, criterion]}
seeds: [0]
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """An experiment file of one small cell."""
    file = tmp_path / "tiny.yaml"
    file.write_text(TINY)
    return file


Harness = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., Command]


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

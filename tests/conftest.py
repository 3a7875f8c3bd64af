"""Shared by all tests: one thread, no telemetry, and a tiny experiment that a real run takes seconds for."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
torch.set_num_threads(1)  # many small computations; the machine's other cores belong to other tests

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


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    """Run the command line in a process of its own, in an empty folder; nothing reaches any real store."""

    def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "harness", *arguments],
            cwd=tmp_path,
            env=clean_environment() | environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return call


def clean_environment() -> dict[str, str]:
    """This environment without what would point a run elsewhere."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "HARNESS_"))}
    return ours | {"MLFLOW_DISABLE_TELEMETRY": "true", "OMP_NUM_THREADS": "1", "COLUMNS": "120"}

"""docker/one-gpu.sh: replicas of one service, which see the same GPUs, share them out."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import REPOSITORY

SCRIPT = REPOSITORY / "docker" / "one-gpu.sh"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator["Machine"]:
    """One with two GPUs."""
    machine = Machine(tmp_path)
    yield machine
    for process in machine.started:
        process.kill()
        process.communicate()


class Machine:
    def __init__(self, folder: Path) -> None:
        self.started: list[subprocess.Popen[str]] = []
        for name in ("programs", "runs"):
            (folder / name).mkdir()
        self._folder = folder
        self._environment = {"PATH": f"{folder / 'programs'}:{os.environ['PATH']}"}
        self.has("nvidia-smi", "printf 'GPU-a\\nGPU-b\\n'")
        self.has("harness", 'echo "$CUDA_VISIBLE_DEVICES $*"; exec sleep 600')

    def has(self, program: str, does: str) -> None:
        """A program that is a line of shell."""
        file = self._folder / "programs" / program
        file.write_text(f"#!/bin/sh\n{does}\n")
        file.chmod(0o755)

    def worker(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            ["sh", SCRIPT, "worker"],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def gpu(self) -> str:
        """Of a new worker."""
        process = self.worker()
        assert process.stdout is not None
        gpu, _, arguments = process.stdout.readline().partition(" ")
        assert arguments == "worker\n"
        return gpu


def test_a_driver_that_does_not_work_is_no_gpu(machine: Machine) -> None:
    machine.has("nvidia-smi", "echo 'NVIDIA-SMI has failed'; exit 9")
    worker = machine.worker()
    _, said = worker.communicate(timeout=30)
    assert worker.returncode == 2
    assert said.startswith("error: nvidia-smi does not work in here")
    assert said.endswith(": NVIDIA-SMI has failed\n")


def test_each_worker_has_a_gpu_to_itself_and_leaves_it_when_it_is_killed(machine: Machine) -> None:
    assert [machine.gpu(), machine.gpu()] == ["GPU-a", "GPU-b"]
    third = machine.worker()
    _, said = third.communicate(timeout=30)
    assert third.returncode == 2
    assert said == "error: every GPU of this machine has its worker: scale to as many as there are\n"
    machine.started[1].kill()
    machine.started[1].wait()
    assert machine.gpu() == "GPU-b"

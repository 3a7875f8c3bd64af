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
        programs = folder / "programs"
        programs.mkdir()
        for name, does in {
            "nvidia-smi": "printf 'GPU-a\\nGPU-b\\n'",
            "harness": 'echo "$CUDA_VISIBLE_DEVICES $*"; exec sleep 600',
        }.items():
            (programs / name).write_text(f"#!/bin/sh\n{does}\n")
            (programs / name).chmod(0o755)
        (folder / "runs").mkdir()
        self._folder = folder
        self._environment = {"PATH": f"{programs}:{os.environ['PATH']}"}

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


def test_each_worker_has_a_gpu_to_itself_and_leaves_it_when_it_is_killed(machine: Machine) -> None:
    assert [machine.gpu(), machine.gpu()] == ["GPU-a", "GPU-b"]
    third = machine.worker()
    _, said = third.communicate(timeout=30)
    assert third.returncode == 2
    assert said == "error: every GPU of this machine has its worker: scale to as many as there are\n"
    machine.started[1].kill()
    machine.started[1].wait()
    assert machine.gpu() == "GPU-b"

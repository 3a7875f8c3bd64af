"""Worker processes on this machine, one for each GPU or processor core, and how they are stopped."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil
import torch

MEMORY_OF_A_WORKER = 2 * 1024**3
"""Bytes: its own process, the one that trials are forked from, and a small training."""
FAREWELL = 30.0
"""Seconds between asking a worker to stop and killing it, when even its training has had time to save."""
LAST_WORDS = 5.0
"""Seconds that what a worker said at its end is waited for: processes of its own may hold its stderr open."""


@dataclass(frozen=True)
class Hiring:
    """What the workers of a command have in common."""

    storage: str
    study: str
    runs: Path
    data: Path
    tracking_uri: str
    device: str


def default_jobs(device: str) -> int:
    """As many workers as there are GPUs; without any, as processor cores, if the memory is enough."""
    if device != "cpu" and (count := torch.cuda.device_count()):
        return count if device in ("auto", "cuda") else 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, int(psutil.virtual_memory().total // MEMORY_OF_A_WORKER)))


def visible_to(number: int, count: int, visible: str | None) -> str:
    """CUDA_VISIBLE_DEVICES of worker `number`: one of `count` GPUs, of those `visible` to this process
    (None: all); more workers than GPUs share them in turn."""
    names = visible.split(",") if visible else [str(index) for index in range(count)]
    return names[number % count].strip()


class Crew:
    """Started on entering; on leaving, those that still work are stopped."""

    def __init__(self, hiring: Hiring, jobs: int, tell: Callable[[str], None]) -> None:
        """`tell` gets each line that a worker has to say, from a thread."""
        self._hiring, self._jobs, self._tell = hiring, jobs, tell
        self._workers: list[subprocess.Popen[str]] = []
        self._listeners: list[threading.Thread] = []
        self._last_words: dict[int, str] = {}
        self._stopped = False

    def __enter__(self) -> "Crew":
        for number in range(self._jobs):
            worker = subprocess.Popen(  # noqa: S603
                self._command(),
                env=self._environment(number),
                stdin=subprocess.PIPE,  # its end tells the worker that this process is gone
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,  # Ctrl-C is for this process, which passes it on once
            )
            self._workers.append(worker)
            listener = threading.Thread(target=self._listen, args=(number, worker), daemon=True)
            self._listeners.append(listener)
            listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for worker in self._workers:
            try:
                worker.wait(FAREWELL)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
            if worker.stdin is not None:
                worker.stdin.close()
        for listener in self._listeners:
            listener.join(LAST_WORDS)

    @property
    def working(self) -> int:
        """How many have not ended."""
        return sum(worker.poll() is None for worker in self._workers)

    def stop(self) -> None:
        """Ask every worker to save what it does and to end."""
        self._stopped = True
        for worker in self._workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)

    def failures(self) -> list[str]:
        """Why workers ended that should not have, a line each."""
        for listener, worker in zip(self._listeners, self._workers, strict=True):
            if worker.poll() is not None:
                listener.join(LAST_WORDS)
        return [
            f"worker {number} ended with code {worker.returncode}: {self._last_words.get(number, 'no word')}"
            for number, worker in enumerate(self._workers)
            if worker.returncode not in (None, 0)
            and not (self._stopped and worker.returncode == 128 + signal.SIGTERM)
        ]

    def _command(self) -> list[str]:
        hiring = self._hiring
        return [
            *(sys.executable, "-m", "harness", "worker", "--study", hiring.study),
            *("--runs", str(hiring.runs), "--data", str(hiring.data), "--device", hiring.device),
            *("--threads", str(self._threads), "--led"),
        ]

    @property
    def _threads(self) -> int:
        return max(1, (os.cpu_count() or 1) // self._jobs)

    def _environment(self, number: int) -> dict[str, str]:
        # Addresses may hold a password, which a command line would show to everybody on the machine.
        environment = {
            **os.environ,
            "OPTUNA_STORAGE": self._hiring.storage,
            "MLFLOW_TRACKING_URI": self._hiring.tracking_uri,
        }
        count = torch.cuda.device_count() if self._hiring.device in ("auto", "cuda") else 0
        if count > 1:
            visible = os.environ.get("CUDA_VISIBLE_DEVICES")
            environment["CUDA_VISIBLE_DEVICES"] = visible_to(number, count, visible)
        return environment

    def _listen(self, number: int, worker: subprocess.Popen[str]) -> None:
        assert worker.stderr is not None
        with worker.stderr:
            for line in worker.stderr:
                if line.strip():
                    self._last_words[number] = line.strip()
                    self._tell(line.rstrip())

"""`harness` in processes of its own that start at once: forked from one that has imported everything.

They are processes in every respect: real signals kill them, and they end with real exit codes.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerProcess
from multiprocessing.forkserver import ensure_running
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
_warm: list[bool] = []
"""Holds something once the process to fork from runs; it imports `warm`, which imports all that is slow."""

REPOSITORY = Path(__file__).parent.parent

TINY = """\
name: tiny
dataset: digits
network: {name: mlp, latent: {size: 8}, generator_widths: [32, 32], discriminator_widths: [32]}
loss: non_saturating
training: {steps: 60, batch_size: 32, log_every: 20, checkpoint_every: 20}
evaluation: {num_samples: 200, every: 20, metrics: [fid, kid, inception_score, prdc]}
seeds: [0]
"""


class Command:
    """`harness <arguments>`, running in `folder`."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> None:
        self.arguments = arguments
        self._output = folder / f".output-{time.monotonic_ns()}"
        self._process = forked(_harness, arguments, folder, dict(environment), self._output)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def stderr(self) -> str:
        """What was said so far."""
        file = self._output.with_suffix(".err")
        return file.read_text() if file.exists() else ""

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Its exit code and its output, once it has ended; a negative code is the signal that killed it."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            raise TimeoutError(
                f"harness {' '.join(self.arguments)} still ran after {timeout} s\n{self.stderr}"
            )
        output = self._output.with_suffix(".out").read_text()
        return subprocess.CompletedProcess(self.arguments, code, output, self.stderr)

    def end(self) -> None:
        """Kill it if it still runs."""
        self._process.kill()
        self._process.join()


def wait_until(condition: Callable[[], object], pause: float = 0.001, timeout: float = 60) -> None:
    """Until `condition` holds; looks a thousand times a second, so as to be early enough to disturb."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("waited in vain")
        time.sleep(pause)


def clean_environment() -> dict[str, str]:
    """This environment without what would point a run elsewhere."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "HARNESS_"))}
    return ours | {"MLFLOW_DISABLE_TELEMETRY": "true", "OMP_NUM_THREADS": "1", "COLUMNS": "120"}


def _harness(arguments: tuple[str, ...], folder: Path, environment: dict[str, str], output: Path) -> None:
    for descriptor, file, flags in (
        (0, Path(os.devnull), os.O_RDONLY),
        (1, output.with_suffix(".out"), os.O_WRONLY | os.O_CREAT),
        (2, output.with_suffix(".err"), os.O_WRONLY | os.O_CREAT),
    ):
        os.dup2(os.open(file, flags), descriptor)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - multiprocessing had closed it
    # It ends with the tests, as a daemon does; but it is a command, and commands have children.
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["harness", *arguments]
    from harness.cli import main

    main()


def forked(target: Callable[..., None], *arguments: object) -> ForkServerProcess:
    """`target(*arguments)` in a process of its own."""
    if not _warm:
        _warm.append(True)
        CONTEXT.set_forkserver_preload(["warm"])
        before = dict(os.environ)
        os.environ.update(clean_environment() | {"PYTHONPATH": str(Path(__file__).parent)})
        try:
            ensure_running()
        finally:
            os.environ.clear()
            os.environ.update(before)
    process = CONTEXT.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


Harness = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., Command]

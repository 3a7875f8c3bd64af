"""What commands that train have in common: where runs may be written, and what the environment asks for."""

import math
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from harness.errors import ConfigError
from harness.queue.database import ensure_database, storage_lock
from harness.queue.url import hidden
from harness.tracking.mirror import Mirror
from harness.tracking.uploader import Uploader
from harness.workplace import SYSTEM_INTERVAL

UPLOAD_TIMEOUT = 120.0
"""Seconds that the end of a command waits for MLflow."""
HEARTBEAT = 10


def system_interval() -> float:
    """Seconds between system metrics, from MLflow's own variable."""
    return _number("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", SYSTEM_INTERVAL)


def heartbeat() -> int:
    """Whole seconds between a worker's heartbeats; three without one, and its trial is another's."""
    return max(1, round(_number("HARNESS_HEARTBEAT", HEARTBEAT)))


def _number(name: str, default: float) -> float:
    try:
        seconds = float(os.environ.get(name) or default)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ConfigError(f"{name} is `{os.environ[name]}`; it should be a number of seconds above 0")
    return seconds


def check_writable(runs: Path) -> None:
    try:
        runs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=runs):
            pass
    except OSError as error:
        raise ConfigError(
            f"cannot write to the folder of runs `{runs}` ({error.strerror}); name another with --runs"
        ) from error


def prepare_tracking(mirror: Mirror, storage: str) -> None:
    """Make MLflow's database, where there is none, before several processes would at once: that breaks it for
    good. A server that cannot be reached is no reason not to train."""
    with suppress(Exception), storage_lock(storage):
        ensure_database(mirror.uri)
        _ = mirror.client


def missing_events(mirror: Mirror, missing: int, uploader: Uploader) -> str:
    return (
        f"MLflow at {hidden(mirror.uri)} misses {missing} events ({uploader.error}); everything is in the run"
        " folders, send it later with `harness sync`"
    )


def default_storage(runs: Path) -> str:
    """`optuna.db` beside the runs, as `mlflow.db` is."""
    return f"sqlite:///{runs.resolve().parent / 'optuna.db'}"

"""What other processes do in these tests."""

import os
import sys
import time
from pathlib import Path

from optuna.trial import TrialState

from harness.errors import ConfigError
from harness.queue.database import storage_lock
from harness.queue.definition import create_study, load_study
from harness.queue.held import Held
from harness.queue.slots import Slot, claim, finish, put, tally
from harness.queue.storage import open_storage


def begin(url: str, instant: float, definition: dict[str, object]) -> None:
    """What a command does first, at the given instant of the machine's clock."""
    while time.monotonic() < instant:
        pass
    storage = open_storage(url, 1)
    study, _ = create_study(storage, "s", ["minimize"], definition)
    with storage_lock(url):
        put(study, [Slot(f"cell {index}", {"seed": index}) for index in range(5)])


def work(url: str, done: Path) -> None:
    """Take and finish slots until none is left; a line in `done` for each."""
    storage = open_storage(url, 20)  # so that nobody counts as dead on a busy machine
    study = load_study(storage, "s")
    while tally(study).finished < tally(study).total:
        trial = claim(study, storage)
        if trial is None:
            time.sleep(0.05)
            continue
        with Held(storage, trial):
            value = trial.suggest_float("x", 0, 1)
            told = finish(study, trial, TrialState.COMPLETE, [value])
        with done.open("a") as file:
            file.write(f"{os.getpid()} {trial.number} {told}\n")


def hold(url: str, held: Path, go_on: Path) -> None:
    """Claim a slot and work on it until the file `go_on` is there; then say whether it was still ours."""
    storage = open_storage(url, 1)
    study = load_study(storage, "s")
    trial = claim(study, storage)
    assert trial is not None
    with Held(storage, trial) as mine:
        value = trial.suggest_float("x", 0, 1)
        trial.report(value, step=1)
        trial.set_user_attr("run", f"run of {trial.number}")
        held.write_text(str(trial.number))
        while not go_on.exists():
            time.sleep(0.01)
        mine.lost.wait(60)
    told = finish(study, trial, TrialState.COMPLETE, [value])
    held.with_suffix(".end").write_text(f"lost {mine.lost.is_set()} told {told}")


def add_one(url: str, file: Path, times: int) -> None:
    """Read a number and write the next one, which loses some unless one does it at a time."""
    for _ in range(times):
        with storage_lock(url):
            number = int(file.read_text())
            time.sleep(0.001)
            file.write_text(str(number + 1))


def keep_locked(url: str, locked: Path) -> None:
    with storage_lock(url):
        locked.touch()
        time.sleep(600)


def open_without_driver(url: str, said: Path) -> None:
    """As where psycopg is not installed."""
    sys.modules["psycopg"] = None  # type: ignore[assignment]
    try:
        open_storage(url, 1)
    except ConfigError as error:
        said.with_suffix(".part").write_text(str(error))
        said.with_suffix(".part").rename(said)

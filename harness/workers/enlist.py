"""A suite's cells carried out by worker processes, here and wherever else one joins."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.exc import SQLAlchemyError

from harness.config import Loaded, to_yaml
from harness.errors import HarnessError, InterruptedRunError
from harness.outcomes import Outcome
from harness.provenance import made_with
from harness.queue.database import storage_lock
from harness.queue.definition import create_study
from harness.queue.outage import is_outage, patiently
from harness.queue.slots import Slot, Tally, put, standing, tally
from harness.rundir import RunDir, short_hash
from harness.signals import StopSignal
from harness.workers.brief import Brief, give, has_brief
from harness.workers.crew import Crew, Hiring
from harness.workplace import Prepared, Workplace

LOOK = 1.0
"""Seconds between looks at a study."""


@dataclass(frozen=True)
class Enlist:
    """Carries cells out by `jobs` workers of this machine; `show` hears how the queue stands."""

    loaded: Loaded
    storage: RDBStorage
    hiring: Hiring
    jobs: int
    tell: Callable[[str], None]
    show: Callable[[Tally], None]

    def __call__(self, cells: Sequence[Prepared], folder: Path, workplace: Workplace) -> list[Outcome]:
        reused = {item.run.path for item in cells if item.run.standing()}
        left = [item for item in cells if item.run.path not in reused]
        if left:
            study = self._study(cells, left, folder, workplace.runs)
            hiring = replace(self.hiring, study=study.study_name)
            with Crew(hiring, min(self.jobs, len(left)), self.tell) as crew:
                attend(crew, [study], workplace.stop, lambda: self.show(tally(study)))
        if workplace.stop.number is not None:
            done = sum(item.run.standing() is not None for item in cells)
            raise InterruptedRunError(
                f"stopped with {done} of {len(cells)} cells done; the same command continues the others",
                workplace.stop.number,
            )
        return [_outcome(item, item.run.path in reused, workplace) for item in cells]

    def _study(
        self, cells: Sequence[Prepared], left: Sequence[Prepared], folder: Path, runs: Path
    ) -> optuna.Study:
        identities = {_name(item): short_hash(item.identity) for item in cells}
        name = f"{self.loaded.experiment.name}-suite-{short_hash(identities)}"
        definition = {"kind": "suite", "made with": made_with(), "cells": identities}
        study, _ = create_study(self.storage, name, ["minimize"], definition)
        with storage_lock(self.storage.url):
            if not has_brief(study):
                text, file = to_yaml(self.loaded.experiment), str(self.loaded.path)
                within, key = folder.relative_to(runs).as_posix(), RunDir(folder).known_as
                give(study, Brief("suite", text, file, "", within, key, (name,)))
            tried = Counter(trial.user_attrs.get("cell") for trial in standing(study))
            open_now = {
                trial.user_attrs.get("cell") for trial in standing(study) if not trial.state.is_finished()
            }
            put(
                study,
                [
                    # A cell that failed in an earlier command is tried once more.
                    Slot(
                        f"{_name(item)}/{tried[_name(item)]}",
                        {"cell": _name(item), "variant": item.cell.variant, "seed": item.cell.seed},
                    )
                    for item in left
                    if _name(item) not in open_now
                ],
            )
        return study


def attend(crew: Crew, studies: Sequence[optuna.Study], stop: StopSignal, show: Callable[[], None]) -> None:
    """Wait for the workers, and pass a signal on to them. HarnessError where they ended before the work."""
    told = False
    while crew.working:
        if stop() and not told:
            crew.stop()
            told = True
        try:
            show()
        except (StorageInternalError, SQLAlchemyError) as error:
            if not is_outage(error):  # workers wait for the storage to come back, and so can this
                raise
        time.sleep(LOOK)
    left = patiently(lambda: [tally(study) for study in studies])
    if (failures := crew.failures()) and not stop() and any(each.waiting or each.running for each in left):
        raise HarnessError("\n".join([*dict.fromkeys(failures), "the same command goes on"]))


def _name(item: Prepared) -> str:
    return f"{item.cell.variant}/seed{item.cell.seed}"


def _outcome(item: Prepared, reused: bool, workplace: Workplace) -> Outcome:
    results = item.run.standing()
    if results is not None:
        return Outcome(item, results, "", reused)
    reason = item.run.status()["reason"] or f"its run is not in {workplace.runs}"
    workplace.watcher.warned(f"{_name(item)} failed: {reason}")
    return Outcome(item, None, reason, reused=False)

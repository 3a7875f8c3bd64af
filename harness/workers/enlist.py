"""A suite's cells carried out by worker processes, here and wherever else one joins."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import optuna
from optuna.storages import RDBStorage

from harness.config import Loaded, to_yaml
from harness.errors import InterruptedRunError
from harness.outcomes import Outcome
from harness.provenance import made_with
from harness.queue.database import storage_lock
from harness.queue.definition import create_study
from harness.queue.outage import patiently
from harness.queue.slots import REASON, Slot, Tally, put, standing, tally
from harness.rundir import RunDir, short_hash
from harness.workers.attend import LEFT_TO_OTHERS, see_done
from harness.workers.brief import Brief, give
from harness.workers.crew import Hiring
from harness.workplace import Prepared, Workplace


@dataclass(frozen=True)
class Enlist:
    """Carries cells out by `jobs` workers of this machine, or with none by those that stand ready elsewhere;
    `show` hears how the queue stands."""

    loaded: Loaded
    storage: RDBStorage
    hiring: Hiring
    jobs: int
    tell: Callable[[str], None]
    show: Callable[[Tally], None]

    def __call__(self, cells: Sequence[Prepared], folder: Path, workplace: Workplace) -> list[Outcome]:
        reused = {item.run.path for item in cells if item.run.standing()}
        left = [item for item in cells if item.run.path not in reused]
        reasons: dict[str, str] = {}
        if left:
            study = self._study(cells, left, folder, workplace)
            see_done(
                [study],
                self.storage,
                replace(self.hiring, study=study.study_name),
                min(self.jobs, len(left)),
                self.tell,
                workplace,
                lambda: self.show(tally(study)),
            )
            reasons = patiently(lambda: _reasons(study))
        if workplace.stop.number is not None:
            done = sum(item.run.standing() is not None for item in cells)
            how = "the same command continues the others" if self.jobs else LEFT_TO_OTHERS
            raise InterruptedRunError(
                f"stopped with {done} of {len(cells)} cells done; {how}", workplace.stop.number
            )
        for item in cells:
            if workplace.uploader:  # its worker may have died before it had sent all
                workplace.uploader.catch_up(item.run.path)
        return [
            _outcome(item, item.run.path in reused, reasons.get(_name(item)), workplace) for item in cells
        ]

    def _study(
        self, cells: Sequence[Prepared], left: Sequence[Prepared], folder: Path, workplace: Workplace
    ) -> optuna.Study:
        identities = {_name(item): short_hash(item.identity) for item in cells}
        name = f"{self.loaded.experiment.name}-suite-{short_hash(identities)}"
        definition = {"kind": "suite", "made with": made_with(), "cells": identities}
        study, _ = create_study(self.storage, name, ["minimize"], definition)
        with storage_lock(self.storage.url):
            text, file = to_yaml(self.loaded.experiment), str(self.loaded.path)
            within, key = folder.relative_to(workplace.runs).as_posix(), RunDir(folder).known_as
            # Given anew each time: the folder may be another one now, with a key of its own.
            give(study, Brief("suite", text, file, "", within, key, (name,), workplace.device.type))
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


def _name(item: Prepared) -> str:
    return f"{item.cell.variant}/seed{item.cell.seed}"


def _reasons(study: optuna.Study) -> dict[str, str]:
    """Why cells failed, as their workers told the study."""
    return {trial.user_attrs["cell"]: trial.user_attrs.get(REASON, "") for trial in standing(study)}


def _outcome(item: Prepared, reused: bool, told: str | None, workplace: Workplace) -> Outcome:
    """`told`: why it failed, where its process could not say so itself."""
    results = item.run.standing()
    if results is not None:
        return Outcome(item, results, "", reused)
    reason = item.run.status()["reason"] or told or f"its run is not in {workplace.runs}"
    workplace.watcher.warned(f"{_name(item)} failed: {reason}")
    return Outcome(item, None, reason, reused=False)

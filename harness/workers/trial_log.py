"""What a trial of a search leaves in its folder, and so in MLflow: its point, its learning curve, its end."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.config import Cell
from harness.events import Events
from harness.provenance import first_provenance, source_tags
from harness.record import close_record
from harness.rundir import RunDir, Status
from harness.workers.task import Message


class TrialLog:
    """The open log of one trial. A trial that is taken up again goes on in the same one."""

    def __init__(
        self, folder: Path, parent: Path, key: str, cells: Sequence[Cell], point: Mapping[str, object]
    ) -> None:
        self.run = RunDir(folder)
        self._cells = cells
        folder.mkdir(parents=True, exist_ok=True)
        record = first_provenance(self.run, {}, "", key)
        self.run.set_status("running")
        self._events = Events(folder)
        cell = cells[0]
        self._events.write(
            "start",
            experiment=cell.experiment,
            name=folder.relative_to(parent).as_posix(),
            parent=os.path.relpath(parent, folder),
            tags={
                "harness.run": record["key"],
                "harness.kind": "trial",
                "harness.variant": cell.variant,
                "harness.config_hash": cell.config_hash,
                "harness.outcome": "running",
                **source_tags(record),
            },
        )
        searched = {f"search/{key}": value for key, value in point.items()}
        self._events.write("params", values={**searched, **cell.flat()})

    def heard(self, message: Message) -> None:
        """Curves into the log: those of several seeds each under its own name."""
        seed = self._cells[message.index].seed
        prefix = f"seed{seed}/" if len(self._cells) > 1 else ""
        values = message.values
        if message.kind == "window":
            named = {f"{prefix}{name}": value for name, value in values.items()}
            self._events.metrics(f"{prefix}train", message.step, named)
        elif message.kind == "evaluated":
            named = {f"{prefix}eval/{name}": value for name, value in values.items()}
            self._events.metrics(f"{prefix}eval", message.step, named)

    def picture(self, seed_folder: Path, step: int) -> None:
        """The samples of a finished seed."""
        file = RunDir(seed_folder).sample_file(step)
        if file.exists():
            self._events.image(seed_folder.name, step, file.relative_to(self.run.path).as_posix())

    def close(self, status: Status, reason: str, objective: Mapping[str, float]) -> None:
        """The last words: `objective` by key, empty where there is none."""
        if objective:
            named = {f"objective/{name}": value for name, value in objective.items()}
            self._events.metrics("objective", self._cells[0].training.steps, named)
        with self._events as events:
            close_record(self.run, events, status, reason=reason)

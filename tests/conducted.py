"""Searches by a worker in this process: its trainings are processes all the same, and nothing waits for one
to import."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import optuna
import torch
from mlflow import MlflowClient
from mlflow.entities import Run
from optuna.storages import RDBStorage
from processes import forked
from sweeping import runs_in
from test_run import Listener

from harness.catalog import TABLES
from harness.commands.store import mirror_for
from harness.config import load
from harness.queue.storage import open_storage
from harness.signals import StopSignal
from harness.sweep.conclusion import Conclusion
from harness.sweep.plan import Plan, plan
from harness.sweep.studies import open_studies, set_deadline
from harness.sweep.sweep import Means, run_sweep
from harness.tracking.uploader import Uploader
from harness.trials import TrialRecord
from harness.workers.brief import brief_of
from harness.workers.crew import Hiring
from harness.workers.records import records
from harness.workers.search import SearchWork
from harness.workers.task import Site
from harness.workers.worker import Post, work
from harness.workplace import Workplace

LONG = 120.0
"""Seconds of silence, of a worker that a busy machine may keep waiting."""


def warm() -> None:
    """Have the process ready that trainings are forked from, before anything else would start it."""
    first = forked(_nothing)
    first.join()


def _nothing() -> None: ...


@dataclass(frozen=True)
class Place:
    """A folder with an experiment file, runs, and the databases of Optuna and MLflow."""

    folder: Path
    storage: RDBStorage

    @property
    def file(self) -> Path:
        return self.folder / "tiny.yaml"

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def tracking(self) -> str:
        return f"sqlite:///{self.folder / 'mlflow.db'}"

    def planned(self, *overrides: str, name: str = "tiny", per_variant: bool = False) -> Plan:
        loaded = load(self.file, overrides, TABLES)
        return plan(loaded, name, per_variant=per_variant, data_root=Path("unused"))

    def opened(self, planned: Plan, deadline: float | None = None) -> list[optuna.Study]:
        studies = open_studies(planned, self.storage, "0123456789abcdef")
        set_deadline(studies, deadline)
        return studies

    def ended(self, planned: Plan) -> dict[str, list[TrialRecord]]:
        """The trials of the plan's studies, by variant."""
        studies = zip(planned.searched, self.opened(planned), strict=True)
        return {searched.variant: records(study) for searched, study in studies}

    def conducted(
        self, *overrides: str, name: str = "tiny", per_variant: bool = False, deadline: float | None = None
    ) -> "Conducted":
        """The search of the file with these overrides, as far as one worker takes it."""
        planned = self.planned(*overrides, name=name, per_variant=per_variant)
        studies = self.opened(planned, deadline)
        said: list[str] = []
        warned: list[str] = []
        uploader = Uploader(mirror_for(self.runs, None))
        works = [
            SearchWork(
                study,
                planned.loaded,
                brief_of(study).variant,
                brief_of(study).trials_folder(self.runs / planned.folder),
                self.runs / planned.folder,
                uploader,
                0,
            )
            for study in studies
        ]
        site = Site(self.runs, Path("unused"), "cpu", 1, LONG)
        warm()
        work(works, Post(self.storage, site, StopSignal(), said.append, warned.append))
        assert uploader.close(LONG) == 0
        return Conducted(self, planned, tuple(studies), tuple(said), tuple(warned))

    def in_mlflow(self, kind: str) -> dict[str, Run]:
        """By name."""
        return {str(run.info.run_name): run for run in runs_in(self.tracking, kind)}

    def history(self, run: Run, key: str) -> list[tuple[int, float]]:
        points = MlflowClient(self.tracking).get_metric_history(run.info.run_id, key)
        return sorted((point.step, point.value) for point in points)


@dataclass(frozen=True)
class Conducted:
    """What a search left. `said`, `warned`: the worker's lines."""

    place: Place
    plan: Plan
    studies: tuple[optuna.Study, ...]
    said: tuple[str, ...]
    warned: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return self.place.runs / self.plan.folder

    @property
    def trials(self) -> list[TrialRecord]:
        """Of the only study."""
        (study,) = self.studies
        return records(study)

    def concluded(self) -> Conclusion:
        """What `harness sweep` makes of a search of which no trial is left."""
        uploader = Uploader(mirror_for(self.place.runs, None))
        hiring = Hiring(
            self.place.storage.url,
            self.plan.name,
            self.place.runs,
            Path("unused"),
            self.place.tracking,
            "cpu",
        )
        heard = Listener()
        workplace = Workplace(
            self.place.runs, Path("unused"), torch.device("cpu"), uploader, heard, StopSignal()
        )
        means = Means(self.place.storage, hiring, 1, None, heard.warned, _unseen, _unseen)
        conclusion = run_sweep(self.plan, means, workplace)
        assert uploader.close(LONG) == 0
        assert conclusion is not None
        return conclusion


def _unseen(standing: object) -> None: ...


@contextmanager
def place(folder: Path, text: str, store: Path) -> Iterator[Place]:
    """`text` is the experiment's, `store` an MLflow database without runs."""
    shutil.copy(store, folder / "mlflow.db")
    storage = open_storage(f"sqlite:///{folder / 'optuna.db'}", 1)
    made = Place(folder, storage)
    made.file.write_text(text)
    yield made
    storage.remove_session()
    storage.engine.dispose()


def past() -> float:
    return time.time() - 1

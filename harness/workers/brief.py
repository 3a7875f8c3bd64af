"""What a worker is told of a study: kept with it, so that a worker needs nothing but the storage."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import optuna
from optuna.storages import RDBStorage

from harness.events import FILE, Events
from harness.provenance import first_provenance, source_tags
from harness.queue.database import storage_lock
from harness.queue.definition import wait_for_study
from harness.rundir import RunDir

ATTRIBUTE = "brief"
WORKERS = "workers"


@dataclass(frozen=True)
class Brief:
    """kind: what a trial is; experiment: the file's text, as `to_yaml` writes it; file: its path where the
    command was given, whose folder may have modules of the user's; variant: that is searched; folder: of the
    whole, within the folder of runs; key: what the whole is known by in MLflow; studies: all of the whole;
    device: the kind that a suite's results are looked for under, empty where any will do."""

    kind: Literal["suite", "sweep"]
    experiment: str
    file: str
    variant: str
    folder: str
    key: str
    studies: tuple[str, ...]
    device: str = ""

    @property
    def title(self) -> str:
        """What the search is called in MLflow."""
        return f"sweep {'/'.join(PurePosixPath(self.folder).parts[2:])}"

    def trials_folder(self, folder: Path) -> Path:
        """Where the trials of this study lie, given where the whole does."""
        return folder if len(self.studies) == 1 else folder / self.variant


def give(study: optuna.Study, brief: Brief) -> None:
    study.set_user_attr(ATTRIBUTE, asdict(brief))


def has_brief(study: optuna.Study) -> bool:
    return ATTRIBUTE in study.user_attrs


def brief_of(study: optuna.Study) -> Brief:
    """KeyError where no command of harness's made the study."""
    return brief_in(study.user_attrs)


def brief_in(user_attrs: Mapping[str, Any]) -> Brief:
    """The brief among the user attributes of a study."""
    record: dict[str, Any] = user_attrs[ATTRIBUTE]
    return Brief(**{**record, "studies": tuple(record["studies"])})


def studies_of(storage: RDBStorage, name: str, timeout: float) -> list[optuna.Study]:
    """The study `name`, or one for each variant where that is what the name stands for."""
    of_variants = sorted(each for each in optuna.get_all_study_names(storage) if each.startswith(f"{name}/"))
    first = _briefed(storage, of_variants[0] if of_variants else name, timeout)
    names: Sequence[str] = brief_of(first).studies if first.study_name != name else (name,)
    return [first if each == first.study_name else _briefed(storage, each, timeout) for each in names]


def _briefed(storage: RDBStorage, name: str, timeout: float) -> optuna.Study:
    """The study, once the command that makes it has said what it is for; as it is after `timeout` seconds."""
    end = time.monotonic() + timeout
    study = wait_for_study(storage, name, timeout)
    while not has_brief(study) and time.monotonic() < end:
        time.sleep(0.2)
    return study


def next_worker(study: optuna.Study, url: str) -> int:
    """A number that no worker of the study had before, in whatever command: what its sampler proposes derives
    from it."""
    with storage_lock(url):
        number = int(study.user_attrs.get(WORKERS, 0))
        study.set_user_attr(WORKERS, number + 1)
    return number


def is_shared(brief: Brief, runs: Path) -> bool:
    """Whether `runs` is the folder of runs of the command that gave the brief: that makes the folder of the
    whole, with its key, before it gives one."""
    whole = RunDir(runs / brief.folder)
    return whole.provenance.exists() and whole.known_as == brief.key


def ensure_parent(folder: Path, experiment: str, brief: Brief) -> None:
    """The search that trials belong to, in a folder of runs where the command that made it did not write, or
    not yet: MLflow then has one run of it, whoever speaks of it first."""
    if (folder / FILE).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    record = first_provenance(RunDir(folder), {}, "", brief.key)
    with Events(folder) as events:
        tags = {"harness.run": record["key"], "harness.kind": brief.kind, **source_tags(record)}
        events.write("start", experiment=experiment, name=brief.title, tags=tags)

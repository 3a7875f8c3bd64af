"""The studies of a storage as a worker sees them that stands ready for all of them."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RDBStorage

from harness.errors import ConfigError, reason_of
from harness.queue.database import storage_lock
from harness.queue.definition import DEFINITION
from harness.queue.outage import is_outage
from harness.queue.slots import tally
from harness.tracking.uploader import Uploader
from harness.workers.brief import ATTRIBUTE, Brief
from harness.workers.task import Site
from harness.workers.worker import Work
from harness.workers.works import checked_brief, modules_of, refuse_elsewhere, work_of


@dataclass
class Known:
    """A study, as the last look left it. `record`: its brief then; `work`: what was made of that, once it was
    `tried`; `said`: why the study was left out."""

    study: optuna.Study
    record: Any = None
    tried: bool = False
    work: Work | None = None
    said: str = ""


class Studies:
    """Call it to look: all work of which there is something to take, or will be if its worker dies.

    What cannot be taken here is left out, with one line that says why, until it has another brief.
    """

    def __init__(
        self,
        storage: RDBStorage,
        site: Site,
        uploader: Uploader,
        interval: float,
        warn: Callable[[str], None],
    ) -> None:
        """`interval`: seconds between system metrics."""
        self._storage, self._site, self._uploader = storage, site, uploader
        self._interval, self._warn = interval, warn
        self._known: dict[tuple[int, str], Known] = {}
        self._folders: set[Path] = set()

    def __call__(self) -> list[Work]:
        found = []
        there = {(each._study_id, each.study_name): each for each in self._storage.get_all_studies()}
        # One that was deleted is forgotten: name, or number, may be another one's next.
        self._known = {each: known for each, known in self._known.items() if each in there}
        for each, frozen in there.items():
            with suppress(KeyError):  # it was deleted just now
                if each not in self._known:
                    # Kept from then on, because it keeps the trials that have ended.
                    study = optuna.load_study(storage=self._storage, study_name=frozen.study_name)
                    self._known[each] = Known(study)
                # Of a study that is done nothing else is asked: there may be many.
                known = self._known[each]
                counts = tally(known.study)
                if counts.waiting + counts.running and (work := self._work(known, frozen.user_attrs)):
                    found.append(work)
        return found

    def _work(self, known: Known, user_attrs: Mapping[str, Any]) -> Work | None:
        if (record := user_attrs.get(ATTRIBUTE)) != known.record:
            known.record, known.tried, known.work, known.said = record, False, None, ""
        try:
            if record is None and not known.said and self._is_being_made(known.study):
                return None
            brief = checked_brief(known.study.study_name, user_attrs)
            # Asked at each look: a folder that is shared may show what is new in it late.
            refuse_elsewhere(known.study.study_name, brief, self._site)
            if not known.tried:
                known.tried = True
                known.work = self._made(known.study, brief)
            return known.work
        except Exception as error:
            if is_outage(error):
                known.tried = False
                raise
            self._leave_out(known, error)
            return None

    def _is_being_made(self, study: optuna.Study) -> bool:
        """Whether its command has yet to give its brief; other programs never say what a study is for, which
        harness says under this lock."""
        with storage_lock(self._storage.url):
            return DEFINITION in study.user_attrs

    def _made(self, study: optuna.Study, brief: Brief) -> Work:
        folder = modules_of(brief)
        for other in self._folders - {folder}:
            # Python has one module of a name: that of the first folder would be taken for both.
            if same := _modules(folder) & _modules(other):
                raise ConfigError(
                    f"{min(same)} in {folder} is another one than in {other}: start a worker with --study"
                    f" {study.study_name}"
                )
        self._folders.add(folder)
        return work_of(study, brief, self._site, self._uploader, self._storage.url, self._interval)

    def _leave_out(self, known: Known, error: Exception) -> None:
        name, reason = known.study.study_name, "; ".join(reason_of(error).splitlines())
        if reason != known.said:
            known.said = reason
            self._warn(
                f"left out: {reason}" if f"`{name}`" in reason else f"left out: study `{name}`: {reason}"
            )


def _modules(folder: Path) -> set[str]:
    """Names of the modules in a folder, which may be one of another machine."""
    return {file.stem for file in folder.glob("*.py")} | {
        file.parent.name for file in folder.glob("*/__init__.py")
    }

"""`harness worker`."""

import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

import optuna

from harness.catalog import TABLES
from harness.commands.setting import (
    UPLOAD_TIMEOUT,
    heartbeat,
    missing_events,
    prepare_tracking,
    system_interval,
)
from harness.commands.store import mirror_for
from harness.config import load_text
from harness.console import console
from harness.errors import ConfigError, InterruptedRunError
from harness.provenance import made_with
from harness.queue.definition import definition_of
from harness.queue.storage import GRACE, open_storage
from harness.signals import StopSignal
from harness.tracking.uploader import Uploader
from harness.workers.brief import Brief, brief_of, ensure_parent, next_worker, studies_of
from harness.workers.process import wait_until_warm, warm_up
from harness.workers.search import SearchWork
from harness.workers.suite import SuiteWork
from harness.workers.task import Site
from harness.workers.worker import Post, Work, work


@dataclass(frozen=True)
class Station:
    """Where a worker works. `led`: whether a command started it, with whose end it ends too."""

    runs: Path
    data: Path
    tracking_uri: str | None
    device: str
    threads: int
    led: bool


def join_study(url: str, name: str, station: Station, wait: float) -> None:
    """Claim trials of a study until none is left, or until a signal. One that is not there yet is waited for,
    `wait` seconds."""
    beat = heartbeat()
    storage = open_storage(url, beat)
    studies = studies_of(storage, name, wait)
    briefs = [_brief_of(study) for study in studies]
    warm_up(exports=any(brief.kind == "suite" for brief in briefs))
    mirror = mirror_for(station.runs, station.tracking_uri)
    prepare_tracking(mirror, url)
    uploader = Uploader(mirror)

    def tell(line: str) -> None:
        console.print(line, soft_wrap=True, markup=False)

    def warn(line: str) -> None:
        console.print(f"warning: {line}", soft_wrap=True, markup=False, style="yellow")

    with StopSignal() as stop:
        if station.led:
            threading.Thread(target=_follow_leader, args=(stop,), daemon=True).start()
        site = Site(station.runs, station.data, station.device, station.threads, (GRACE - 1) * beat)
        told = zip(studies, briefs, strict=True)
        works = [_work(study, brief, station, uploader, url) for study, brief in told]
        try:
            wait_until_warm()
            work(works, Post(storage, site, stop, tell, warn))
            if not station.led:
                tell(f"nothing is left to take of study {name}")
        finally:
            if missing := uploader.close(UPLOAD_TIMEOUT):
                warn(missing_events(mirror, missing, uploader))
        if stop.number is not None:
            raise InterruptedRunError("stopped; what was begun waits in the study", stop.number)


def _brief_of(study: optuna.Study) -> Brief:
    try:
        brief = brief_of(study)
    except KeyError:
        raise ConfigError(f"study `{study.study_name}` was not made by harness") from None
    theirs, ours = definition_of(study)["made with"], made_with()
    if different := [f"{key} {theirs[key]}, here {ours[key]}" for key in ours if theirs[key] != ours[key]]:
        raise ConfigError(
            f"study `{study.study_name}` was made with {'; '.join(different)}: their values would not compare"
        )
    return brief


def _work(study: optuna.Study, brief: Brief, station: Station, uploader: Uploader, url: str) -> Work:
    sys.path.append(str(Path(brief.file).parent.absolute()))
    loaded = load_text(brief.experiment, brief.file, TABLES)
    folder = station.runs / brief.folder
    ensure_parent(folder, loaded.experiment.name, brief)
    if brief.kind == "suite":
        return SuiteWork(study, loaded, folder, uploader, system_interval())
    trials = brief.trials_folder(folder)
    return SearchWork(study, loaded, brief.variant, trials, folder, uploader, next_worker(study, url))


def _follow_leader(stop: StopSignal) -> None:
    """End when the command that started this worker does: it holds the other end of stdin."""
    os.read(0, 1)
    stop.number = stop.number or SIGTERM

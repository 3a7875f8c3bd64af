"""`harness worker`."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

from optuna.storages import RDBStorage

from harness.commands.setting import (
    UPLOAD_TIMEOUT,
    heartbeat,
    missing_events,
    prepare_tracking,
    system_interval,
)
from harness.commands.store import mirror_for
from harness.console import console
from harness.errors import InterruptedRunError
from harness.queue.storage import GRACE, open_storage
from harness.queue.url import hidden
from harness.signals import StopSignal
from harness.tracking.uploader import Uploader
from harness.workers.brief import studies_of
from harness.workers.process import wait_until_warm, warm_up
from harness.workers.studies import Studies
from harness.workers.task import Site
from harness.workers.worker import Post, serve, work
from harness.workers.works import checked_brief, refuse_elsewhere, work_of


@dataclass(frozen=True)
class Station:
    """Where a worker works. `led`: whether a command started it, with whose end it ends too."""

    runs: Path
    data: Path
    tracking_uri: str | None
    device: str
    threads: int
    led: bool

    @property
    def site(self) -> Site:
        return Site(self.runs, self.data, self.device, self.threads, (GRACE - 1) * heartbeat())


def join_study(url: str, name: str, station: Station, wait: float) -> None:
    """Claim trials of a study until none is left, or until a signal. One that is not there yet is waited for,
    `wait` seconds."""
    storage, site, interval = open_storage(url, heartbeat()), station.site, system_interval()
    studies = studies_of(storage, name, wait)
    briefs = [checked_brief(study.study_name, study.user_attrs) for study in studies]
    for study, brief in zip(studies, briefs, strict=True):
        refuse_elsewhere(study.study_name, brief, site)
    warm_up(exports=any(brief.kind == "suite" for brief in briefs))
    with _manned(storage, url, station) as (post, uploader):
        works = [
            work_of(study, brief, site, uploader, url, interval)
            for study, brief in zip(studies, briefs, strict=True)
        ]
        wait_until_warm()
        work(works, post)
        if not station.led and not post.stop():
            post.tell(f"nothing is left to take of study {name}")
    if post.stop.number is not None:
        raise InterruptedRunError("stopped; what was begun waits in the study", post.stop.number)


def stand_ready(url: str, station: Station) -> None:
    """Claim trials of every study that is in the storage, or will be, until a signal."""
    storage, interval = open_storage(url, heartbeat()), system_interval()
    warm_up(exports=True)  # a suite may come
    with _manned(storage, url, station) as (post, uploader):
        find = Studies(storage, post.site, uploader, interval, post.warn)
        wait_until_warm()
        post.tell(f"ready for studies in {hidden(url)}")
        serve(find, post)
    post.tell("stopped; a trial that was begun waits in its study")


@contextmanager
def _manned(storage: RDBStorage, url: str, station: Station) -> Iterator[tuple[Post, Uploader]]:
    """The post of a worker, with what feeds MLflow from there."""
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
        try:
            yield Post(storage, station.site, stop, tell, warn), uploader
        finally:
            if missing := uploader.close(UPLOAD_TIMEOUT):
                warn(missing_events(mirror, missing, uploader))


def _follow_leader(stop: StopSignal) -> None:
    """End when the command that started this worker does: it holds the other end of stdin."""
    os.read(0, 1)
    stop.number = stop.number or SIGTERM

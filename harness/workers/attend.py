"""A command that waits until its studies are done: by workers of its own, or by those that stand ready."""

import time
from collections.abc import Callable, Sequence

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.exc import SQLAlchemyError

from harness.errors import HarnessError
from harness.queue.definition import unless_deleted
from harness.queue.outage import is_outage, patiently
from harness.queue.slots import Tally, mend, tally
from harness.queue.url import hidden
from harness.signals import StopSignal
from harness.workers.crew import Crew, Hiring
from harness.workplace import Workplace

LOOK = 1.0
"""Seconds between looks at a study."""
UNTAKEN = 30.0
"""Seconds in which nobody takes anything after which it is said how a worker is started."""
LEFT_TO_OTHERS = "workers elsewhere go on with what waits, and the same command follows them again"


def see_done(
    studies: Sequence[optuna.Study],
    storage: RDBStorage,
    hiring: Hiring,
    jobs: int,
    tell: Callable[[str], None],
    workplace: Workplace,
    show: Callable[[], None],
    is_over: Callable[[optuna.Study], bool] = lambda study: False,
) -> None:
    """Until nothing is left of the studies, or until a signal. `jobs`: workers to start, 0 for none;
    `is_over`: whether no further trial of a study may begin, although some wait."""
    if jobs:
        with Crew(hiring, jobs, tell) as crew:
            attend(crew, studies, workplace.stop, show)
    else:
        follow(studies, storage, hiring, workplace, show, is_over)


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


def follow(
    studies: Sequence[optuna.Study],
    storage: RDBStorage,
    hiring: Hiring,
    workplace: Workplace,
    show: Callable[[], None],
    is_over: Callable[[optuna.Study], bool],
) -> None:
    """Wait for workers that others have started, or will: it is said once where nobody takes anything."""

    def look() -> list[Tally] | None:
        """How the studies stand; None where nothing is left, or a signal came while the storage was away."""
        if workplace.stop():
            return None
        with unless_deleted(*studies):
            for study in studies:
                mend(study, storage)  # no other worker may be there to see that the last one died
            found = [tally(study) for study in studies]
            show()
            pairs = zip(studies, found, strict=True)
            left = any(each.running or (each.waiting and not is_over(study)) for study, each in pairs)
        return found if left else None

    finished, since, told = -1, time.monotonic(), False
    while (counts := patiently(look)) is not None:
        done = sum(each.finished for each in counts)
        if done != finished or any(each.running for each in counts):
            finished, since = done, time.monotonic()
        elif not told and time.monotonic() - since >= UNTAKEN:
            told = True
            workplace.watcher.warned(
                f"no worker takes trials of study {hiring.study}: start one with harness worker --storage"
                f" {hidden(hiring.storage)} --runs {hiring.runs}"
            )
        time.sleep(LOOK)

"""A worker: claims trials of its studies, one by one, and has each carried out in a process of its own."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from harness.errors import reason_of
from harness.queue.definition import StudyDeletedError, unless_deleted
from harness.queue.held import Held
from harness.queue.outage import patiently
from harness.queue.slots import Tally, claim, finish, first_number, release, tally
from harness.signals import StopSignal
from harness.workers.process import TaskProcess
from harness.workers.task import Ending, Message, Site, Task

PAUSE = 1.0
"""Seconds between looks at a study of which other workers hold the last trials."""
IDLE = 2.0
"""Seconds between looks at a storage in which there is nothing to take."""
LOOKS_SHARE = 10
"""Of a large storage a look takes long: so many times as long there is none."""


class Work(Protocol):
    """What the trials of one study are, and what becomes of them."""

    @property
    def study(self) -> optuna.Study: ...

    def is_over(self) -> bool:
        """Whether no further trial may begin, although some wait."""

    def take_up(self, trial: Trial, frozen: FrozenTrial) -> "Assignment":
        """What is to be done; HarnessError where that cannot be. `frozen` is what the storage knows of it."""


class Assignment(Protocol):
    """One trial being carried out."""

    task: Task

    def heard(self, message: Message) -> bool:
        """Take note of what the process says; the answer is whether to go on."""

    def end(self, message: Message) -> Ending:
        """The last words, and what to tell the study; a trial that was stopped is queued again instead."""


@dataclass(frozen=True)
class Post:
    """Where a worker's trials come from, where it works, who may stop it, who is told how it goes, and who of
    what is odd."""

    storage: RDBStorage
    site: Site
    stop: StopSignal
    tell: Callable[[str], None]
    warn: Callable[[str], None]


def work(works: Sequence[Work], post: Post) -> None:
    """Until nothing is left, not even of what other workers hold; or until it is stopped."""
    while not post.stop():
        if _take_one(_by_waiting(works, post), post, _number) is None:
            # A worker that holds one of the last trials may die: then there is one to take.
            if not any(_running(each) for each in works):
                return
            _wait(PAUSE, post.stop)


def serve(find: Callable[[], Sequence[Work]], post: Post) -> None:
    """Whatever `find` finds at each look, the studies in turn, so that a long search holds up no other; until
    it is stopped."""
    turns: list[str] = []
    while not post.stop():
        began = time.monotonic()
        # While the storage is away, nothing is lost by an end.
        found = patiently(lambda: [] if post.stop() else find())
        took = time.monotonic() - began
        last = {name: turn for turn, name in enumerate(turns)}
        works = sorted(_by_waiting(found, post), key=lambda work: last.get(work.study.study_name, -1))
        if (taken := _take_one(works, post, _name)) is None:
            _wait(max(IDLE, LOOKS_SHARE * took), post.stop)
        else:
            name = taken.study.study_name
            turns = [*(each for each in turns if each != name), name]


def _number(study: optuna.Study, number: int) -> str:
    """What a trial is called where there is one study."""
    return f"trial {number}"


def _name(study: optuna.Study, number: int) -> str:
    """What it is called among those of others."""
    return f"{study.study_name}, trial {number}"


Naming = Callable[[optuna.Study, int], str]


def _take_one(works: Sequence[Work], post: Post, naming: Naming) -> Work | None:
    """Carry out a trial of the first that has one, which is returned; None where none has."""
    for each in works:
        with _deletion_told(each.study, post):
            if (trial := claim(each.study, post.storage)) is not None:
                _carry_out(each, trial, post, naming)
                return each
    return None


def _by_waiting(works: Sequence[Work], post: Post) -> list[Work]:
    """Those of which a trial may begin, the one with most to do first: so that all end at about one time."""
    waiting: dict[int, int] = {}
    for index, each in enumerate(works):
        with _deletion_told(each.study, post):
            if not each.is_over():
                waiting[index] = _counted(each).waiting
    return [works[index] for index in sorted(waiting, key=lambda index: -waiting[index])]


@contextmanager
def _deletion_told(study: optuna.Study, post: Post) -> Iterator[None]:
    """A study may be deleted at any moment, which ends what is done for it, and nothing else."""
    try:
        with unless_deleted(study):
            yield
    except StudyDeletedError:
        post.warn(f"study {study.study_name} was deleted")


def _counted(work: Work) -> Tally:
    return patiently(lambda: tally(work.study))


def _running(work: Work) -> int:
    """Trials that run; of a study that was deleted, none."""
    try:
        with unless_deleted(work.study):
            return _counted(work).running
    except StudyDeletedError:
        return 0


def _carry_out(work: Work, trial: Trial, post: Post, naming: Naming) -> None:
    frozen = patiently(lambda: post.storage.get_trial(trial._trial_id))
    name = naming(work.study, first_number(frozen))
    process: TaskProcess | None = None
    with Held(post.storage, trial, lambda: process.say("beat") if process else None) as held:
        try:
            assignment = work.take_up(trial, frozen)
        except UpdateFinishedTrialError:  # this process was stopped just now, and the trial taken away
            return
        except Exception as error:  # of this trial, not of the worker: the next one may be sound
            ending = Ending(TrialState.FAIL, reason=reason_of(error))
        else:
            process = TaskProcess(assignment.task, post.site)
            try:
                last = _last_message(process, assignment, held, post)
            except UpdateFinishedTrialError:
                last = None
            except Exception as error:
                last = Message("failed", text=reason_of(error))
            finally:
                process.end()
            # What follows writes into the trial's folder, where another worker may be at work by now.
            if last is None or not _is_held(trial, post.storage):
                post.warn(f"{name} was given to another worker while this one was silent")
                return
            try:
                ending = assignment.end(last)
            except Exception as error:
                ending = Ending(TrialState.FAIL, reason=reason_of(error))
            if last.kind == "stopped":
                release(work.study, post.storage, trial, last.text)
                post.tell(f"{name} goes back into the queue: {last.text}")
                return
        if finish(work.study, trial, ending.state, ending.values, reason=ending.reason):
            post.tell(f"{name}: {ending.said or ending.reason}")
        else:
            post.warn(f"{name} was given to another worker in the meantime; its end here does not count")


def _last_message(process: TaskProcess, assignment: Assignment, held: Held, post: Post) -> Message | None:
    """The last message of the process; None where the trial was taken away meanwhile."""
    told = False
    for message in process.messages():
        if held.lost.is_set():
            return None
        if post.stop() and not told:
            process.say("stop")
            told = True
        if message is None:
            continue
        if message.kind == "vanished":  # before it could listen, a signal to the whole job reached it too
            return replace(message, kind="stopped" if post.stop() else "failed")
        if message.is_last:
            return message
        if message.kind == "warned":
            post.warn(message.text)
        go_on = assignment.heard(message)
        if assignment.task.asks and message.is_question:
            process.say("go on" if go_on else "prune")
    raise AssertionError("there is always a last message")


def _is_held(trial: Trial, storage: RDBStorage) -> bool:
    """Asked anew: a process that was paused may come here before its next heartbeat finds out."""
    try:
        return patiently(lambda: storage.get_trial(trial._trial_id)).state is TrialState.RUNNING
    except KeyError:  # the study was deleted
        return False


def _wait(seconds: float, stop: StopSignal) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not stop():
        time.sleep(0.1)

"""The process that trains: it carries out one task, tells its worker how it goes, and ends.

It is on a leash: where its worker is gone or silent for long, say because that was killed or stopped,
somebody else will be given the task; so the process ends by itself, and its run folder is free.
"""

import os
import queue
import signal
import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from harness.catalog import load_dataset
from harness.config import Cell
from harness.devices import chosen_device
from harness.errors import BusyError, InterruptedRunError, PrunedError, reason_of
from harness.run import run
from harness.signals import StopSignal
from harness.train import Window
from harness.workers.task import LOST, Message, Site, Task, Word
from harness.workplace import Prepared, Workplace, prepare


def carry_out(task: Task, site: Site, pipe: Connection) -> None:
    """Run every cell of the task, or until an answer is to go no further."""
    # Ctrl-C reaches the whole terminal, and a scheduler's SIGTERM the whole job: the worker decides.
    for number in StopSignal.CAUGHT:
        signal.signal(number, signal.SIG_IGN)
    leash = Leash(pipe, site.silence)
    try:
        if "OMP_NUM_THREADS" not in os.environ:
            torch.set_num_threads(site.threads)
        for index in range(len(task.cells)):
            result = Message("result", index, values=_result(index, task, site, leash))
            if not leash.tell(result, task):
                break
        ending = Message("done")
    except PrunedError as error:
        ending = Message("pruned", text=str(error))
    except (InterruptedRunError, BusyError) as error:
        ending = Message("stopped", text=str(error))
    except Exception as error:
        ending = Message("failed", text=reason_of(error))
    leash.say(ending)


def _result(index: int, task: Task, site: Site, leash: "Leash") -> dict[str, Any]:
    cell = task.cells[index]
    workplace = Workplace(
        site.runs,
        site.data_root,
        chosen_device(site.device),
        None,  # the worker feeds MLflow: it lives on, while this process would have to wait for it
        Teller(index, task, leash),
        leash.stop,
        task.system_interval,
        task.exports,
    )
    dataset = load_dataset(cell, site.data_root)
    prepared = prepare(cell, dataset, workplace, task.folders[index])
    leash.say(Message("opened", index, text=str(prepared.run.path)))
    return _once_free(prepared, task.parent, workplace, 2 * site.silence)


def _once_free(prepared: Prepared, parent: Path, workplace: Workplace, patience: float) -> dict[str, Any]:
    """The results of a run, which a process whose leash has come loose may hold for a moment."""
    end = time.monotonic() + patience
    while True:
        try:
            return run(prepared, parent, workplace)
        except BusyError:
            if time.monotonic() > end or workplace.stop():
                raise
            time.sleep(0.2)


class Leash:
    """The pipe to the worker. A thread listens; `stop` says whether the worker wants an end."""

    def __init__(self, pipe: Connection, silence: float) -> None:
        self.stop = StopSignal()
        self._pipe = pipe
        self._silence = silence
        self._answers: queue.SimpleQueue[Word] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="leash", daemon=True).start()

    def say(self, message: Message) -> None:
        try:
            self._pipe.send(message)
        except OSError:
            os._exit(LOST)

    def tell(self, message: Message, task: Task) -> bool:
        """Say it and, where the task asks, wait for the answer: whether to go on."""
        self.say(message)
        return not (task.asks and message.is_question) or self._answers.get() == "go on"

    def _listen(self) -> None:
        while True:
            try:
                if not self._pipe.poll(self._silence):
                    os._exit(LOST)
                word: Word = self._pipe.recv()
            except (EOFError, OSError):
                os._exit(LOST)
            if word == "stop":
                self.stop.number = signal.SIGTERM
                self._answers.put("go on")  # who waits for an answer is not to wait for ever
            elif word != "beat":
                self._answers.put(word)


class Teller:
    """A watcher that tells the worker."""

    def __init__(self, index: int, task: Task, leash: Leash) -> None:
        self._index, self._task, self._leash = index, task, leash

    def started(self, cell: Cell, first_step: int) -> None:
        self._leash.say(Message("started", self._index, first_step))

    def window(self, cell: Cell, window: Window) -> None:
        values = {**window.means, "train/images_per_second": window.images_per_second}
        self._leash.say(Message("window", self._index, window.step, values))

    def evaluated(self, cell: Cell, step: int, values: Mapping[str, float]) -> None:
        message = Message("evaluated", self._index, step, dict(values))
        if not self._leash.tell(message, self._task):
            raise PrunedError(f"pruned at step {step:,} of {cell.training.steps:,}")

    def finished(self, cell: Cell, seconds: float) -> None:
        """The result says it."""

    def warned(self, message: str) -> None:
        self._leash.say(Message("warned", self._index, text=message))

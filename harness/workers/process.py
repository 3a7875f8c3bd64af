"""A process for one task, forked from one that has imported everything: so it starts within milliseconds, and
memory, CUDA context and whatever went wrong in it end with it."""

import multiprocessing
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.forkserver import ensure_running

from harness.workers.child import carry_out
from harness.workers.task import LOST, Message, Site, Task, Word

CONTEXT = multiprocessing.get_context("forkserver")
TICK = 0.2


def warm_up(*, exports: bool) -> None:
    """Start the process that others are forked from; it goes on importing while this returns. `exports`:
    whether tasks will export their generators."""
    preload = ["harness.workers.warm", *(["harness.workers.warm_exports"] if exports else [])]
    CONTEXT.set_forkserver_preload(preload)
    ensure_running()


def wait_until_warm() -> None:
    """Until it has imported all, so that no trial is claimed that cannot begin."""
    first = CONTEXT.Process(target=int)
    first.start()
    first.join()


class TaskProcess:
    """A task being carried out."""

    def __init__(self, task: Task, site: Site) -> None:
        self._pipe, theirs = CONTEXT.Pipe()
        self._lock = threading.Lock()
        self._process = CONTEXT.Process(target=carry_out, args=(task, site, theirs), name="harness-task")
        self._process.start()
        theirs.close()

    def say(self, word: Word) -> None:
        """Nothing happens where the process has ended: the messages will tell."""
        with self._lock, suppress(OSError):
            self._pipe.send(word)

    def messages(self) -> Iterator[Message | None]:
        """All that the process says, up to its last message; None five times a second while it is silent."""
        while True:
            try:
                if not self._pipe.poll(TICK):
                    yield None
                    continue
                message: Message = self._pipe.recv()
            except (EOFError, OSError):
                yield self._vanished()
                return
            yield message
            if message.is_last:
                return

    def end(self) -> None:
        """Wait until it is gone; kill it where it does not end by itself."""
        self._pipe.close()  # lets the leash go
        self._process.join(5)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()

    def _vanished(self) -> Message:
        self._process.join()
        code = self._process.exitcode or 0
        if code == LOST:
            return Message("stopped", text="the process that trained had no word from its worker")
        if code < 0:
            name = signal.Signals(-code).name
            hint = "; was the memory full?" if name == "SIGKILL" else ""
            return Message("vanished", text=f"the process that trained was ended by {name}{hint}")
        return Message("vanished", text=f"the process that trained ended with code {code}")

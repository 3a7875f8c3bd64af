"""The uploader's thread against whoever waits for it."""

import signal
import threading
import time
from pathlib import Path
from typing import cast

from harness.tracking.mirror import Mirror
from harness.tracking.uploader import Uploader


class Silent:
    """An MLflow that answers nothing before it is told to."""

    def __init__(self) -> None:
        self.asked, self.answer = threading.Event(), threading.Event()

    def replay(self, folder: Path) -> None:
        self.asked.set()
        self.answer.wait(60)

    def pending(self, folder: Path) -> int:
        return 0


def test_a_signal_that_another_thread_gets_is_handled_while_the_end_is_waited_for(tmp_path: Path) -> None:
    silent = Silent()
    uploader = Uploader(cast(Mirror, silent))
    uploader.follow(tmp_path)
    assert silent.asked.wait(60)

    def disturb() -> None:
        time.sleep(0.3)  # by then `close` waits; earlier would do as well, but would test nothing
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda *_: silent.answer.set())
    try:
        threading.Thread(target=disturb).start()
        began = time.monotonic()
        uploader.close(30)
        assert silent.answer.is_set()
        assert time.monotonic() - began < 20
    finally:
        signal.signal(signal.SIGUSR1, before)

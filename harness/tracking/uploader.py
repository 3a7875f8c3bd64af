"""One background thread that keeps MLflow up to date and never holds up or fails a training."""

import threading
import time
from pathlib import Path

from harness.tracking.library import import_mlflow, reason
from harness.tracking.mirror import Mirror

INTERVAL = 1.0
LONGEST_PAUSE = 60.0
SLICE = 0.1


class Uploader:
    """Replays the followed run folders about once a second; after a failure it waits, ever longer."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._folders: list[Path] = []
        self._ended: set[Path] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mlflow-uploader", daemon=True)
        self._thread.start()
        self.error: str | None = None
        """What went wrong at the last attempt, None after one that worked."""

    def follow(self, folder: Path) -> None:
        """Mirror `folder` from now on."""
        import_mlflow()
        with self._lock:
            if folder not in self._folders:
                self._folders.append(folder)

    def let_go(self, folder: Path) -> None:
        """Nothing more will come from `folder`: it is looked at no longer once all of it is sent."""
        with self._lock:
            self._ended.add(folder)

    def catch_up(self, folder: Path) -> None:
        """Mirror a run that is finished, if the server was not there to get all of it."""
        if self._mirror.pending(folder):
            self.follow(folder)

    def close(self, timeout: float) -> int:
        """Send what is left for at most `timeout` seconds; returns how many events the server has not got."""
        self._stop.set()
        end = time.monotonic() + timeout
        while self._thread.is_alive() and time.monotonic() < end:
            # In slices: a signal that comes just before a wait, or to another thread, is handled after it.
            self._thread.join(SLICE)
        with self._lock:
            return sum(self._mirror.pending(folder) for folder in self._folders)

    def _run(self) -> None:
        pause = INTERVAL
        while not self._stop.wait(pause):
            pause = INTERVAL if self._replay_all() else min(2 * pause, LONGEST_PAUSE)
            if self._stop.is_set() and self.error:
                return  # it failed this moment; a server that answers nothing is not waited for twice
        self._replay_all()

    def _replay_all(self) -> bool:
        with self._lock:
            folders, ended = list(self._folders), set(self._ended)
        try:
            for folder in folders:
                self._mirror.replay(folder)
                if folder in ended:  # before its last replay began
                    with self._lock:
                        self._folders.remove(folder)
                        self._ended.remove(folder)
        except Exception as error:
            self.error = reason(error)
            return False
        self.error = None
        return True

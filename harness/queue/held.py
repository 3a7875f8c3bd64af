"""A claimed trial in a worker's hands: the heartbeat that says so, and the news that it no longer is."""

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType

from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.trial import Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError

LAST_BEAT = 5.0  # seconds that leaving waits for a beat on its way; a server that has gone holds nobody up


class Held:
    """`with Held(storage, trial) as held:` beats for the trial until the block ends.

    `held.lost` is set once the storage says that the trial no longer runs: this process was silent for too
    long (paused, cut off), and another has the work. A storage that cannot be reached is tried again at the
    next beat, and never disturbs the block. `also` is called before each beat, for whom else it concerns that
    this process lives; its OSErrors (a pipe that was closed) are no matter.
    """

    def __init__(self, storage: RDBStorage, trial: Trial, also: Callable[[], object] = lambda: None) -> None:
        self.lost = Event()
        self._also = also
        self._storage = storage
        self._trial_id = trial._trial_id
        self._end = Event()
        self._thread = Thread(target=self._beat, name=f"heartbeat of trial {trial.number}", daemon=True)

    def __enter__(self) -> "Held":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join(LAST_BEAT)

    def _beat(self) -> None:
        interval = self._storage.get_heartbeat_interval()
        assert interval is not None
        while True:
            with suppress(OSError):
                self._also()
            try:
                if self._storage.get_trial(self._trial_id).state is not TrialState.RUNNING:
                    self.lost.set()
                    break
                self._storage.record_heartbeat(self._trial_id)
            except KeyError:  # the study was deleted
                self.lost.set()
                break
            except (StorageInternalError, SQLAlchemyError, OSError):
                pass  # the next beat may reach it
            if self._end.wait(interval):
                break
        self._storage.remove_session()  # the thread's own

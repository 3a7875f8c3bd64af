"""All cells of an experiment, trained and measured as a command asks for it."""

from dataclasses import dataclass
from pathlib import Path

from harness.commands.setting import (
    UPLOAD_TIMEOUT,
    check_writable,
    default_storage,
    heartbeat,
    missing_events,
    prepare_tracking,
    system_interval,
)
from harness.commands.store import mirror_for
from harness.config import Loaded
from harness.console import LiveWatcher, QueueLine
from harness.devices import chosen_device
from harness.outcomes import Study
from harness.queue.storage import open_storage
from harness.signals import StopSignal
from harness.study import CarryOut, in_turn, run_study
from harness.tracking.uploader import Uploader
from harness.workers.crew import Hiring
from harness.workers.enlist import Enlist
from harness.workplace import Workplace


@dataclass(frozen=True)
class Setting:
    """Where and with what the command line says that cells are trained: with one of `jobs` in this process,
    with several by workers, which take them from a study in `storage`; with none by workers elsewhere."""

    device: str
    data: Path
    runs: Path
    tracking_uri: str | None
    jobs: int = 1
    storage: str | None = None

    @property
    def uri(self) -> str:
        """Of MLflow."""
        return mirror_for(self.runs, self.tracking_uri).uri


def train_suite(loaded: Loaded, setting: Setting) -> Study:
    """Every cell that has no result yet; a failed one does not stop the others."""
    runs, interval = setting.runs, system_interval()
    chosen = chosen_device(setting.device)
    check_writable(runs)
    mirror = mirror_for(runs, setting.tracking_uri)
    uploader = Uploader(mirror)
    line = LiveWatcher(len(loaded.cells)) if setting.jobs == 1 else QueueLine()
    with StopSignal() as stop, line as watcher:
        workplace = Workplace(runs, setting.data, chosen, uploader, watcher, stop, interval)
        try:
            carry_out: CarryOut = in_turn
            if isinstance(line, QueueLine):
                url = setting.storage or default_storage(runs)
                prepare_tracking(mirror, url)
                hiring = Hiring(url, "", runs, setting.data, mirror.uri, setting.device)
                storage = open_storage(url, heartbeat())
                carry_out = Enlist(loaded, storage, hiring, setting.jobs, line.said, line.cells)
            return run_study(loaded, workplace, carry_out)
        finally:
            if missing := uploader.close(UPLOAD_TIMEOUT):
                watcher.warned(missing_events(mirror, missing, uploader))

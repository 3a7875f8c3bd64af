"""The trials of a suite: its cells, each of which is enumerated beforehand."""

from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from harness.config import Loaded
from harness.errors import ConfigError
from harness.tracking.uploader import Uploader
from harness.workers.task import Ending, Message, Task


class SuiteWork:
    """The cells of an experiment, for one worker."""

    def __init__(
        self,
        study: optuna.Study,
        loaded: Loaded,
        folder: Path,
        uploader: Uploader | None,
        system_interval: float | None,
    ) -> None:
        """`folder`: of the suite as a whole."""
        self.study = study
        self._cells = {(cell.variant, cell.seed): cell for cell in loaded.cells}
        self._folder, self._uploader, self._interval = folder, uploader, system_interval

    def is_over(self) -> bool:
        return False

    def take_up(self, trial: Trial, frozen: FrozenTrial) -> "SuiteTrial":
        key = (frozen.user_attrs["variant"], frozen.user_attrs["seed"])
        if key not in self._cells:
            raise ConfigError(f"the experiment has no cell {key[0]}/seed{key[1]}")
        task = Task((self._cells[key],), (None,), self._folder, False, True, self._interval)
        return SuiteTrial(task, self._uploader)


class SuiteTrial:
    """One cell being trained."""

    def __init__(self, task: Task, uploader: Uploader | None) -> None:
        self.task = task
        self._uploader = uploader
        self._folder: Path | None = None
        (cell,) = task.cells
        self._name = f"{cell.variant}/seed{cell.seed}"

    def heard(self, message: Message) -> bool:
        if message.kind == "opened":
            self._folder = Path(message.text)
            if self._uploader:
                self._uploader.follow(self._folder)
        return True

    def end(self, message: Message) -> Ending:
        if self._uploader and self._folder:
            self._uploader.let_go(self._folder)
        if message.kind == "done":
            # Its results are in its folder; a study wants a number.
            return Ending(TrialState.COMPLETE, [0.0], said=f"{self._name} finished")
        return Ending(TrialState.FAIL, reason=message.text, said=f"{self._name} failed: {message.text}")

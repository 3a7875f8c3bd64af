"""The trials of a search: points of its space, trained with every seed of a trial, measured on the validation
split."""

import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from harness.catalog import build_metrics, build_pruner, build_sampler
from harness.config import Cell, Loaded, Search, Setup
from harness.errors import RunFailedError
from harness.queue.outage import patiently
from harness.queue.slots import first_number, tally
from harness.rundir import Status, run_dir
from harness.search import Looks, Pruning, sampler_seed
from harness.search.objective import looks, objectives, patience_spent, reduced, searching
from harness.search.suggest import suggest
from harness.tracking.uploader import Uploader
from harness.trials import Objective
from harness.workers.records import records, time_is_up
from harness.workers.task import Ending, Message, Task
from harness.workers.trial_log import TrialLog

RUN_KEY = "run"
"""User attribute of a trial: what its run is known by in MLflow, whatever machine goes on with it."""
AS_WRITTEN = "as_written"
"""User attribute of the trial that changes nothing."""
STATUS: Mapping[TrialState, Status] = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def is_over(study: optuna.Study, search: Search, objectives: Sequence[Objective]) -> bool:
    """Whether time or patience are at their end, or the trials, of which fewer may be asked for by now.

    Trials that run do not count: one whose worker died is to be taken up.
    """
    if tally(study).finished >= search.trials:
        return True
    if search.patience is not None and patience_spent(records(study), objectives, search.patience):
        return True
    return time_is_up(study)


class SearchWork:
    """The study of one variant, for one worker."""

    def __init__(
        self,
        study: optuna.Study,
        loaded: Loaded,
        variant: str,
        folder: Path,
        parent: Path,
        uploader: Uploader | None,
        worker: int,
    ) -> None:
        """`folder`: where each trial gets one of its own; `parent`: the search's; `worker`: a number that no
        worker of the study had before."""
        self.study = study
        self._loaded, self._variant, self._uploader = loaded, variant, uploader
        self._folder, self._parent = folder, parent
        self._search = loaded.experiment.search
        self._space = loaded.space(variant)
        self._seeds = loaded.experiment.trial_seeds
        base = loaded.changed(variant, {})
        self._objectives = objectives(self._search.objective, build_metrics(base))
        self._looks = looks(base, self._search, len(self._seeds))
        self._pruning = build_pruner(loaded.experiment, base)
        begun = sum(trial.state is not TrialState.WAITING for trial in study.get_trials(deepcopy=False))
        seed = sampler_seed(self._search.seed, worker, begun)
        study.sampler = build_sampler(loaded.experiment, seed).sampler
        study.pruner = self._pruning.pruner

    def is_over(self) -> bool:
        return patiently(lambda: is_over(self.study, self._search, self._objectives))

    def take_up(self, trial: Trial, frozen: FrozenTrial) -> "SearchTrial":
        """ConfigError where the point makes no configuration: one that only this combination shows."""
        if (key := frozen.user_attrs.get(RUN_KEY)) is None:
            key = uuid.uuid4().hex
            patiently(lambda: trial.set_user_attr(RUN_KEY, key))
        # The first trial is the file's configuration: what all others are to beat.
        written = frozen.user_attrs.get(AS_WRITTEN)
        point = {} if written else patiently(lambda: suggest(trial, self._space))
        setup = self._loaded.changed(self._variant, self._space.changes(point))
        setup = searching(setup, self._search, self._looks, build_metrics(setup))
        folder = self._folder / f"trial{first_number(frozen):04d}"
        cells = [self._cell(setup, seed) for seed in self._seeds]
        log = TrialLog(folder, self._parent, key, cells, point)
        if self._uploader:
            self._uploader.follow(folder)
        told = set(frozen.intermediate_values)
        return SearchTrial(
            trial, told, cells, log, self._objectives, self._pruning, self._looks, self._uploader, bool(point)
        )

    def _cell(self, setup: Setup, seed: int) -> Cell:
        experiment = self._loaded.experiment.name
        return Cell.of(setup, experiment=experiment, variant=self._variant, seed=seed)


class SearchTrial:
    """One trial being carried out."""

    def __init__(
        self,
        trial: Trial,
        told: set[int],
        cells: Sequence[Cell],
        log: TrialLog,
        objectives: Sequence[Objective],
        pruning: Pruning,
        looks: Looks,
        uploader: Uploader | None,
        prunable: bool,
    ) -> None:
        """`told`: the steps that an earlier attempt has reported; `prunable`: all but the file's own
        configuration, which the others are to beat."""
        self._prunable = prunable
        self._trial, self._told, self._cells, self._log = trial, told, cells, log
        self._objectives, self._pruning, self._looks = objectives, pruning, looks
        self._uploader = uploader
        self._results: dict[int, dict[str, Any]] = {}
        self.task = Task(
            cells=tuple(cells),
            folders=(log.run.path,) * len(cells),
            parent=log.run.path,
            asks=pruning.over is not None,
            exports=False,
            system_interval=None,
        )

    def heard(self, message: Message) -> bool:
        self._log.heard(message)
        first = self._objectives[0].key
        steps = self._cells[0].training.steps
        match message.kind:
            case "evaluated" if self._pruning.over == "curve" and first in message.values:
                at_end = message.index + 1 == len(self._cells) and message.step >= steps
                step = self._looks.reported(message.index, message.step)
                return self._report(message.values[first], step) or at_end
            case "result":
                self._results[self._cells[message.index].seed] = message.values
                self._log.picture(self._folder_of(message), message.values["steps"])
                if self._pruning.over == "seeds":
                    return self._report(self._of(message.values)[0], message.index)
        return True

    def end(self, message: Message) -> Ending:
        """A trial whose later seeds were spared is complete: it counts with the mean of those it has."""
        ending = self._ending(message)
        keys = [objective.key for objective in self._objectives]
        status: Status = "stopped" if message.kind == "stopped" else STATUS[ending.state]
        self._log.close(status, ending.reason, dict(zip(keys, ending.values or (), strict=False)))
        if message.kind != "stopped":
            for checkpoints in self._log.run.path.glob("seed*/checkpoints"):
                shutil.rmtree(checkpoints, ignore_errors=True)  # nothing will go on from there
            if self._uploader:
                self._uploader.let_go(self._log.run.path)
        return ending

    def _ending(self, message: Message) -> Ending:
        if message.kind == "pruned":
            return Ending(TrialState.PRUNED, reason=message.text)
        if message.kind != "done":
            return Ending(TrialState.FAIL, reason=message.text, said=f"failed: {message.text}")
        values = {seed: self._of(results) for seed, results in self._results.items()}
        try:
            means = reduced(values, self._objectives)
        except RunFailedError as error:
            return Ending(TrialState.FAIL, reason=str(error), said=f"failed: {error}")
        pairs = zip(self._objectives, means, strict=True)
        said = ", ".join(f"{objective.title} {value:.4g}" for objective, value in pairs)
        return Ending(TrialState.COMPLETE, list(means), said=said)

    def _report(self, value: float, step: int) -> bool:
        """Tell the pruner, which says whether to go on. What an earlier attempt told is not told twice."""
        if step not in self._told:
            patiently(lambda: self._trial.report(value, step))
        return not (self._prunable and patiently(self._trial.should_prune))

    def _of(self, results: Mapping[str, Any]) -> tuple[float, ...]:
        """The objectives of one seed."""
        measured = {**results["values"], "seconds": results["seconds"]}
        return tuple(measured[objective.key] for objective in self._objectives)

    def _folder_of(self, message: Message) -> Path:
        seed = self._cells[message.index].seed
        return run_dir(self._log.run.path, seed, message.values["identity"]).path

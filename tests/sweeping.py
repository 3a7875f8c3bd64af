"""Searches and their workers as tests disturb them: what trains at this moment, what is left at last."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import optuna
import psutil
from folders import status
from mlflow import MlflowClient
from mlflow.entities import Run
from optuna.trial import FrozenTrial, TrialState
from processes import TINY, Command, wait_until

from harness.queue.slots import HISTORY, standing
from harness.queue.storage import open_storage

SWEEP = f"""{TINY}
search_space:
  training.learning_rate: {{log_uniform: [1.0e-4, 1.0e-2]}}
  loss: {{choice: [non_saturating, hinge]}}
search: {{objective: fid, num_samples: 100, trials: 6, final_seeds: 1, sampler: random, pruner: none}}
"""
QUICK = {"HARNESS_HEARTBEAT": "1", "OMP_NUM_THREADS": "1"}
"""A silent worker's trial is another's after three seconds."""
BUSY = 120.0
"""Seconds that anything may take where other programs have the machine too."""


@dataclass(frozen=True)
class Training:
    """A process that trains, and the folder of its run."""

    process: psutil.Process
    run: Path

    @property
    def step(self) -> int:
        """Of its newest checkpoint; 0 where there is none."""
        return max(
            (int(file.stem.removeprefix("step-")) for file in self.run.glob("checkpoints/*.json")), default=0
        )

    @property
    def first_picture(self) -> Path:
        """Made before the first step: a training that goes on at a checkpoint leaves it as it is."""
        return self.run / "samples" / "step-000000000.png"

    @property
    def is_halfway(self) -> bool:
        """Whether it has a checkpoint to go on from, and further to go."""
        return (
            self.step > 0
            and status(self.run)["status"] == "running"
            and not (self.run / "generator.safetensors").exists()
        )


def trainings(runs: Path) -> Iterator[Training]:
    """All that run below `runs` at this moment, or did just now."""
    for file in sorted(runs.rglob("status.json")):
        if (file.parent / "config.yaml").exists() and (found := status(file.parent))["status"] == "running":
            with suppress(psutil.NoSuchProcess):
                yield Training(psutil.Process(found["process"]), file.parent)


def frozen_halfway(runs: Path, of: Sequence[psutil.Process]) -> tuple[psutil.Process, Training]:
    """One of the processes `of`, and a training below it, caught between its first checkpoint and its last.

    The training stands still, so that it is there yet when its worker is disturbed: `resume()` lets it go on.
    """
    caught: list[tuple[psutil.Process, Training]] = []

    def catch() -> bool:
        for training in trainings(runs):
            for above in of:
                with suppress(psutil.NoSuchProcess):
                    if training.step and above in training.process.parents():
                        training.process.suspend()
                        if training.is_halfway:
                            caught.append((above, training))
                            return True
                        training.process.resume()
        return False

    wait_until(catch, pause=0.005, timeout=BUSY)
    return caught[0]


def family(command: Command) -> list[psutil.Process]:
    """All that a command has started, and what those have."""
    return psutil.Process(command.pid).children(recursive=True)


def assert_gone(processes: Sequence[psutil.Process]) -> None:
    """None of them is left, or will be in a moment."""
    wait_until(lambda: not any(map(_runs, processes)), pause=0.05, timeout=BUSY)


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@contextmanager
def study_in(url: str, name: str = "tiny") -> Iterator[optuna.Study]:
    storage = open_storage(url, 1)
    yield optuna.load_study(storage=storage, study_name=name)
    storage.remove_session()
    storage.engine.dispose()


def assert_each_ended_once(study: optuna.Study, slots: int) -> list[FrozenTrial]:
    """`slots` slots, each with one end that counts; nothing runs or waits, not even what was superseded."""
    ended = standing(study)
    assert len(ended) == slots
    assert {trial.state for trial in study.trials} <= {
        TrialState.COMPLETE,
        TrialState.PRUNED,
        TrialState.FAIL,
    }
    assert not [
        trial for trial in ended if trial.state is TrialState.FAIL and "reason" not in trial.user_attrs
    ]
    superseded = {number for trial in ended for number in trial.system_attrs.get(HISTORY, [])}
    assert len(study.trials) == slots + len(superseded)
    assert {study.trials[number].state for number in superseded} <= {TrialState.FAIL}
    return ended


def runs_in(uri: str, kind: str) -> list[Run]:
    client = MlflowClient(uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(experiments, f"tags.`harness.kind` = '{kind}'", max_results=1000))

"""A search from start to end: trials by workers, then the final, then the report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import optuna
from optuna.storages import RDBStorage

from harness.errors import BusyError, InterruptedRunError, reason_of
from harness.files import locked
from harness.provenance import first_provenance
from harness.queue.outage import patiently
from harness.queue.slots import Tally
from harness.rundir import RunDir
from harness.study import Within, run_study
from harness.sweep.conclusion import Conclusion, Measured, conclude
from harness.sweep.final import Winner, final, look, winners
from harness.sweep.parent import close_parent, open_parent
from harness.sweep.plan import Plan
from harness.sweep.standing import Standing, counted, standing_of
from harness.sweep.studies import open_studies, set_deadline
from harness.workers.brief import brief_of
from harness.workers.crew import Crew, Hiring
from harness.workers.enlist import Enlist, attend
from harness.workers.records import records
from harness.workplace import Workplace


@dataclass(frozen=True)
class Means:
    """What a search is carried out with. `deadline`: seconds since the epoch; `tell` hears each line that a
    worker says; `show` how the search stands, and `show_final` how its final does."""

    storage: RDBStorage
    hiring: Hiring
    jobs: int
    deadline: float | None
    tell: Callable[[str], None]
    show: Callable[[Standing], None]
    show_final: Callable[[Tally], None]


def run_sweep(plan: Plan, means: Means, workplace: Workplace) -> Conclusion | None:
    """Carry out what is left of the search, and conclude it.

    None where another command leads the same search on this machine: then this one's workers helped it, and
    that one concludes.
    """
    folder = workplace.runs / plan.folder
    known = RunDir(folder).provenance.exists()
    key = RunDir(folder).known_as if known else uuid4().hex
    studies = open_studies(plan, means.storage, key)
    folder.mkdir(parents=True, exist_ok=True)
    first_provenance(RunDir(folder), {}, str(workplace.device), brief_of(studies[0]).key)
    try:
        with locked(folder / ".lock", "another command leads this search"):
            return _lead(plan, studies, means, workplace, folder)
    except BusyError:
        _search(plan, studies, means, workplace)
        return None


def _lead(
    plan: Plan, studies: Sequence[optuna.Study], means: Means, workplace: Workplace, folder: Path
) -> Conclusion:
    set_deadline(studies, means.deadline)
    open_parent(plan, folder)
    if workplace.uploader:
        workplace.uploader.follow(folder)
    try:
        _search(plan, studies, means, workplace)
        # What is concluded is of these trials, whatever another command may add meanwhile.
        trials = {
            searched.variant: records(study) for searched, study in zip(plan.searched, studies, strict=True)
        }
        measured = _final(plan, studies, winners(plan, trials), means, workplace, folder)
        return conclude(plan, studies, trials, measured, workplace, folder, means.storage.url)
    except InterruptedRunError as error:
        close_parent(folder, "stopped", reason=str(error))
        raise
    except Exception as error:
        close_parent(folder, "failed", reason=reason_of(error))
        raise


def _search(plan: Plan, studies: Sequence[optuna.Study], means: Means, workplace: Workplace) -> None:
    counts = patiently(lambda: counted(studies))
    if left := counts.waiting + counts.running:
        with Crew(replace(means.hiring, study=plan.name), min(means.jobs, left), means.tell) as crew:
            attend(crew, studies, workplace.stop, lambda: means.show(standing_of(plan, studies)))
    if workplace.stop.number is not None:
        counts = patiently(lambda: counted(studies))
        raise InterruptedRunError(
            f"stopped with {counts.finished} of {counts.total} trials done; the same command goes on with the"
            " others",
            workplace.stop.number,
        )


def _final(
    plan: Plan,
    studies: Sequence[optuna.Study],
    won: Sequence[Winner],
    means: Means,
    workplace: Workplace,
    folder: Path,
) -> Measured | None:
    """The winners beside what they were searched from, where there are any and a metric to compare them."""
    metric = next((each for each in plan.searched[0].objectives if each.key != "seconds"), None)
    if not won or metric is None:
        return None
    loaded = final(plan, won)
    looks = patiently(lambda: look(studies[0], loaded))
    enlist = Enlist(loaded, means.storage, means.hiring, means.jobs, means.tell, means.show_final)
    study = run_study(loaded, workplace, enlist, Within(folder, f"final of {plan.name}"))
    return Measured(study, tuple(won), metric, looks)

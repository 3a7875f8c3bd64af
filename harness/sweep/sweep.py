"""A search from start to end: trials by workers, then the final, then the report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import optuna
from optuna.storages import RDBStorage

from harness.errors import BusyError, InterruptedRunError, reason_of
from harness.files import locked
from harness.provenance import first_provenance
from harness.queue.database import storage_lock
from harness.queue.outage import patiently
from harness.queue.slots import Tally
from harness.rundir import RunDir
from harness.study import Within, run_study
from harness.sweep.conclusion import Conclusion, Measured, conclude
from harness.sweep.final import Winner, final, look, winners
from harness.sweep.parent import close_parent, open_parent
from harness.sweep.plan import Plan
from harness.sweep.standing import Standing, counted, standing_of
from harness.sweep.studies import begin_studies, open_studies, set_deadline
from harness.workers.attend import LEFT_TO_OTHERS, see_done
from harness.workers.brief import brief_of, has_brief
from harness.workers.crew import Hiring
from harness.workers.enlist import Enlist
from harness.workers.records import records
from harness.workers.search import is_over
from harness.workplace import Workplace


@dataclass(frozen=True)
class Means:
    """What a search is carried out with. `jobs`: workers of this command, 0 where it is left to those that
    stand ready elsewhere; `deadline`: seconds since the epoch; `tell` hears each line that a worker says;
    `show` how the search stands, and `show_final` how its final does."""

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
    begun = begin_studies(plan, means.storage)
    studies = open_studies(plan, means.storage, _ensure_folder(begun, means.storage, workplace, folder))
    try:
        with locked(folder / ".lock", "another command leads this search"):
            return _lead(plan, studies, means, workplace, folder)
    except BusyError:
        _search(plan, studies, means, workplace)
        return None


def _ensure_folder(
    studies: Sequence[optuna.Study], storage: RDBStorage, workplace: Workplace, folder: Path
) -> str:
    """The key of the search, in a folder that says where it comes from: before there is anything to take, for
    a worker that stands ready would say that it comes from there."""
    with storage_lock(storage.url):  # two commands at one instant have one key
        key = next((brief_of(study).key for study in studies if has_brief(study)), None)
        folder.mkdir(parents=True, exist_ok=True)
        return str(first_provenance(RunDir(folder), {}, str(workplace.device), key)["key"])


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
        objectives = {each.study: each.objectives for each in plan.searched}
        search = plan.loaded.experiment.search
        see_done(
            studies,
            means.storage,
            replace(means.hiring, study=plan.name),
            min(means.jobs, left),
            means.tell,
            workplace,
            lambda: means.show(standing_of(plan, studies)),
            lambda study: is_over(study, search, objectives[study.study_name]),
        )
    if workplace.stop.number is not None:
        counts = patiently(lambda: counted(studies))
        how = "the same command goes on with the others" if means.jobs else LEFT_TO_OTHERS
        raise InterruptedRunError(
            f"stopped with {counts.finished} of {counts.total} trials done; {how}", workplace.stop.number
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

"""The studies of a search in their storage: made, filled up to the budget, never those of something else."""

import json
from collections.abc import Sequence

import optuna
from optuna.storages import RDBStorage

from harness.config import to_yaml
from harness.errors import ConfigError
from harness.queue.database import storage_lock
from harness.queue.definition import create_study, load_study, refuse_other
from harness.queue.slots import Slot, fill, put
from harness.queue.url import hidden
from harness.sweep.plan import Plan, Searched
from harness.workers.brief import Brief, brief_of, give, has_brief
from harness.workers.records import DEADLINE
from harness.workers.search import AS_WRITTEN


def begin_studies(plan: Plan, storage: RDBStorage) -> list[optuna.Study]:
    """The plan's studies: those of an earlier command as they are, new ones with nothing in them to take.
    ConfigError where a study of that name is another search's."""
    _refuse_mixed_names(plan, storage)
    return [create_study(storage, each.study, each.directions, each.definition)[0] for each in plan.searched]


def open_studies(plan: Plan, storage: RDBStorage, key: str) -> list[optuna.Study]:
    """The plan's studies, each filled up to its budget; refused as `begin_studies` does.

    `key`: of the search's run in MLflow, unless an earlier command gave one.
    """
    names = tuple(each.study for each in plan.searched)
    text, file = to_yaml(plan.loaded.experiment), str(plan.loaded.path)
    studies = begin_studies(plan, storage)
    for each, study in zip(plan.searched, studies, strict=True):
        with storage_lock(storage.url):
            known = brief_of(study).key if has_brief(study) else key
            # Given anew each time: trials, patience and time may be others now.
            give(study, Brief("sweep", text, file, each.variant, plan.folder.as_posix(), known, names))
            put(study, [Slot("as written", {AS_WRITTEN: True})])
            _fill(study, each, plan.loaded.experiment.search.trials)
    return studies


def known_studies(plan: Plan, storage: RDBStorage) -> list[optuna.Study]:
    """Those of the plan's that an earlier command made, left as they are; refused as `open_studies` does."""
    _refuse_mixed_names(plan, storage)
    names = set(optuna.get_all_study_names(storage))
    known = []
    for each in plan.searched:
        if each.study in names:
            known.append(load_study(storage, each.study))
            refuse_other(known[-1], storage, each.directions, each.definition)
    return known


def set_deadline(studies: Sequence[optuna.Study], deadline: float | None) -> None:
    """Seconds since the epoch after which no trial begins; None: no end."""
    for study in studies:
        if study.user_attrs.get(DEADLINE) != deadline:
            study.set_user_attr(DEADLINE, deadline)


def _fill(study: optuna.Study, searched: Searched, trials: int) -> None:
    if searched.points is None:
        fill(study, trials)
    else:
        put(study, [Slot(json.dumps(point), {}, point) for point in searched.points[: trials - 1]])


def _refuse_mixed_names(plan: Plan, storage: RDBStorage) -> None:
    """A name stands for one study, or for one of each variant: a worker that is given it could not tell."""
    names = optuna.get_all_study_names(storage)
    of_variants = any(name.startswith(f"{plan.name}/") for name in names)
    if of_variants if len(plan.searched) == 1 else plan.name in names:
        kind = "of every variant" if of_variants else "of one configuration"
        raise ConfigError(
            f"`{plan.name}` in {hidden(storage.url)} is a search {kind}; take another name with --study"
        )

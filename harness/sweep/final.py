"""The end of a search: winner and file, trained with fresh seeds and measured on the test split, at which
nothing has looked before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

import optuna

from harness.catalog import TABLES
from harness.config import Experiment, Loaded, load_text, to_yaml
from harness.config.parts import MAX_VARIANT_NAME
from harness.rundir import short_hash
from harness.sweep.plan import Plan, Searched
from harness.trials import TrialRecord, best_trial

FINALS = "finals"
"""User attribute of a search's first study: the finals there were, each of which looked at the test split."""
ON_THE_TEST_SPLIT = {"evaluation.reference": "test", "evaluation.every": None}
"""Once, at the end of a training."""


@dataclass(frozen=True)
class Winner:
    """The best trial of a study. `name` and `origin`: what it, and what it was searched from, are called as
    variants of the final."""

    searched: Searched
    trial: TrialRecord
    name: str
    origin: str

    @property
    def changes(self) -> dict[str, Any]:
        return self.searched.space.changes(self.trial.params)


def winners(plan: Plan, trials: Mapping[str, Sequence[TrialRecord]]) -> list[Winner]:
    """The best trial of every variant by its first objective, where it is not the file's own configuration.
    `trials` by variant."""
    found: list[Winner] = []
    taken = {searched.variant for searched in plan.searched}
    for searched in plan.searched:
        best = best_trial(trials[searched.variant], searched.objectives[0])
        if best is None or best.changes_nothing:
            continue
        name, origin = "winner", "baseline"
        if len(plan.searched) > 1:
            name, origin = _free(f"{searched.variant}_winner", taken), searched.variant
        taken.add(name)
        found.append(Winner(searched, best, name, origin))
    return found


def _free(name: str, taken: set[str]) -> str:
    """`name`, cut and numbered until it is nobody else's."""
    name = name[-MAX_VARIANT_NAME:].lstrip(".-")
    numbered = (f"{name[: MAX_VARIANT_NAME - 4]}_{number}" for number in count(2))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def final(plan: Plan, won: Sequence[Winner]) -> Loaded:
    """The experiment that compares every winner with what it was searched from, trained for as long."""
    experiment = plan.loaded.experiment
    written = experiment.model_dump(mode="json")["variants"]
    variants: dict[str, Mapping[str, Any]] = {}
    for each in won:
        variant = each.searched.variant
        changes: Mapping[str, Any] = written.get(variant, {})
        steps = plan.loaded.changed(variant, each.changes).training.steps
        variants[each.origin] = {**changes, "training.steps": steps, **ON_THE_TEST_SPLIT}
        variants[each.name] = {**changes, **each.changes, **ON_THE_TEST_SPLIT}
    update: dict[str, object] = {
        "seeds": tuple(islice(_fresh(experiment), experiment.search.final_seeds)),
        "variants": variants,
        "description": "What a search found, beside what it began with: fresh seeds, the test split.",
    }
    text = to_yaml(experiment.model_copy(update=update))
    return load_text(text, str(plan.loaded.path), TABLES)


def _fresh(experiment: Experiment) -> Iterator[int]:
    """Seeds that nothing was chosen by."""
    used = {*experiment.seeds, *experiment.trial_seeds}
    return (seed for seed in count() if seed not in used)


def look(study: optuna.Study, final: Loaded) -> int:
    """Write down, with the search's first study, that `final` is about to look at the test split; how many
    finals have, that one included. The same one again is no new look."""
    key = short_hash([[cell.config_hash, cell.seed] for cell in final.cells])
    finals: list[str] = study.user_attrs.get(FINALS, [])
    if key not in finals:
        finals = [*finals, key]
        study.set_user_attr(FINALS, finals)
    return len(finals)

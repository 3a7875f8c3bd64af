"""What a search optimises, how its trials are measured, and when it has found nothing new for long enough."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

from harness.config import Search, Setup
from harness.errors import ConfigError, RunFailedError
from harness.metrics.inputs import Metric
from harness.registry import did_you_mean
from harness.search.pruners import Looks
from harness.trials import Objective, TrialRecord

SECONDS = Objective("seconds", "Seconds", higher_is_better=False)
"""Training and evaluation of one seed."""

LOOKS = 8
"""At a learning curve, where `search.every` does not say."""

UNCERTAINTIES = ("_low", "_high", "_se")

S = TypeVar("S", bound=Setup)


def objectives(names: Sequence[str], metrics: Mapping[str, Metric]) -> tuple[Objective, ...]:
    """What each of `names` stands for: `seconds`, or a value that one of `metrics`, by name, gives.

    Raises ConfigError with a line for each that is none, or cannot be had on the validation
    split.
    """
    found: list[Objective] = []
    problems: list[str] = []
    for name in names:
        try:
            found.append(_objective(name, metrics))
        except ConfigError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError("\n".join(problems))
    return tuple(found)


def looks(setup: Setup, search: Search, seeds: int) -> Looks:
    """When a trial of `seeds` trainings is looked at, by the length of `setup`, the configuration that is
    searched: so the steps are those of every trial, whatever its point."""
    steps = setup.training.steps
    return Looks(min(search.every or max(1, steps // LOOKS), steps), steps, seeds)


def searching(setup: S, search: Search, looks: Looks, metrics: Mapping[str, Metric]) -> S:
    """`setup` as a trial measures it: on the validation split, with few images, often, and only what the
    objectives need of `metrics`, which are the setup's by name."""
    wanted = {name for name in search.objective if name != SECONDS.key}
    needed = tuple(part for part in setup.evaluation.metrics if wanted & _keys(metrics[part.name]))
    evaluation = setup.evaluation.model_copy(
        update={
            "metrics": needed or setup.evaluation.metrics[:1],  # seconds alone still include an evaluation
            "num_samples": search.num_samples,
            "every": looks.every,
            "reference": "validation",
            "diagnostics": (),
        }
    )
    return setup.model_copy(update={"evaluation": evaluation})


def reduced(values: Mapping[int, Sequence[float]], objectives: Sequence[Objective]) -> tuple[float, ...]:
    """The mean of every objective over the trainings of a trial; `values` are by seed, in their order.

    Raises RunFailedError, which names seed and objective, where one is not finite: Optuna would take infinity
    for a result.
    """
    for seed, of_seed in values.items():
        for objective, value in zip(objectives, of_seed, strict=True):
            if not math.isfinite(value):
                raise RunFailedError(f"{objective.key} of seed {seed} is {value}")
    return tuple(math.fsum(column) / len(values) for column in zip(*values.values(), strict=True))


def patience_spent(
    records: Sequence[TrialRecord], objectives: Sequence[Objective], patience: int | None
) -> bool:
    """Whether the last `patience` trials, in the order of their numbers, brought no new best one.

    A complete trial is one where no earlier one equals or beats it in every objective. Never with None.
    """
    if patience is None:
        return False
    best: list[tuple[float, ...]] = []
    since = 0
    for record in sorted(records, key=lambda record: record.number):
        if record.state == "complete" and all(_adds(record.values, other, objectives) for other in best):
            best.append(record.values)
            since = 0
        else:
            since += 1
    return since >= patience


def _objective(name: str, metrics: Mapping[str, Metric]) -> Objective:
    if name == SECONDS.key:
        return SECONDS
    columns = {column.key: (column, metric) for metric in metrics.values() for column in metric.columns}
    if name in columns:
        column, metric = columns[name]
        if "train" in metric.needs:
            raise ConfigError(
                f"search.objective: `{name}` compares with training images, and trials with validation ones"
            )
        return Objective(name, column.title, column.better == "higher")
    here = f"search.objective: `{name}`"
    if name in metrics:
        keys = ", ".join(column.key for column in metrics[name].columns)
        raise ConfigError(f"{here} is a metric of several values: name one of {keys}")
    for ending in UNCERTAINTIES:
        if (stem := name.removesuffix(ending)) != name and stem in columns:
            raise ConfigError(f"{here} is how uncertain {stem} is, of which no side is better: take `{stem}`")
    raise ConfigError(
        f"{here} is given by none of evaluation.metrics{did_you_mean(name, [*columns, SECONDS.key])}"
    )


def _keys(metric: Metric) -> set[str]:
    return {column.key for column in metric.columns}


def _adds(values: Sequence[float], known: Sequence[float], objectives: Sequence[Objective]) -> bool:
    """Whether `values` are better than those that are known in at least one objective."""
    return any(
        objective.better(new, old) for objective, new, old in zip(objectives, values, known, strict=True)
    )

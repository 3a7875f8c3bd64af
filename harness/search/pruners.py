"""Who stops a trial that promises nothing. An entry takes the `Looks` at a trial and returns a `Pruning`."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from harness.errors import ConfigError

if TYPE_CHECKING:
    from optuna.pruners import BasePruner

Startup = Annotated[int, Field(ge=0, description="finished trials before the first one is pruned")]
Warmup = Annotated[int, Field(ge=0, description="looks at the start of a trial after which none is pruned")]
Reduction = Annotated[int, Field(ge=2, description="of so many trials that are compared, one goes on")]
Threshold = Annotated[
    float, Field(gt=0, lt=1, description="p-value below which a trial is worse than the best one; one-sided")
]


@dataclass(frozen=True)
class Looks:
    """When a trial is looked at: every `every` training steps, up to `steps`, in each of its `seeds`."""

    every: int
    steps: int
    seeds: int = 1

    def reported(self, training: int, step: int) -> int:
        """The step under which Optuna hears of `step` of training number `training`: those of the second
        training of a trial go on where the first one's end."""
        return training * self.steps + step

    @property
    def last(self) -> int:
        """The highest step that a trial reports."""
        return self.seeds * self.steps


@dataclass(frozen=True)
class Pruning:
    """A pruner of Optuna's, and what it is told.

    `over` the curve: the first objective at every look, under `Looks.reported`. Over seeds: the first
    objective of each finished training, under the index of its seed; a trial that is stopped returns the mean
    of the seeds so far, as Optuna advises for this pruner. None: it is told nothing and stops no trial.
    """

    pruner: "BasePruner"
    over: Literal["curve", "seeds"] | None


def median(looks: Looks, *, startup_trials: Startup = 5, warmup: Warmup = 1) -> Pruning:
    """Stops a trial whose best value so far is worse than the median of finished ones at the same step."""
    from optuna.pruners import MedianPruner

    pruner = MedianPruner(n_startup_trials=startup_trials, n_warmup_steps=(warmup + 1) * looks.every)
    return Pruning(pruner, "curve")


def hyperband(looks: Looks, *, reduction: Reduction = 3, warmup: Warmup = 0) -> Pruning:
    """Successive halving at several rates at once, each of which gets a share of the trials (Li et al. 2018).

    The smallest share of a training is one look after the warm-up, so more looks make more rates.
    """
    from optuna.pruners import HyperbandPruner

    first = min((warmup + 1) * looks.every, looks.last)
    return Pruning(HyperbandPruner(first, looks.last, reduction), "curve")


def wilcoxon(looks: Looks, *, threshold: Threshold = 0.1, warmup: Warmup = 2) -> Pruning:
    """Stops a trial that is worse than the best one, seed by seed, by Wilcoxon's signed-rank test.

    Raises ConfigError where a trial has too few seeds: n of them reach no p-value below 2^-n, and with the
    last one there is nothing left to save.
    """
    from optuna.exceptions import ExperimentalWarning
    from optuna.pruners import WilcoxonPruner

    if 0.5 ** (looks.seeds - 1) >= threshold:
        needed = next(n for n in range(2, 1100) if 0.5 ** (n - 1) < threshold)
        raise ConfigError(
            f"pruner wilcoxon stops no trial of {looks.seeds} seeds at p < {threshold:g}: give search.seeds"
            f" at least {needed}, raise its `threshold`, or take the pruner median"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        pruner = WilcoxonPruner(p_threshold=threshold, n_startup_steps=warmup)
    return Pruning(pruner, "seeds")


def none(looks: Looks) -> Pruning:
    """Every trial is trained to its end."""
    from optuna.pruners import NopPruner

    return Pruning(NopPruner(), None)

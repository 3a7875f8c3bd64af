"""What a report of a sweep is written from."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.config import Space
from harness.stats import Interval
from harness.trials import Objective, TrialRecord, best_trial


@dataclass(frozen=True)
class Searched:
    """One study: the search over the configuration of one variant.

    trials: every slot once; importances: shares by parameter, empty where they could not be told; seeds: of
    every trial; protocol: one sentence, how trials were measured (validation split, samples).
    """

    variant: str
    space: Space
    objectives: tuple[Objective, ...]
    trials: tuple[TrialRecord, ...]
    importances: Mapping[str, float]
    sampler: str
    pruner: str
    seeds: tuple[int, ...]
    protocol: str

    @property
    def best(self) -> TrialRecord | None:
        """The winner: the complete trial with the best first objective."""
        return best_trial(self.trials, self.objectives[0])


@dataclass(frozen=True)
class Final:
    """Winners and baseline, trained again with fresh seeds and measured on the test split.

    baselines, winners: by variant, without those whose trainings failed; touched: how often the test split
    was looked at in this sweep's life; tables: of the suite that trained them, as Markdown.
    """

    metric: Objective
    baselines: Mapping[str, Interval]
    winners: Mapping[str, Interval]
    protocol: str
    touched: int
    tables: str

"""What became of the cells of a study, and the statistics over their seeds."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from harness.columns import Column
from harness.pages import PAGE
from harness.reader import read_run
from harness.runs import Run
from harness.stats import Interval, mean_interval
from harness.workplace import Prepared


@dataclass(frozen=True)
class Outcome:
    """What became of one cell: its results, or the reason why there are none."""

    prepared: Prepared
    results: dict[str, Any] | None
    reason: str
    reused: bool

    def left_behind(self) -> Run:
        """What the cell left in its folder. Where the status there is of an earlier command, this one ended
        before it could say so."""
        cell = self.prepared.cell
        run = replace(read_run(self.prepared.run.path), variant=cell.variant, seed=cell.seed)
        if self.results is not None or (run.status == "failed" and run.reason.startswith(self.reason)):
            return run
        return replace(run, results=None, status="stopped", reason=self.reason or run.reason)


@dataclass(frozen=True)
class Study:
    """A command's cells and what became of each."""

    experiment: str
    columns: tuple[Column, ...]
    outcomes: tuple[Outcome, ...]
    folder: Path

    def intervals(self, variant: str) -> dict[str, Interval]:
        """Mean and 95 % interval over the seeds of a variant that have a result, by metric key."""
        found = [results["values"] for results in self.results(variant)]
        return {
            column.key: mean_interval([values[column.key] for values in found])
            for column in self.columns
            if found and all(column.key in values for values in found)
        }

    def statistics(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The intervals of every variant, as JSON takes them."""
        return {
            variant: {key: asdict(interval) for key, interval in self.intervals(variant).items()}
            for variant in self.variants
        }

    def results(self, variant: str) -> list[dict[str, Any]]:
        """What the finished seeds of a variant gave."""
        return [outcome.results for outcome in self.outcomes_of(variant) if outcome.results]

    def outcomes_of(self, variant: str) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.prepared.cell.variant == variant]

    @property
    def report(self) -> Path:
        """The report, which stands whenever a study came to its end."""
        return self.folder / PAGE

    @property
    def variants(self) -> list[str]:
        return list(dict.fromkeys(outcome.prepared.cell.variant for outcome in self.outcomes))

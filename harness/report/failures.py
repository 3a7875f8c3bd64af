"""What did not come to its end, and what is missing: listed with reasons, for no mean holds it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.pages import alike, shape
from harness.report.comparison import Comparison
from harness.runs import Run

LONGEST = 300
"""Characters of a reason."""


def without_result(comparison: Comparison) -> list[Run]:
    """Failed, collapsed, stopped, pruned and unfinished runs, in the order of the experiment."""
    return [run for run in comparison.runs if not run.finished]


def missing_seeds(comparison: Comparison) -> dict[str, list[int]]:
    """By variant, seeds that it should have and of which there is no run at all, not even a failed one."""
    missing = {
        variant: [seed for seed in comparison.expected if seed not in {run.seed for run in runs}]
        for variant, runs in comparison.variants.items()
    }
    missing |= {variant: list(comparison.expected) for variant in comparison.not_begun}
    return {variant: seeds for variant, seeds in missing.items() if seeds}


@dataclass(frozen=True)
class Alike:
    """Runs of one variant that ended in one way, for reasons that differ in their numbers alone."""

    variant: str
    runs: tuple[Run, ...]
    status: str
    reason: str


def gathered(runs: Sequence[Run]) -> Iterator[Alike]:
    """Every run once, in the order of the first of those that are alike."""
    groups: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.variant, run.status, shape(reason_of(run))), []).append(run)
    for (variant, status, _), same in groups.items():
        ((reason, _),) = alike(map(reason_of, same))
        yield Alike(variant, tuple(same), status, reason)


def odd_runs(comparison: Comparison) -> list[Run]:
    """Counted runs of which something has to be said all the same: a last word that is not that it finished,
    or files of it that could not be read."""
    known = ("finished", "running", "")
    return [run for run in comparison.counted if run.finished and (run.reason or run.status not in known)]


def reason_of(run: Run) -> str:
    """On one line, cut where it is long."""
    text = " ".join(run.reason.split()) or ("" if run.status == "running" else "no reason given")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def seeds_in_words(seeds: Sequence[int]) -> str:
    """`seed 3`, `seeds 0, 1 and 5`, `seeds 0 to 11`."""
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    ordered = sorted(seeds)
    if len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"seeds {ordered[0]} to {ordered[-1]}"
    return f"seeds {', '.join(map(str, ordered[:-1]))} and {ordered[-1]}"

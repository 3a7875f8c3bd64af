"""What did not come to its end, and what is missing: listed with reasons, for no mean holds it."""

from collections.abc import Sequence

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
    return {variant: seeds for variant, seeds in missing.items() if seeds}


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

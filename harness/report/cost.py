"""What a variant took: seconds of training, images a second, steps, and the machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from harness.report.comparison import Comparison
from harness.runs import Run
from harness.stats import Interval, mean_interval


@dataclass(frozen=True)
class Cost:
    """Of one variant, means over its finished runs; None where no run says.

    training: seconds without evaluations, with their interval; whole: seconds with them; images: real ones
    that the discriminator saw, a batch each time it was updated; parameters: of generator and discriminator.
    """

    variant: str
    runs: int
    steps: tuple[int, ...]
    images: float | None
    training: Interval | None
    images_per_second: float | None
    whole: float | None
    parameters: tuple[int, ...]
    machines: tuple[str, ...]


def costs(comparison: Comparison) -> list[Cost]:
    """One for every variant that has a finished run."""
    groups = {name: [run for run in runs if run.results] for name, runs in comparison.ranked.items()}
    return [_cost(name, runs) for name, runs in groups.items() if runs]


def _cost(variant: str, runs: Sequence[Run]) -> Cost:
    results = [run.results for run in runs if run.results]
    images = [count for run in runs if (count := _images(run))]
    timed = [(run, seconds) for run in runs if (seconds := run.training_seconds)]
    rates = [count / seconds for run, seconds in timed if (count := _images(run))]
    whole = [float(each["seconds"]) for each in results if isinstance(each.get("seconds"), float | int)]
    counted = [int(each["parameters"]) for each in results if isinstance(each.get("parameters"), int)]
    return Cost(
        variant,
        len(runs),
        tuple(sorted({int(each["steps"]) for each in results if "steps" in each})),
        _mean(images),
        mean_interval([seconds for _, seconds in timed]) if timed else None,
        _mean(rates),
        _mean(whole),
        tuple(sorted(set(counted))),
        tuple(dict.fromkeys(text for run in runs if (text := _machine(run.provenance)))),
    )


def _images(run: Run) -> float | None:
    steps = (run.results or {}).get("steps")
    return float(run.images_a_step * steps) if run.images_a_step and isinstance(steps, int) else None


def _machine(provenance: Any) -> str:
    if not provenance.get("device"):
        return ""
    processors = provenance.get("processors")
    return f"{provenance['device']}, {processors} processors" if processors else str(provenance["device"])


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None

"""What the diagnostics of known theory saw at the end of the trainings."""

from collections.abc import Iterable, Sequence

from harness.notes import number
from harness.report.fitting import fitted
from harness.report.tables import name_of
from harness.runs import Record, Run, by_variant
from harness.stats import mean_interval


def theory_table(runs: Iterable[Run]) -> list[str]:
    """What the diagnostics saw at the end of every variant, as one section of Markdown;
    none without diagnostics.

    A value that was not finite in any seed is left out: it is no number to average.
    """
    finished = {name: [run.results for run in runs if run.results] for name, runs in by_variant(runs).items()}
    groups = {name: results for name, results in finished.items() if results}
    titles: dict[str, str] = {}
    for results in groups.values():
        for each in results:
            titles |= each.get("theory_titles", {})
    if not titles:
        return []
    rows = [[_seen(results, key) for key in titles] for results in groups.values()]
    found = fitted([name_of(text) for text in titles.values()], [name_of(name) for name in groups], rows)
    return [f"## Diagnostics at the last step\n\n{found}"]


def _seen(results: Sequence[Record], key: str) -> str:
    values = [each.get("theory", {}).get(key) for each in results]
    numbers = [value for value in values if isinstance(value, float | int)]
    if len(numbers) < len(values):
        return ""
    interval = mean_interval(numbers)
    # Gradients vanish over many powers of ten, which need an exponent.
    return number(interval) if interval.mean == 0 or abs(interval.mean) >= 1e-3 else f"{interval.mean:.2e}"

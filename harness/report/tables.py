"""The tables of a report, as Markdown."""

from collections import Counter
from collections.abc import Mapping, Sequence

from harness.columns import Column
from harness.notes import markdown_table, number, plain
from harness.pages import plain_text
from harness.report.comparison import FEWEST, KINDS, Entry, Group, Row
from harness.report.contrasts import Contrast
from harness.report.cost import Cost
from harness.report.differences import Flat
from harness.report.failures import Alike, gathered, seeds_in_words
from harness.report.fitting import fitted
from harness.runs import Record, Run
from harness.stats import LEVEL, Interval

NONE = "–"
"""Where a number would stand if there were one."""


def cell(text: str) -> str:
    """Foreign text inside a table: one line, no tag, no new column."""
    return plain_text(" ".join(text.split())).replace("|", r"\|")


def name_of(text: str) -> str:
    """Foreign text at the head of a line or a column, where `markdown_table` sees to what divides columns."""
    return plain_text(" ".join(text.split()))


def differences_table(settings: Mapping[str, Flat]) -> str:
    """Variants and the keys in which they differ; empty where there is nothing to tell."""
    keys = list(dict.fromkeys(key for flat in settings.values() for key in flat))
    if not keys:
        return ""
    rows = [[cell(flat.get(key, NONE)) for key in keys] for flat in settings.values()]
    whole = fitted([name_of(key) for key in keys], [name_of(name) for name in settings], rows)
    return whole if "\n\n" not in whole else _by_exception(settings, keys)


def _by_exception(settings: Mapping[str, Flat], keys: Sequence[str]) -> str:
    """What most variants have, in one sentence; then of each what is its own."""
    usual: dict[str, str] = {}
    for key in keys:
        ((value, count),) = Counter(flat.get(key, NONE) for flat in settings.values()).most_common(1)
        if 2 * count > len(settings):
            usual[key] = value
    own = [
        "; ".join(f"{key} {value}" for key in keys if (value := flat.get(key, NONE)) != usual.get(key))
        for flat in settings.values()
    ]
    rows = [[cell(text) if text else "as said above"] for text in own]
    table = markdown_table(["its own"], [name_of(name) for name in settings], rows)
    said = [f"{key} {value}" for key, value in usual.items() if value != NONE]
    return f"Where nothing else is said: {plain_text('; '.join(said))}.\n\n{table}" if said else table


def results_table(group: Group) -> str:
    """Variants and metrics, floor and ceiling last."""
    kinds = [kind for kind in KINDS if group.results.get(kind)]
    heads = ["seeds"]
    columns = [[*map(_seeds, group.rows), *[""] * len(kinds)]]
    for column in group.columns:
        heads.append(column.heading)
        texts = [entry_text(row.entries[column.key]) for row in group.rows]
        columns.append([*texts, *(_control(group, kind, column) for kind in kinds)])
        if column is group.main and group.seeds >= FEWEST:
            heads.append(f"IQM of {column.heading}")
            columns.append([*(_iqm(row.entries[column.key]) for row in group.rows), *[""] * len(kinds)])
    names = [*(row.variant for row in group.rows), *(control_name(group, kind) for kind in kinds)]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return fitted([*map(name_of, heads)], [*map(name_of, names)], rows)


def entry_text(entry: Entry) -> str:
    """`**8.76 ± 0.24**`; ` °` marks what cannot be told from the best, ` ?` what cannot be trusted."""
    if entry.interval is None:
        return NONE
    text = number(entry.interval)
    text = f"**{text}**" if entry.mark == "best" else f"{text} °" if entry.mark == "tied" else text
    return f"{text} ?" if entry.doubts else text


def _iqm(entry: Entry) -> str:
    if entry.iqm is None or entry.interval is None:
        return NONE
    return decimals_of(entry.interval, entry.iqm)


def decimals_of(interval: Interval, value: float) -> str:
    """A value with as many decimals as the interval's mean is written with."""
    places = number(interval).partition(" ")[0].partition(".")[2]
    return f"{value:.{len(places)}f}"


def _seeds(row: Row) -> str:
    return str(len(row.runs)) if len(row.runs) == row.expected else f"{len(row.runs)} of {row.expected}"


def _control(group: Group, kind: str, column: Column) -> str:
    scores = group.results.get(kind) or {}
    value = scores.get("values", {}).get(column.key)
    if not isinstance(value, float | int):
        return NONE
    return f"{plain(value)} ?" if column.key in scores.get("unreliable", {}) else plain(value)


def control_name(group: Group, kind: str) -> str:
    """`floor (500 images)`; empty where the runs have none."""
    scores: Record = group.results.get(kind) or {}
    if not scores:
        return ""
    things = "points" if group.results.get("protocol", {}).get("levels") is None else "images"
    return f"{kind} ({scores['num_samples']:,} {things})"


def contrasts_table(contrasts: Sequence[Contrast], column: Column) -> str:
    """Each against the reference: who tends to be better, the difference, and its corrected p."""
    better = "lower" if column.better == "lower" else "higher"
    heads = [
        "probability of improvement",
        f"difference in {column.title} ({better} is better)",
        "p",
        "shared seeds",
    ]
    rows = [
        [
            within(contrast.probability),
            _spelled(contrast.difference),
            p_text(contrast.adjusted),
            str(contrast.shared),
        ]
        for contrast in contrasts
    ]
    return markdown_table(
        [name_of(head) for head in heads], [name_of(each.variant) for each in contrasts], rows
    )


def pairs_table(pairs: Sequence[Contrast], variants: Sequence[str]) -> str:
    """Probability that the line's variant is better than the column's; ` °` where the test of the pair does
    not tell them apart."""
    found = {(each.variant, each.reference): each for each in pairs}

    def text(row: str, head: str) -> str:
        contrast = found.get((row, head)) or found.get((head, row))
        if contrast is None:
            return ""
        mean = contrast.probability.mean if contrast.variant == row else 1 - contrast.probability.mean
        return f"{mean:.2f}{'' if contrast.adjusted is not None and contrast.adjusted < LEVEL else ' °'}"

    names = [*map(name_of, variants)]
    return fitted(names, names, [[text(row, head) for head in variants] for row in variants], keep=True)


def within(interval: Interval) -> str:
    """`0.92 [0.71, 1.00]`."""
    if interval.low is None or interval.high is None:
        return f"{interval.mean:.2f}"
    return f"{interval.mean:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


def _spelled(interval: Interval) -> str:
    text = number(interval)
    return text if text.startswith("-") or interval.mean == 0 else f"+{text}"


def p_text(p: float | None) -> str:
    """`0.031`, and `< 0.001` where no more can be said."""
    if p is None:
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def failures_table(runs: Sequence[Run]) -> str:
    """Every run without a result, with what is known of why; those of a variant that failed alike in one
    line."""
    groups = list(gathered(runs))
    rows = [
        [cell(group.status), cell(group.reason), cell(_steps(group)), cell(_places(group)) or NONE]
        for group in groups
    ]
    names = [
        f"{name_of(group.variant)}, {seeds_in_words([run.seed for run in group.runs])}" for group in groups
    ]
    return markdown_table(["status", "reason", "last evaluation", "where"], names, rows)


def _steps(group: Alike) -> str:
    """Of the run that came least far to that which came furthest."""
    last = [max(run.evaluations, default=0) for run in group.runs]
    if not any(last):
        return NONE
    return f"step {last[0]:,}" if len(set(last)) == 1 else f"steps {min(last):,} to {max(last):,}"


def _places(group: Alike) -> str:
    """Of the first; of the others report.json has them."""
    others = len(group.runs) - 1
    return (
        f"{group.runs[0].place} and {others} more" if others and group.runs[0].place else group.runs[0].place
    )


def cost_table(costs: Sequence[Cost]) -> str:
    """Means over the finished runs of every variant; columns of which nothing is known are left out."""
    texts: dict[str, list[str]] = {
        "runs": [str(each.runs) for each in costs],
        "steps": [" or ".join(f"{steps:,}" for steps in each.steps) or NONE for each in costs],
        "images seen": [_whole(each.images) for each in costs],
        "training, s": [number(each.training) if each.training else NONE for each in costs],
        "images/s": [_whole(each.images_per_second) for each in costs],
        "in all, s": [_seconds(each.whole) for each in costs],
        "parameters": [" or ".join(f"{count:,}" for count in each.parameters) or NONE for each in costs],
    }
    kept = {head: column for head, column in texts.items() if any(text != NONE for text in column)}
    rows = [list(row) for row in zip(*kept.values(), strict=True)]
    return fitted(list(kept), [name_of(each.variant) for each in costs], rows)


def _whole(value: float | None) -> str:
    return NONE if value is None else f"{value:,.0f}"


def _seconds(value: float | None) -> str:
    return NONE if value is None else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"

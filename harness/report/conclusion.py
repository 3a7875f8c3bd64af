"""What the results come to, in a paragraph, for who reads nothing else."""

from collections.abc import Iterator, Sequence

from harness.columns import Column
from harness.notes import number
from harness.pages import plain_text
from harness.report.comparison import Group, Row
from harness.stats import LEVEL, stands_out

MOST = 6
"""Variants that are named; of more it is said how many they are."""


def conclusion(group: Group) -> str:
    """Which variants have the best of the main metric, as far as the tests tell, as Markdown; empty where
    there is one variant or one seed, of which nothing can be said."""
    main = group.main
    if main is None:
        return ""
    return " ".join(filter(None, (_standing(group, main), *_same(group))))


def _standing(group: Group, column: Column) -> str:
    key = column.key
    rows = {row.variant: row for row in group.rows if row.mean(key) is not None}
    samples = {variant: row.entries[key].values for variant, row in rows.items()}
    found = stands_out(samples, higher_is_better=column.better == "higher")
    if found.best is None or not found.adjusted:
        return ""
    best, title, where = rows[found.best], plain_text(column.title), group.mark
    worse = [variant for variant, p in found.adjusted.items() if p < LEVEL]
    if found.significant and not best.lost and not best.entries[key].doubts:
        others = (
            "the other variant" if len(found.adjusted) == 1 else f"each of the {len(found.adjusted)} others"
        )
        said = (
            f"**{plain_text(best.variant)} is better than {others} in {title}{where}** ({_value(best, key)})."
        )
    elif found.tied:
        said = (
            f"**No variant is shown to be the best in {title}{where}**: {plain_text(best.variant)} has the"
            f" best mean ({_value(best, key)}), from which {_named(found.tied)} cannot be told."
        )
    else:
        said = (
            f"**No variant is called the best in {title}{where}**: {plain_text(best.variant)} has the best"
            f" mean ({_value(best, key)}), but {_but(best, key)}."
        )
    if found.tied and worse:
        said += f" Worse than it, by the same tests: {_named(worse)}."
    if found.uncompared:
        said += f" With one seed, and so not tested: {_named(found.uncompared)}."
    flattered = [row.variant for row in group.rows if row.lost and (row is not best or found.tied)]
    if flattered:
        said += f" Means of survivors, for trainings were lost: {_named(flattered)}."
    return said


def _but(row: Row, key: str) -> str:
    """Why the best mean is not called the best though every test tells it from the others."""
    if row.lost:
        return (
            f"{len(row.lost)} of its {row.expected} trainings have no result, and it is a mean of survivors"
        )
    if row.entries[key].doubts:
        return "it is not to be trusted, for the reason below the table"
    return "a variant with one seed has as good a value"


def _same(group: Group) -> Iterator[str]:
    """Variants whose every value is the same at every seed that they share."""
    classes: list[list[Row]] = []
    for row in sorted((row for row in group.rows if row.runs), key=lambda row: row.variant):
        kin = next((kin for kin in classes if _equal(kin[0], row)), None)
        classes.append([row]) if kin is None else kin.append(row)
    for kin in classes:
        if len(kin) > 1:
            names = _named([row.variant for row in kin])
            yield f"{names} gave the same numbers in every metric at every seed that they share."


def _equal(one: Row, other: Row) -> bool:
    shared = {run.seed for run in one.runs} & {run.seed for run in other.runs}
    found = [
        (one.entries[key].values.get(seed), other.entries[key].values.get(seed))
        for key in one.entries
        for seed in shared
    ]
    return bool(found) and all(a is not None and a == b for a, b in found)


def _value(row: Row, key: str) -> str:
    interval = row.entries[key].interval
    return number(interval) if interval else ""


def _named(variants: Sequence[str]) -> str:
    """`a, b and c`; of more than MOST how many they are."""
    if len(variants) > MOST:
        return f"{len(variants)} variants"
    *first, last = map(plain_text, variants)
    return f"{', '.join(first)} and {last}" if first else last

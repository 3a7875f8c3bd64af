"""The results in words: the table, what its marks claim, and every variant against the reference."""

from collections.abc import Iterator

from harness.columns import Column
from harness.pages import plain_text
from harness.report import tables
from harness.report.comparison import FEWEST, KINDS, Group
from harness.report.failures import seeds_in_words

MOST_PAIRS = 6
"""Variants up to which every two of them have a place in a table."""


def results_section(group: Group) -> Iterator[str]:
    """The table, how to read it, and why some of its values are doubtful or absent."""
    if group.main is None:
        yield f"## Results{group.mark}\n\nThe runs measured no metric."
        return
    yield f"## Results{group.mark}\n\n{tables.results_table(group)}"
    yield " ".join(_numbers(group, group.main))
    yield " ".join(_marks(group))
    yield "\n".join(_remarks(group))


def _numbers(group: Group, main: Column) -> Iterator[str]:
    """What the numbers of the table are."""
    several = len([row for row in group.rows if row.runs]) > 1
    if group.seeds > 1:
        yield "Mean ± half-width of the 95 % interval of that one mean over seeds (Student's t)."
        if group.seeds >= FEWEST:
            yield f"IQM: mean of the middle half of the seeds, from {FEWEST} seeds on."
        single = [plain_text(row.variant) for row in group.rows if len(row.runs) == 1]
        if single:
            yield f"**One seed, and so neither interval nor test: {', '.join(single)}.**"
    elif several:
        yield (
            "**One seed of each variant**: there is no interval, and a difference may be nothing but the"
            " seed, so none is marked."
        )
    else:
        yield "**One seed**: there is no interval."
    lost = any(row.lost for row in group.rows)
    if lost:
        yield (
            "**A mean of a variant that lost trainings is one of the survivors, which flatters**: it is"
            " compared, but never marked. The trainings without a result are listed below."
        )
    if any(len(row.runs) + len(row.lost) < row.expected for row in group.rows):
        yield "Seeds that were never begun are listed below too."
    elsewhere = [
        f"{plain_text(row.variant)} ({seeds_in_words(row.elsewhere)})" for row in group.rows if row.elsewhere
    ]
    if elsewhere:
        yield f"Measured under another protocol, and in its table: {', '.join(elsewhere)}."
    if several:
        yield f"Sorted by {plain_text(main.title)}{', variants that lost trainings last' if lost else ''}."
    yield "Every value is of a run's last evaluation, not of its best."
    if any(tables.control_name(group, kind) for kind in KINDS):
        yield f"Floor: real images in the place of generated ones; ceiling: noise.{_counts(group)}"


def _counts(group: Group) -> str:
    """That a floor of fewer images is none for every metric."""
    floor, runs = (group.results.get("floor") or {}).get("num_samples"), group.results.get("num_samples")
    if not isinstance(floor, int) or not isinstance(runs, int) or floor >= runs:
        return ""
    return (
        f" The floor is of {floor:,} and the runs are of {runs:,}: a metric that changes with their number,"
        " as coverage and recall do, can be better than its floor."
    )


def _marks(group: Group) -> Iterator[str]:
    """What the marks in the table claim."""
    entries = [entry for row in group.rows for entry in row.entries.values()]
    marks = {entry.mark for entry in entries}
    if "best" in marks:
        yield "**Bold**: better than every other variant."
    if "tied" in marks:
        yield "°: the best mean, or not to be told from it, so that none is called the best there."
    if marks - {""}:
        yield (
            "Tested is the best mean of a metric against every other, each metric by itself: paired t test"
            " over the seeds both have (Welch's where they share fewer than two), two-sided, Holm-corrected,"
            " at 5 %."
        )
    if any(entry.doubts for entry in entries):
        yield "?: not to be trusted, for the reason below."


def _remarks(group: Group) -> Iterator[str]:
    """Why values are doubtful or absent, a line each."""
    for column in group.columns:
        for row in group.rows:
            entry = row.entries[column.key]
            where = f"- {plain_text(column.title)} of {plain_text(row.variant)}"
            if entry.gap:
                yield f"{where}: {entry.gap}, so there is no mean."
            reasons: dict[str, list[int]] = {}
            for seed, reason in (entry.doubts or {}).items():
                reasons.setdefault(reason, []).append(seed)
            for reason, seeds in reasons.items():
                yield f"{where} ({seeds_in_words(seeds)}): {plain_text(reason)}."
    for kind in KINDS:
        scores = group.results.get(kind) or {}
        for key, reason in scores.get("unreliable", {}).items():
            titles = [column.title for column in group.columns if column.key == key]
            if titles:
                yield f"- {plain_text(titles[0])} of the {kind}: {plain_text(str(reason))}."


def against_section(group: Group) -> Iterator[str]:
    """Every variant against the reference, and where they are few every two of them."""
    main = group.main
    if main is None:
        return
    order = [row.variant for row in group.rows]
    contrasts = [each for each in group.contrasts if each.key == main.key and each.p is not None]
    contrasts.sort(key=lambda each: order.index(each.variant))
    if not contrasts:
        return
    reference, of = plain_text(group.reference), plain_text(main.title)
    corrected = f", Holm-corrected over these {len(contrasts)} tests" if len(contrasts) > 1 else ""
    compared = {group.reference, *(each.variant for each in contrasts)}
    survivors = [plain_text(row.variant) for row in group.rows if row.lost and row.variant in compared]
    flattered = (
        f" **Only what survived is compared here of variants that lost trainings: {', '.join(survivors)}.**"
        if survivors
        else ""
    )
    test = "paired t test"
    if not all(each.paired for each in contrasts):
        test += " (Welch's where fewer than two seeds are shared)"
    yield (
        f"## Against {reference}{group.mark}\n\n{tables.contrasts_table(contrasts, main)}\n\n"
        f"Probability of improvement: that a seed of the variant has a better {of} than a seed of"
        f" {reference}, ties half, with its 95 % interval. Difference: variant minus"
        f" {reference} over the seeds both have, ± half-width of its 95 % interval. p: {test},"
        f" two-sided{corrected}. An interval is of one difference and not corrected, so it may leave out 0"
        " where p does not convince. The reference is the one asked for, else `base`, else the first variant"
        f" that lost no training. The other metrics: report.json.{flattered}"
    )
    names = [row.variant for row in group.rows if row.mean(main.key) is not None]
    if 2 < len(names) <= MOST_PAIRS:
        pairs = sum(each.p is not None for each in group.pairs)
        yield (
            f"Every two variants in {of}: the probability that the one of the line is better than the one of"
            f" the column. °: not told apart by the same test, here corrected over all {pairs} pairs.\n\n"
            f"{tables.pairs_table(group.pairs, names)}"
        )

"""What stands beside the results: runs without one, what a training took, what others published."""

from collections.abc import Iterator, Sequence

from harness.notes import markdown_table
from harness.pages import plain_text
from harness.report import tables
from harness.report.comparison import Comparison, Group
from harness.report.cost import Cost
from harness.report.failures import gathered, missing_seeds, odd_runs, seeds_in_words, without_result
from harness.report.published import Published, published_for
from harness.runs import by_variant


def failures_section(comparison: Comparison) -> Iterator[str]:
    """What has no result, or no run at all, and what was set aside."""
    runs, missing = without_result(comparison), missing_seeds(comparison)
    lines = [
        f"- {plain_text(name)}: {seeds_in_words(seeds)} without a run" for name, seeds in missing.items()
    ]
    for name, aside in by_variant(comparison.set_aside).items():
        seeds = seeds_in_words(sorted({run.seed for run in aside}))
        lines.append(
            f"- {plain_text(name)}, {seeds}: {len(aside)} set aside, for of several runs of a seed under"
            " one protocol the one that began last counts; all are in report.csv"
        )
    for group in gathered(odd_runs(comparison)):
        seeds = seeds_in_words(sorted({run.seed for run in group.runs}))
        said = [] if group.status in ("finished", "running", "") else [f"its last word is {group.status}"]
        why = "; ".join([*said, *([group.reason] if any(run.reason for run in group.runs) else [])])
        who = f"{plain_text(group.variant)}, {seeds}"
        lines.append(f"- {who}: the result is whole, and counts; but {plain_text(why)}")
    if not runs and not lines:
        return
    parts = ["## Not in the results, or odd" if odd_runs(comparison) else "## Not in the results"]
    if runs:
        parts.append(tables.failures_table(runs))
        parts.append("None of these is in any mean above: a mean is one of the seeds that came to their end.")
    if lines:
        parts.append("\n".join(lines))
    yield "\n\n".join(parts)


def cost_section(found: Sequence[Cost]) -> Iterator[str]:
    if not found:
        return
    machines = list(dict.fromkeys(machine for each in found for machine in each.machines))
    words = [
        "Means over finished runs. Images seen: real ones, a batch each update of the discriminator."
        " Training: seconds without evaluations; in all: with them; of the machine as busy as it was."
    ]
    if any(each.training and each.training.n > 1 for each in found):
        words.append("±: half-width of the 95 % interval of the mean over seeds.")
    if len(machines) == 1:
        words.append(f"Machine: {plain_text(machines[0])}.")
    elif machines:
        words.append(f"**Different machines, so seconds do not compare**: {plain_text('; '.join(machines))}.")
    yield f"## Cost\n\n{tables.cost_table(found)}\n\n{' '.join(words)}"


def published_section(group: Group) -> Iterator[str]:
    """Others' values beside ours where the protocol is the same; where it is not, that there are some."""
    shelf = published_for(group)
    if not shelf.comparable and not shelf.others:
        return
    parts = [f"## Published values{group.mark}"]
    for entry in shelf.comparable:
        parts += [_beside(group, entry), _of_source(entry)]
    for entry in shelf.others:
        titles = [column.title for column in group.columns if column.key == entry.key]
        parts.append(
            f"{plain_text(entry.source)} has values of {plain_text(titles[0])} on this data set under another"
            f" protocol ({plain_text(entry.protocol)}): they do not compare with those above."
        )
    yield "\n\n".join(parts)


def _beside(group: Group, entry: Published) -> str:
    column = next(column for column in group.columns if column.key == entry.key)
    ours = [(row.variant, tables.entry_text(row.entries[column.key]), "here") for row in group.rows]
    theirs = [
        (model, f"{value:g}" if spread is None else f"{value:g} ± {spread:g}", entry.source)
        for model, (value, spread) in entry.values.items()
    ]
    lines = [(name, value, source) for name, value, source in (*ours, *theirs)]
    return markdown_table(
        [column.heading, "from"],
        [tables.name_of(name) for name, *_ in lines],
        [[value, tables.cell(source)] for _, value, source in lines],
    )


def _of_source(entry: Published) -> str:
    read = " Read second-hand, not in the paper itself." if entry.second_hand else ""
    spread = f" Their ±: {plain_text(entry.spread)}." if entry.spread else ""
    return (
        f"The same protocol: {plain_text(entry.protocol)}. Not the same training:"
        f" {plain_text(entry.training)}.{spread}{read}"
    )

"""The page: what was compared, how it came out, how far that can be trusted, and where it comes from."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.figures import Draw
from harness.notes import protocol_sentence
from harness.pages import Illustration, Report, alike, plain_text, write_page
from harness.report.aside import cost_section, failures_section, published_section
from harness.report.comparison import KINDS, Comparison, compared
from harness.report.conclusion import conclusion
from harness.report.cost import costs
from harness.report.data import write_csv, write_json
from harness.report.differences import differing, protocol_differences, unlike
from harness.report.drawings import drawings
from harness.report.failures import seeds_in_words
from harness.report.latex import write_latex
from harness.report.origin import origin_of, unlike_origins
from harness.report.results import against_section, results_section
from harness.report.tables import differences_table
from harness.report.theory import theory_table
from harness.runs import Record, Run

Part = str | Illustration

MOST_NAMES = 6
"""Variants whose names stand in a sentence; more of them stand in the tables only."""

NO_FIGURES: Mapping[str, Draw] = {}


def write_report(
    folder: Path,
    runs: Sequence[Run],
    *,
    name: str,
    description: str = "",
    figures: Mapping[str, Draw] = NO_FIGURES,
    seeds: Sequence[int] = (),
    variants: Sequence[str] = (),
    reference: str = "",
    command: Sequence[str] = (),
) -> Report:
    """Write all there is to say of `runs` into `folder`: the page as Markdown and as HTML with its figures,
    every number as CSV and JSON, the table in LaTeX.

    figures: the experiment's own, by name; seeds, variants: those asked for: what is missing is said;
    reference: the variant that others are held against, else `base` or the first; command: the one that made
    all runs. A figure that cannot be drawn is a warning: the results stand without it.
    """
    comparison = compared(runs, seeds, reference, variants)
    parts = list(_parts(folder, comparison, name, description, figures, command))
    shown = [part for part in parts if isinstance(part, Illustration)]
    texts = [part.section if isinstance(part, Illustration) else part for part in parts]
    markdown = "\n\n".join(text.strip() for text in texts if text.strip()) + "\n"
    pages = write_page(folder, markdown, name)
    data = [
        write_csv(folder, runs),
        write_json(folder, name, description, comparison, runs),
        write_latex(folder, comparison.groups, name, [_sentence(each.results) for each in comparison.groups]),
    ]
    drawn = [file for each in shown for file in each.files]
    return Report((*pages, *data, *drawn), tuple(each.warning for each in shown if each.warning))


def _parts(
    folder: Path,
    comparison: Comparison,
    name: str,
    description: str,
    figures: Mapping[str, Draw],
    command: Sequence[str],
) -> Iterator[Part]:
    yield f"# {plain_text(name)}"
    yield plain_text(description)
    if not comparison.variants:
        yield "There are no runs."
        return
    yield _counted(comparison)
    yield " ".join(filter(None, map(conclusion, comparison.groups)))
    yield from _compared(comparison)
    for group in comparison.groups:
        yield from results_section(group)
        yield from against_section(group)
    yield from drawings(folder, comparison, figures)
    yield from theory_table(comparison.runs)
    yield from failures_section(comparison)
    yield from cost_section(costs(comparison))
    for group in comparison.groups:
        yield from published_section(group)
    yield _origin(comparison, command)


def _counted(comparison: Comparison) -> str:
    """Variants, seeds, and how many of the trainings have a result."""
    names = [*comparison.variants, *comparison.not_begun]
    counted = f"{len(names)} variants" if len(names) > 1 else "One variant"
    if len(names) <= MOST_NAMES:
        counted += f", {', '.join(f'**{plain_text(name)}**' for name in names)},"
    trainings = {(name, seed) for name in names for seed in comparison.expected}
    trainings |= {(run.variant, run.seed) for run in comparison.runs}
    done = {(run.variant, run.seed) for run in comparison.runs if run.finished}
    said = "each has a result"
    if trainings > done:
        said = f"**{len(done)} of {len(trainings)} trainings have a result**"
    if comparison.not_begun:
        missing = [plain_text(name) for name in comparison.not_begun]
        listed = ", ".join(missing) if len(missing) <= MOST_NAMES else f"{len(missing)} variants"
        said += f"; without any run: {listed}"
    return f"{counted} with {seeds_in_words(comparison.expected)}: {said}."


def _compared(comparison: Comparison) -> Iterator[str]:
    """What differs between variants, and under which protocols they were measured."""
    variants = comparison.variants
    settings = differing(variants)
    if table := differences_table(settings):
        yield f"Their configurations differ in this alone:\n\n{table}"
    elif len(settings) > 1:
        yield "**Their configurations do not differ.**"
    for name, runs in variants.items():
        for key, values in unlike(runs).items():
            found = plain_text("; ".join(values))
            yield f"**Runs of {plain_text(name)} are not alike**: {plain_text(key)} is {found}."
    if mixed := unlike_origins(comparison.counted):
        yield (
            f"**The runs differ beside their configuration**, in {', '.join(mixed)}: what of a difference is"
            " due to that cannot be told here. The end of the page says what there is of each."
        )
    groups = comparison.groups
    if len(groups) == 1:
        yield f"Protocol: {plain_text(_sentence(groups[0].results))}."
    elif groups:
        lines = [f"-{group.mark} {plain_text(_sentence(group.results))}" for group in groups]
        yield (
            f"**{len(groups)} protocols, whose values do not compare**: each has its own table.\n\n"
            + "\n".join(lines)
        )
        yield "\n\n".join(protocol_differences([group.results for group in groups]))


def _sentence(results: Record) -> str:
    try:
        return protocol_sentence(results)
    except (KeyError, TypeError, ValueError):  # of an older version, or of a newer one
        return f"a protocol of another version, fingerprint {str(results.get('fingerprint', ''))[:8]}"


def _origin(comparison: Comparison, command: Sequence[str]) -> str:
    records = [run.provenance for run in comparison.counted if run.provenance]
    lines = origin_of(records, [run.seed for run in comparison.counted], command)
    files = "Every number: report.csv (a line a value), report.json; the table for LaTeX: report.tex."
    parts = ["## Where this comes from", "\n".join(lines), files]
    notes = [note for run in comparison.counted if run.results for note in run.results.get("notes", ())]
    notes += [
        f"{kind}: {note}"
        for group in comparison.groups
        for kind in KINDS
        for note in (group.results.get(kind) or {}).get("notes", ())
    ]
    if notes:
        lines = [f"- {count} × {plain_text(note)}" for note, count in alike(notes)]
        parts.append("What the metrics had to say:\n\n" + "\n".join(lines))
    return "\n\n".join(part for part in parts if part)

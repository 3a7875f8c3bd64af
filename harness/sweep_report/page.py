"""The whole report of a sweep."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from pathlib import Path

from harness.figures import Drawing
from harness.figures.search import (
    expected_best_figure,
    history,
    importance,
    learning_curves,
    parallel_coordinates,
    pareto,
    slices,
)
from harness.notes import plain
from harness.pages import Illustration, Report, illustrated, plain_text, write_page
from harness.sweep_report.data import SweepRecord, write_data
from harness.sweep_report.searched import Final, Searched
from harness.sweep_report.tables import (
    best_trials,
    budget_table,
    changes,
    counts,
    importance_table,
    space_table,
)
from harness.sweep_report.verdict import counted, verdict
from harness.trials import complete_trials, drawn

Part = str | Illustration


def write_sweep_report(
    folder: Path, name: str, description: str, searched: Sequence[Searched], final: Final | None, origin: str
) -> Report:
    """Write the page with its figures and every number into `folder`; `searched` holds at least one study.

    origin: where it comes from, as Markdown. A figure that cannot be drawn is a warning: the rest stands.
    """
    parts: list[Part] = [f"# {plain_text(name)}", verdict(searched, final), plain_text(description).strip()]
    parts.append(_protocols(searched, final))
    if final is not None and final.tables.strip():
        parts.append(f"## Winners and baseline on the test split\n\n{final.tables.strip()}")
    for number, study in enumerate(searched):
        parts += _study(folder, study, number if len(searched) > 1 else None)
    parts += _budget(folder, searched)
    parts.append(f"## Where this comes from\n\n{origin.strip()}")
    figures = [part for part in parts if isinstance(part, Illustration)]
    sections = [part.section if isinstance(part, Illustration) else part for part in parts]
    pages = write_page(folder, "\n\n".join(section for section in sections if section) + "\n", name)
    data = write_data(folder, SweepRecord(name, description, tuple(searched), final, origin))
    files = [file for figure in figures for file in figure.files]
    return Report((*pages, *data, *files), tuple(figure.warning for figure in figures if figure.warning))


def _protocols(searched: Sequence[Searched], final: Final | None) -> str:
    validation = " ".join(dict.fromkeys(plain_text(study.protocol) for study in searched))
    test = f" Winners and baseline: {plain_text(final.protocol)}" if final is not None else ""
    if final is not None and final.touched == 1:
        test += " The test split was looked at once in this sweep's life, for them."
    return (
        f"Trials: {validation}{test}\n\nValues of trials are validation values, by which the winner was"
        " chosen; values on the test split are under a protocol of their own. The two are not to be compared."
    )


def _study(folder: Path, study: Searched, number: int | None) -> Iterator[Part]:
    """Everything of one study; `number` where it is one of several."""
    objective, level = study.objectives[0], "##" if number is None else "###"
    if number is not None:
        yield f"## {plain_text(study.variant)}"
    yield f"{level} What was searched\n\n{space_table(study.space)}\n\n{_how(study)}"
    yield f"{level} What came of the trials\n\n{counts(study.trials)}"
    if study.best is not None:
        several = len(study.objectives) > 1
        yield f"{level} {'The Pareto front' if several else 'The best trials'}\n\n{best_trials(study)}"
    if study.best is not None and not study.best.changes_nothing:
        yield (
            f"Trial {study.best.number}, {plain_text(objective.title)} {plain(study.best.values[0])} in"
            f" validation, changes of the configuration:\n\n{changes(study.space, study.best)}"
        )
    for name, draw in _figures(study).items():
        stem = name if number is None else f"{number}.{name}"
        title = f"{name} of {study.variant}" if number is not None else name
        yield illustrated(folder, title, draw, stem=stem, level=level)
    if study.importances:
        complete = len(drawn(complete_trials(study.trials)))
        yield (
            f"Share of each parameter in what sets the best trials apart, by PED-ANOVA over the"
            f" {counted(complete, 'complete trial')}:\n\n{importance_table(study)}"
        )


def _how(study: Searched) -> str:
    seeds = ", ".join(map(str, study.seeds))
    return (
        f"Sampler {plain_text(study.sampler)}, pruner {plain_text(study.pruner)}; every trial was trained"
        f" with seed{'' if len(study.seeds) == 1 else 's'} {seeds}."
    )


def _figures(study: Searched) -> dict[str, Callable[[], Drawing]]:
    """Those that the trials have something to show in, by the name of their files."""
    trials, space, objective = study.trials, study.space, study.objectives[0]
    found: dict[str, Callable[[], Drawing]] = {}
    if any(trial.value() is not None for trial in trials):
        found["history"] = partial(history, trials, study.objectives)
    # Where the pruner compares seeds a trial's curve runs over seeds, and says nothing of learning.
    if not study.pruner.startswith("wilcoxon") and any(trial.curve for trial in trials):
        found["learning_curves"] = partial(learning_curves, trials, objective)
    # The file's own configuration, a trial without a point, is in neither of the two.
    if any(not trial.changes_nothing for trial in complete_trials(trials)):
        found["slices"] = partial(slices, trials, space, objective)
        found["parallel_coordinates"] = partial(parallel_coordinates, trials, space, objective)
    if study.best is None:
        return found
    for (i, first), (j, second) in combinations(enumerate(study.objectives), 2):
        pairs = [
            replace(trial, values=(trial.values[i], trial.values[j]))
            for trial in complete_trials(trials, len(study.objectives))
        ]
        found[f"pareto.{first.key}.{second.key}"] = partial(pareto, pairs, (first, second))
    if study.importances:
        found["importance"] = partial(importance, study.importances, objective)
    return found


def _budget(folder: Path, searched: Sequence[Searched]) -> Iterator[Part]:
    table = budget_table(searched)
    if not table:
        return
    variants = {study.variant: study.trials for study in searched}
    objective = searched[0].objectives[0]
    yield illustrated(folder, "expected_best", partial(expected_best_figure, variants, objective))
    learning = sorted({study.sampler for study in searched if study.sampler != "random"})
    if learning:
        yield (
            f"The sampler {plain_text(' and '.join(learning))} learns from the trials before: they are not"
            " independent draws, and the curve is only indicative. It is exact for random search."
        )
    else:
        yield "The trials are independent draws of a random search, for which this curve is exact."
    yield table

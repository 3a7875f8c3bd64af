"""What a search comes to: the report, the numbers in its MLflow run, the best trial marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna

from harness.files import read_json
from harness.notes import plain, protocol_sentence
from harness.outcomes import Study
from harness.pages import Report
from harness.queue.outage import patiently
from harness.queue.url import hidden
from harness.report import origin_of
from harness.rundir import RunDir
from harness.search.importances import importances
from harness.stats import Interval
from harness.study import study_notes
from harness.sweep.final import Winner
from harness.sweep.parent import close_parent, curves, mark_best
from harness.sweep.plan import Plan
from harness.sweep.plan import Searched as Planned
from harness.sweep.standing import counted
from harness.sweep_report import Final, Searched, write_sweep_report
from harness.trials import Objective, TrialRecord, complete_trials, drawn
from harness.workers.brief import brief_of
from harness.workplace import Workplace

ENOUGH = 10
"""Points of which shares of their parameters say anything: below it the best tenth is a single one."""


@dataclass(frozen=True)
class Measured:
    """A final: its study, the winners in it, what they are compared by, and how many finals there were."""

    study: Study
    winners: tuple[Winner, ...]
    metric: Objective
    looks: int


@dataclass(frozen=True)
class Conclusion:
    """`searched`: the studies with their trials; `final`: winner and file on the test split, where there is a
    winner."""

    plan: Plan
    searched: tuple[Searched, ...]
    winners: tuple[Winner, ...]
    final: Final | None
    report: Report
    folder: Path
    waiting: int
    """Trials that were not begun."""


def conclude(
    plan: Plan,
    studies: Sequence[optuna.Study],
    trials: Mapping[str, Sequence[TrialRecord]],
    measured: Measured | None,
    workplace: Workplace,
    folder: Path,
    url: str,
) -> Conclusion:
    """Write the report and close the search's record. `trials`: by variant; `url`: the storage's."""
    searched = tuple(
        _searched(plan, each, study, trials[each.variant], folder)
        for each, study in zip(plan.searched, studies, strict=True)
    )
    final = _final(measured) if measured else None
    description = plan.loaded.experiment.description
    if waiting := patiently(lambda: counted(studies)).waiting:
        description += f"\n\n{waiting} trials wait in the study: the budget ended before them."
    came_from = origin_of([read_json(RunDir(folder).provenance)])
    origin = "\n".join([f"- study: `{plan.name}` in {hidden(url)}", *came_from])
    report = write_sweep_report(folder, plan.name, description, searched, final, origin)
    for warning in report.warnings:
        workplace.watcher.warned(warning)
    _mark(studies, searched, workplace, folder)
    close_parent(
        folder,
        "finished",
        note=(folder / report.files[0]).read_text().partition("\n## ")[0],
        values=_values(searched, final),
        curves=curves(plan, trials),
        files=report.files,
    )
    won = measured.winners if measured else ()
    return Conclusion(plan, searched, won, final, report, folder, waiting)


def _searched(
    plan: Plan, planned: Planned, study: optuna.Study, trials: Sequence[TrialRecord], folder: Path
) -> Searched:
    experiment, search = plan.loaded.experiment, plan.loaded.experiment.search
    return Searched(
        variant=planned.variant,
        space=planned.space,
        objectives=planned.objectives,
        trials=tuple(trials),
        importances=importances(study) if len(drawn(complete_trials(trials))) >= ENOUGH else {},
        sampler=search.sampler.name,
        pruner=search.pruner.name,
        seeds=experiment.trial_seeds,
        protocol=_protocol(plan, brief_of(study).trials_folder(folder), planned.objectives[0]),
    )


def _protocol(plan: Plan, trials: Path, objective: Objective) -> str:
    """How trials were measured, and between what their values lie, from any that is here to tell."""
    for file in sorted(trials.glob("trial*/seed*/results.json")):
        results = read_json(file)
        sentence = f"{protocol_sentence(results)}."
        between = [
            f"{kind} ({what}) {plain(results[kind]['values'][objective.key])}"
            for kind, what in (("floor", "training images"), ("ceiling", "noise"))
            if objective.key in results[kind]["values"]
        ]
        return f"{sentence} {objective.title}: {', '.join(between)}." if between else sentence
    search = plan.loaded.experiment.search
    return f"validation split, {search.num_samples:,} generated images."


def _final(measured: Measured) -> Final | None:
    study, metric = measured.study, measured.metric
    results = [result for variant in study.variants for result in study.results(variant)]
    if not results:
        return None
    origins = {each.searched.variant: each.origin for each in measured.winners}
    names = {each.searched.variant: each.name for each in measured.winners}
    return Final(
        metric=metric,
        baselines=_intervals(study, metric, origins),
        winners=_intervals(study, metric, names),
        protocol=f"{protocol_sentence(results[0])}.",
        touched=measured.looks,
        tables="\n".join(study_notes(study)),
    )


def _intervals(study: Study, metric: Objective, names: Mapping[str, str]) -> dict[str, Interval]:
    """Of each variant, what was measured under the name it has in the final; without those that failed."""
    found = {variant: study.intervals(name).get(metric.key) for variant, name in names.items()}
    return {variant: interval for variant, interval in found.items() if interval is not None}


def _values(searched: Sequence[Searched], final: Final | None) -> dict[str, float]:
    """Numbers of the whole: those of several variants under their names."""
    values: dict[str, float] = {}
    for each in searched:
        prefix = "" if len(searched) == 1 else f"{each.variant}/"
        for state in ("complete", "pruned", "failed"):
            count = sum(trial.state == state for trial in each.trials)
            values[f"{prefix}search/{state}"] = float(count)
        values |= {f"{prefix}importance/{key}": share for key, share in each.importances.items()}
        if final is not None:
            for name, intervals in (("winner", final.winners), ("baseline", final.baselines)):
                if (interval := intervals.get(each.variant)) is not None:
                    values[f"{prefix}test/{final.metric.key}_{name}"] = interval.mean
    return values


def _mark(
    studies: Sequence[optuna.Study], searched: Sequence[Searched], workplace: Workplace, folder: Path
) -> None:
    """The best trial of every study, in MLflow; and what a worker that died had yet to send of the others."""
    for study, each in zip(studies, searched, strict=True):
        number = None if each.best is None else each.best.number
        trials = brief_of(study).trials_folder(folder)
        mark_best(trials, number)
        for trial in trials.glob("trial*"):
            if workplace.uploader:
                workplace.uploader.catch_up(trial)

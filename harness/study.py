"""All cells of one command: what is done already, what is trained now, and the statistics over seeds."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.catalog import build_figures, build_metrics, how_measured, load_dataset
from harness.config import Experiment, Loaded, to_yaml
from harness.data import Dataset
from harness.errors import ComparisonError, HarnessError, InterruptedRunError
from harness.events import Events, read_events
from harness.files import read_json, write_atomic, write_json
from harness.metrics.inputs import columns_of
from harness.misfits import refuse_misfits
from harness.nonfinite import encode
from harness.notes import study_note
from harness.outcomes import Outcome, Study
from harness.provenance import first_provenance, source_tags
from harness.record import close_record
from harness.report import report_key, write_report
from harness.run import run
from harness.rundir import RunDir, Status, short_hash
from harness.stats import mean_interval
from harness.workplace import Prepared, Workplace, prepare


def plan(loaded: Loaded, workplace: Workplace) -> list[Prepared]:
    """Every cell with its data and its folder; whatever a cell could be refused for is found here."""

    @cache
    def dataset(key: str) -> Dataset:
        return load_dataset(cells[key], workplace.data_root)

    if not loaded.experiment.mixed_protocols:
        _refuse_mixed(loaded)
    cells = {cell.dataset.model_dump_json(): cell for cell in loaded.cells}
    prepared = []
    fitting: set[str] = set()
    for cell in loaded.cells:
        data = dataset(cell.dataset.model_dump_json())
        if cell.variant not in fitting:  # a seed changes nothing of what fits
            refuse_misfits(cell, data)
            fitting.add(cell.variant)
        prepared.append(prepare(cell, data, workplace))
    return prepared


def _refuse_mixed(loaded: Loaded) -> None:
    """ComparisonError where the variants would not be measured alike."""
    first = loaded.cells[0]
    for cell in loaded.cells[1:]:
        one, other = how_measured(first), how_measured(cell)
        if different := [key for key in one if one[key] != other[key]]:
            raise ComparisonError(
                f"variants {first.variant} and {cell.variant} differ in {', '.join(different)}, so their"
                " values could not be compared: measure all alike, or set mixed_protocols: true to mark them"
            )


CarryOut = Callable[[Sequence[Prepared], Path, Workplace], list[Outcome]]
"""Trains those cells that have no result, given the study's folder, and says what became of each."""


def in_turn(cells: Sequence[Prepared], folder: Path, workplace: Workplace) -> list[Outcome]:
    """One cell after the other, in this process. A failed one does not stop the others; a signal does."""
    return [_outcome(item, folder, workplace) for item in cells]


@dataclass(frozen=True)
class Within:
    """The folder of a study that another one is a part of, and what that one is called there."""

    folder: Path
    name: str


def run_study(
    loaded: Loaded, workplace: Workplace, carry_out: CarryOut = in_turn, within: Within | None = None
) -> Study:
    """Train every cell that has no result yet, then the statistics and the report."""
    cells = plan(loaded, workplace)
    columns = columns_of(metric for cell in loaded.cells for metric in build_metrics(cell).values())
    identities = sorted({(item.cell.variant, short_hash(item.identity)) for item in cells})
    name = loaded.experiment.name
    folder = workplace.runs / name / ".studies" / short_hash(identities)
    summarised = _summarised(folder, loaded.experiment)
    if all(item.run.standing() for item in cells) and {_run_name(item) for item in cells} <= summarised:
        done = in_turn(cells, folder, workplace)
        if workplace.uploader:
            workplace.uploader.catch_up(folder)
        return Study(name, columns, tuple(done), folder)

    _open(loaded, folder, workplace, within)
    try:
        outcomes = carry_out(cells, folder, workplace)
    except InterruptedRunError as error:
        with Events(folder) as events:
            close_record(RunDir(folder), events, "stopped", reason=str(error))
        raise
    study = Study(name, columns, tuple(outcomes), folder)
    _summarise(study, loaded.experiment, workplace)
    return study


def _run_name(item: Prepared) -> str:
    return f"{item.cell.variant}/{item.run.path.name}"


def _summarised(folder: Path, experiment: Experiment) -> set[str]:
    """The runs behind the statistics and the report of the study in `folder`, if its last command came to its
    end and no other report is asked for now."""
    if not RunDir(folder).is_closed:
        return set()
    record = read_json(folder / "study.json")
    return set(record["runs"]) if record.get("report") == report_key(experiment) else set()


def _outcome(item: Prepared, parent: Path, workplace: Workplace) -> Outcome:
    reused = item.run.standing() is not None
    try:
        return Outcome(item, run(item, parent, workplace), "", reused)
    except InterruptedRunError:
        raise
    except (HarnessError, OSError) as error:
        workplace.watcher.warned(f"{item.cell.variant}/seed{item.cell.seed} failed: {error}")
        return Outcome(item, None, str(error), False)


def _open(loaded: Loaded, folder: Path, workplace: Workplace, within: Within | None) -> None:
    """Begin, or begin again, the study's own event log, which becomes the parent run in MLflow.

    It is opened only to be written to: several commands with seeds of their own may share the study.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = first_provenance(RunDir(folder), {}, str(workplace.device))
    write_atomic(folder / "experiment.yaml", to_yaml(loaded.experiment))
    RunDir(folder).set_status("running")
    experiment = loaded.experiment
    tags = {
        "harness.run": record["key"],
        "harness.kind": "suite",
        "harness.outcome": "running",
        "mlflow.note.content": experiment.description,
        **source_tags(record),
    }
    base = experiment.model_dump(mode="json", include={"dataset", "network", "loss"})
    with Events(folder) as events:
        name = within.name if within else experiment.name
        above = {"parent": os.path.relpath(within.folder, folder)} if within else {}
        events.write("start", experiment=experiment.name, name=name, tags=tags, **above)
        events.write("params", values={key: part["name"] for key, part in base.items()})
        events.write("artifact", file="experiment.yaml")
    if workplace.uploader:
        workplace.uploader.follow(folder)


def _summarise(study: Study, experiment: Experiment, workplace: Workplace) -> None:
    """The report, and statistics over seeds into the parent run at every step all seeds were evaluated at."""
    finished = [outcome for outcome in study.outcomes if outcome.results]
    failed = [outcome for outcome in study.outcomes if not outcome.results]
    record = {
        "runs": [_run_name(outcome.prepared) for outcome in finished],
        "failed": {_run_name(outcome.prepared): outcome.reason for outcome in failed},
        "values": study.statistics(),
        "report": report_key(experiment),
    }
    write_json(study.folder / "study.json", record)
    note = "\n".join(study_notes(study))
    reason = ""
    if failed:
        reason = f"{len(failed)} of {len(study.outcomes)} runs have no result"
        note = f"**{reason}**\n\n{note}"
    report = write_report(
        study.folder,
        [outcome.left_behind() for outcome in study.outcomes],
        name=experiment.name,
        description=experiment.description,
        figures=build_figures(experiment),
        variants=study.variants,
        seeds=experiment.seeds,
        command=read_json(RunDir(study.folder).provenance)["command"],
    )
    for warning in report.warnings:
        workplace.watcher.warned(warning)
    with Events(study.folder) as events:
        for step, values in sorted(_curves(study).items()):
            # With more seeds the same steps come again: MLflow shows what was sent last.
            events.write("metrics", stream="summary", step=step, values=encode(values))
        for file in ("study.json", *report.files):
            events.write("artifact", file=file)
        fingerprints = dict.fromkeys(
            outcome.results["fingerprint"] for outcome in finished if outcome.results
        )
        events.write("tags", values={"harness.fingerprint": ", ".join(fingerprints)})
        status: Status = "failed" if failed else "finished"
        close_record(RunDir(study.folder), events, status, reason=reason, note=note)


def study_notes(study: Study) -> Iterator[str]:
    """A table of the variants under each protocol: values of different ones do not stand in one."""
    groups: dict[str, list[str]] = {}
    for variant in study.variants:
        for results in study.results(variant)[:1]:
            groups.setdefault(results["fingerprint"], []).append(variant)
    for variants in groups.values():
        intervals = {variant: study.intervals(variant) for variant in variants}
        yield study_note(study.columns, intervals, study.results(variants[0])[0])


def _curves(study: Study) -> dict[int, dict[str, float]]:
    """Statistics by step and name; with several variants each name stands under its variant's."""
    curves: dict[int, dict[str, float]] = {}
    for variant in study.variants:
        prefix = "" if len(study.variants) == 1 else f"{variant}/"
        seeds = [_evaluations(outcome) for outcome in study.outcomes_of(variant) if outcome.results]
        for step in sorted(set[int]().union(*seeds)) if seeds else []:
            measured = [seed[step] for seed in seeds if step in seed]
            if len(measured) < len(seeds):
                continue  # a mean over some of the seeds would not compare with the others
            for key in (f"eval/{column.key}" for column in study.columns):
                values = [value for each in measured if isinstance(value := each.get(key), float | int)]
                if len(values) == len(seeds):
                    named = asdict(mean_interval(values))
                    curves.setdefault(step, {}).update(
                        {f"{prefix}{key}_{name}": value for name, value in named.items() if value is not None}
                    )
    return curves


def _evaluations(outcome: Outcome) -> dict[int, dict[str, Any]]:
    """What every evaluation of a run gave, by step, from its event log."""
    logged = (event for _, event in read_events(outcome.prepared.run.path))
    return {event["step"]: event["values"] for event in logged if event.get("stream") == "eval"}

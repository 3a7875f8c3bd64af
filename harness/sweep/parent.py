"""The search's own record: an event log like a run's, which becomes the parent of its trials in MLflow."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.config import to_yaml
from harness.events import Events, read_events
from harness.files import read_json, write_atomic
from harness.nonfinite import encode
from harness.provenance import source_tags
from harness.record import close_record
from harness.rundir import RunDir, Status
from harness.sweep.plan import Plan
from harness.trials import TrialRecord, best_so_far

BEST = "harness.best"


def open_parent(plan: Plan, folder: Path) -> None:
    """Begin, or begin again, in a folder that has its provenance."""
    experiment, search = plan.loaded.experiment, plan.loaded.experiment.search
    record = read_json(RunDir(folder).provenance)
    RunDir(folder).set_status("running")
    write_atomic(folder / "experiment.yaml", to_yaml(experiment))
    tags = {
        "harness.run": record["key"],
        "harness.kind": "sweep",
        "harness.outcome": "running",
        "mlflow.note.content": experiment.description,
        **source_tags(record),
    }
    params: dict[str, Any] = {
        "search/objective": ", ".join(search.objective),
        "search/sampler": search.sampler.name,
        "search/pruner": search.pruner.name,
        "search/trials": search.trials,
        "search/seeds": ", ".join(map(str, experiment.trial_seeds)),
    }
    for searched in plan.searched[:1]:
        for parameter in searched.space.parameters:
            params[f"search_space/{parameter.key}"] = json.dumps(parameter.written())
    with Events(folder) as events:
        events.write("start", experiment=experiment.name, name=f"sweep {plan.name}", tags=tags)
        events.write("params", values=params)
        events.write("artifact", file="experiment.yaml")


def close_parent(
    folder: Path,
    status: Status,
    *,
    reason: str = "",
    note: str = "",
    values: Mapping[str, float] | None = None,
    curves: Mapping[int, Mapping[str, float]] | None = None,
    files: Sequence[str] = (),
) -> None:
    """The last words: `values` of the whole, `curves` by number of trial, files of the report."""
    with Events(folder) as events:
        for step, measured in sorted((curves or {}).items()):
            # A search that goes on passes earlier trials again: MLflow drops what it has.
            events.write("metrics", stream="trials", step=step, values=encode(measured))
        if values:
            events.write("metrics", stream="summary", step=max(curves or [0]), values=encode(values))
        for file in files:
            events.write("artifact", file=file)
        close_record(RunDir(folder), events, status, reason=reason, note=note)


def curves(plan: Plan, trials: Mapping[str, Sequence[TrialRecord]]) -> dict[int, dict[str, float]]:
    """By number of trial: its objectives, and the best of the first so far; of several variants under their
    names. `trials` by variant."""
    found: dict[int, dict[str, float]] = {}
    for searched in plan.searched:
        prefix = "" if len(plan.searched) == 1 else f"{searched.variant}/"
        for trial in trials[searched.variant]:
            if trial.state == "complete":
                for objective, value in zip(searched.objectives, trial.values, strict=True):
                    found.setdefault(trial.number, {})[f"{prefix}trial/{objective.key}"] = value
        first = searched.objectives[0]
        for number, value in best_so_far(trials[searched.variant], first):
            found.setdefault(number, {})[f"{prefix}best/{first.key}"] = value
    return found


def mark_best(folder: Path, best: int | None) -> None:
    """Tag the best of the trials in `folder`, and untag one that was."""
    for trial in sorted(folder.glob("trial*")):
        number = int(trial.name.removeprefix("trial"))
        marked = _is_marked(trial)
        if marked != (number == best):
            with Events(trial) as events:
                events.write("tags", values={BEST: str(number == best).lower()})


def _is_marked(trial: Path) -> bool:
    marks = [event["values"][BEST] for _, event in read_events(trial) if BEST in event.get("values", {})]
    return bool(marks) and marks[-1] == "true"

"""`harness sweep`."""

import json
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.markdown import Markdown

from harness.catalog import TABLES
from harness.commands.setting import (
    UPLOAD_TIMEOUT,
    check_writable,
    default_storage,
    heartbeat,
    missing_events,
    prepare_tracking,
)
from harness.commands.store import browsed, mirror_for
from harness.config import load
from harness.console import QueueLine, console
from harness.devices import chosen_device
from harness.nonfinite import encode
from harness.pages import PAGE
from harness.queue.storage import open_storage
from harness.queue.url import hidden
from harness.signals import StopSignal
from harness.stats import Interval
from harness.sweep.conclusion import Conclusion
from harness.sweep.plan import Plan, plan
from harness.sweep.standing import counted
from harness.sweep.studies import known_studies
from harness.sweep.sweep import Means, run_sweep
from harness.sweep_report.verdict import verdict
from harness.tracking.uploader import Uploader
from harness.trials import TrialRecord
from harness.workers.crew import Hiring, default_jobs
from harness.workplace import Workplace


@dataclass(frozen=True)
class Request:
    """How a search is asked for on the command line. `jobs`: workers here, 0 for those that stand ready
    elsewhere; None for as many as the machine bears."""

    storage: str | None
    study: str | None
    per_variant: bool
    jobs: int | None
    device: str
    data: Path
    runs: Path
    tracking_uri: str | None


def sweep(file: Path, overrides: Sequence[str], request: Request, *, dry_run: bool, as_json: bool) -> None:
    """Search the experiment's space, then train winner and file with fresh seeds, then the report."""
    loaded = load(file, overrides, TABLES)
    planned = plan(
        loaded,
        request.study or loaded.experiment.name,
        per_variant=request.per_variant,
        data_root=request.data,
    )
    jobs = default_jobs(request.device) if request.jobs is None else request.jobs
    url = request.storage or default_storage(request.runs)
    if dry_run:
        _print_plan(planned, jobs, url)
        return
    device = chosen_device(request.device)
    check_writable(request.runs)
    storage = open_storage(url, heartbeat())
    mirror = mirror_for(request.runs, request.tracking_uri)
    prepare_tracking(mirror, url)
    uploader = Uploader(mirror)
    hiring = Hiring(url, planned.name, request.runs, request.data, mirror.uri, request.device)
    seconds = loaded.experiment.search.seconds
    with StopSignal() as stop, QueueLine() as line:
        workplace = Workplace(request.runs, request.data, device, uploader, line, stop)
        means = Means(
            storage,
            hiring,
            jobs,
            None if seconds is None else time.time() + seconds,
            line.said,
            line.search,
            line.final,
        )
        try:
            conclusion = run_sweep(planned, means, workplace)
        finally:
            if missing := uploader.close(UPLOAD_TIMEOUT):
                line.warned(missing_events(mirror, missing, uploader))
    if conclusion is None:
        did = "helped" if jobs else "followed"
        console.print(f"another command leads the search `{planned.name}`; this one {did} it")
        return
    if as_json:
        json.dump(_document(conclusion, url), sys.stdout, indent=2, allow_nan=False)
        print()
    _print_conclusion(conclusion, mirror.uri)


def _print_plan(planned: Plan, jobs: int, url: str) -> None:
    search = planned.loaded.experiment.search
    console.print(
        f"search `{planned.name}` in {hidden(url)}: {search.trials} trials"
        f"{' of each variant' if len(planned.searched) > 1 else ''}, "
        f"{f'{jobs} workers' if jobs else 'workers elsewhere'}, sampler"
        f" {search.sampler.name}, pruner {search.pruner.name}, {_begun(planned, url)}:",
        soft_wrap=True,
    )
    for searched in planned.searched:
        console.print(f"  [bold]{searched.variant}[/]")
        for parameter in searched.space.parameters:
            console.print(
                f"    {parameter.key}: {json.dumps(parameter.written())}", soft_wrap=True, markup=False
            )


def _begun(planned: Plan, url: str) -> str:
    """What an earlier command did of it; refused where that was another search."""
    if url.startswith("sqlite:") and not Path(url.removeprefix("sqlite:///")).exists():
        return "none started"
    studies = known_studies(planned, open_storage(url, heartbeat()))
    return f"{counted(studies).finished} done by earlier commands" if studies else "none started"


def _print_conclusion(conclusion: Conclusion, uri: str) -> None:
    console.print()
    text = verdict(conclusion.searched, conclusion.final)
    console.print(Markdown(text) if console.is_terminal else text, soft_wrap=not console.is_terminal)
    for winner in conclusion.winners:
        changes = " ".join(shlex.quote(f"{key}={json.dumps(value)}") for key, value in winner.changes.items())
        file = conclusion.plan.loaded.path
        console.print(f"{winner.name}: harness run {file} {changes}", soft_wrap=True, markup=False)
    if conclusion.waiting:
        console.print(f"{conclusion.waiting} trials wait in the study: the budget ended before them")
    console.print(f"report: {conclusion.folder / PAGE}", soft_wrap=True)
    console.print(f"browse: [bold]{browsed(uri)}[/]", soft_wrap=True)


def _record(trial: TrialRecord) -> dict[str, object]:
    curve = {str(step): value for step, value in trial.curve.items()}
    return {**asdict(trial), "curve": encode(curve)}


def _document(conclusion: Conclusion, url: str) -> dict[str, object]:
    """For programs."""

    def interval(of: Interval | None) -> dict[str, object] | None:
        return None if of is None else asdict(of)

    final = conclusion.final
    return {
        "study": conclusion.plan.name,
        "storage": hidden(url),
        "report": str(conclusion.folder / PAGE),
        "verdict": verdict(conclusion.searched, final),
        "variants": {
            each.variant: {
                "objectives": [objective.key for objective in each.objectives],
                "best": None if each.best is None else _record(each.best),
                "importances": dict(each.importances),
                "trials": [_record(trial) for trial in each.trials],
                "test": final
                and {
                    "metric": final.metric.key,
                    "baseline": interval(final.baselines.get(each.variant)),
                    "winner": interval(final.winners.get(each.variant)),
                },
            }
            for each in conclusion.searched
        },
        "winners": {winner.searched.variant: winner.changes for winner in conclusion.winners},
        "test_split_looked_at": final.touched if final else 0,
    }

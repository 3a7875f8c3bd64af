"""`harness run`."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from harness.catalog import TABLES
from harness.commands.setting import (
    UPLOAD_TIMEOUT,
    check_writable,
    default_storage,
    heartbeat,
    missing_events,
    prepare_tracking,
    system_interval,
)
from harness.commands.store import mirror_for
from harness.config import Loaded, load, to_yaml
from harness.console import LiveWatcher, QueueLine, console
from harness.devices import chosen_device
from harness.errors import RunFailedError
from harness.notes import protocol_sentence
from harness.outcomes import Study
from harness.queue.storage import open_storage
from harness.signals import StopSignal
from harness.study import CarryOut, in_turn, run_study
from harness.table import marks, study_tables
from harness.tracking.uploader import Uploader
from harness.workers.crew import Hiring
from harness.workers.enlist import Enlist
from harness.workplace import Workplace


def run_experiment(
    file: Path,
    overrides: Sequence[str],
    *,
    device: str,
    data: Path,
    runs: Path,
    tracking_uri: str | None,
    dry_run: bool,
    as_json: bool,
    jobs: int = 1,
    storage: str | None = None,
) -> None:
    """All cells of seeds × variants, then the table, and where to look at it.

    With several `jobs` by workers, which take them from a study in `storage`.
    """
    loaded = load(file, overrides, TABLES)
    if dry_run:
        _print_plan(loaded, as_json)
        return
    chosen, interval = chosen_device(device), system_interval()
    check_writable(runs)
    mirror = mirror_for(runs, tracking_uri)
    uploader = Uploader(mirror)
    line = LiveWatcher(len(loaded.cells)) if jobs == 1 else QueueLine()
    with StopSignal() as stop, line as watcher:
        workplace = Workplace(runs, data, chosen, uploader, watcher, stop, interval)
        try:
            carry_out: CarryOut = in_turn
            if isinstance(line, QueueLine):
                url = storage or default_storage(runs)
                prepare_tracking(mirror, url)
                hiring = Hiring(url, "", runs, data, mirror.uri, device)
                carry_out = Enlist(
                    loaded, open_storage(url, heartbeat()), hiring, jobs, line.said, line.cells
                )
            study = run_study(loaded, workplace, carry_out)
        finally:
            if missing := uploader.close(UPLOAD_TIMEOUT):
                watcher.warned(missing_events(mirror, missing, uploader))
    _print_result(study, mirror.uri, as_json)
    failed = [outcome for outcome in study.outcomes if not outcome.results]
    if failed:
        raise RunFailedError(f"{len(failed)} of {len(study.outcomes)} runs have no result")


def _print_plan(loaded: Loaded, as_json: bool) -> None:
    if as_json:
        cells = [cell.model_dump(mode="json") for cell in loaded.cells]
        json.dump(
            {"experiment": loaded.experiment.model_dump(mode="json"), "cells": cells}, sys.stdout, indent=2
        )
        print()
        return
    print(to_yaml(loaded.experiment), end="")
    console.print(f"\n[bold]{len(loaded.cells)} cells[/], none started:")
    for cell in loaded.cells:
        console.print(f"  {cell.variant}/seed{cell.seed}  config {cell.config_hash[:8]}")


def _print_result(study: Study, uri: str, as_json: bool) -> None:
    if as_json:
        json.dump(_document(study), sys.stdout, indent=2)
        print()
    reused = [outcome for outcome in study.outcomes if outcome.reused]
    finished = [outcome.results for outcome in study.outcomes if outcome.results]
    console.print()
    if reused:
        console.print(
            f"{len(reused)} of {len(study.outcomes)} cells were finished already "
            "(same configuration, data, code, torch and device) and were not trained again.",
            soft_wrap=True,
        )
    if not finished:
        return
    for table in study_tables(study, console.width):
        console.print(table)
        console.print()
    sentences = {results["fingerprint"]: protocol_sentence(results) for results in finished}
    console.print("mean ± half-width of the 95 % interval over seeds (Student's t)", style="dim")
    numbered = marks(study)
    for fingerprint, sentence in sentences.items():
        console.print(
            f"{numbered.get(fingerprint, '')} {sentence}".strip(), style="dim", soft_wrap=True, markup=False
        )
    if numbered:
        console.print(
            "values under different numbers were not measured alike: do not compare them", style="yellow"
        )
    for key, reason in {
        key: reason for each in finished for key, reason in each["unreliable"].items()
    }.items():
        console.print(f"[yellow]? unreliable[/] {key}: {reason}", soft_wrap=True)
    for note, count in Counter(note for results in finished for note in results["notes"]).items():
        console.print(f"[yellow]note[/] ({count} of {len(finished)} runs): {note}", soft_wrap=True)
    seconds = sum(results["seconds"] for results in finished)
    console.print(f"training and evaluation took {seconds:,.0f} s; files: {study.folder.parent.parent}")
    console.print(f"report: {study.report}", soft_wrap=True)
    console.print(
        f"browse: [bold]harness ui{'' if uri.startswith('sqlite') else f' --tracking-uri {uri}'}[/]"
    )


def _document(study: Study) -> dict[str, object]:
    return {
        "experiment": study.experiment,
        "report": str(study.report),
        "variants": study.statistics(),
        "runs": [
            {
                "path": str(outcome.prepared.run.path),
                "variant": outcome.prepared.cell.variant,
                "seed": outcome.prepared.cell.seed,
                "reused": outcome.reused,
                "reason": outcome.reason,
                "results": outcome.results,
            }
            for outcome in study.outcomes
        ],
    }

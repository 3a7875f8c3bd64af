"""`harness run`."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from harness.catalog import TABLES
from harness.commands.store import browsed
from harness.commands.suite import Setting, train_suite
from harness.config import Loaded, load, to_yaml
from harness.console import console
from harness.errors import RunFailedError
from harness.notes import protocol_sentence
from harness.outcomes import Study
from harness.table import marks, study_tables


def run_experiment(
    file: Path, overrides: Sequence[str], setting: Setting, *, dry_run: bool, as_json: bool
) -> None:
    """All cells of seeds × variants, then the table, and where to look at it."""
    loaded = load(file, overrides, TABLES)
    if dry_run:
        _print_plan(loaded, as_json)
        return
    study = train_suite(loaded, setting)
    _print_result(study, setting.uri, as_json)
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
    console.print(f"browse: [bold]{browsed(uri)}[/]", soft_wrap=True)


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

"""A check, and a new baseline, as one JSON document for programs."""

from dataclasses import asdict
from typing import Any

from harness.gate.check import Checked, CheckResult
from harness.gate.update import Update


def check_document(result: CheckResult, baseline: str, command: str) -> dict[str, Any]:
    """baseline: its file; command: that gives the same again."""
    old = result.baseline
    return {
        "experiment": result.experiment,
        "outcome": result.outcome,
        "metric": asdict(result.column),
        "margin": str(result.margin),
        "alpha": result.alpha,
        "baseline": {"file": baseline, "written": old.written, "commit": old.commit, "dirty": old.dirty},
        "commit": result.commit,
        "dirty": result.dirty,
        "command": command,
        "variants": {each.variant: _variant(each) for each in result.variants},
    }


def update_document(update: Update | None, baseline: str) -> dict[str, Any]:
    """update: None where there was no baseline before."""
    return {"baseline": baseline, "difference": None if update is None else asdict(update)}


def _variant(checked: Checked) -> dict[str, Any]:
    return {
        **asdict(checked.verdict),
        "beside": {each.column.key: asdict(each) for each in checked.beside},
        "changed": list(checked.changed),
        "seeds": list(checked.seeds),
        "reused": list(checked.reused),
        "failed": checked.failed,
        "set_aside": {str(seed): reason for seed, reason in checked.set_aside.items()},
    }

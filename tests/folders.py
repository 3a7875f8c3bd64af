"""What a run leaves on disk, as the tests look at it."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from harness.events import read_events


def run_folders(root: Path) -> list[Path]:
    """Every run under `root`, ordered by path."""
    return sorted(file.parent for file in root.rglob("config.yaml"))


def only_run(root: Path) -> Path:
    (folder,) = run_folders(root)
    return folder


def weights(run: Path) -> bytes:
    return (run / "generator.safetensors").read_bytes()


def status(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "status.json").read_text())
    return found


def results(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "results.json").read_text())
    return found


def events(run: Path) -> list[dict[str, Any]]:
    return [event for _, event in read_events(run)]


def has_checkpoint(root: Path) -> bool:
    return any(root.rglob("step-*.json"))


def steps_logged(run: Path) -> Counter[tuple[str, str, int]]:
    """How often each (kind, stream, step) is in the log; samples of the machine's use aside."""
    return Counter(
        (event["kind"], event["stream"], event["step"])
        for event in events(run)
        if "step" in event and event["stream"] != "system"
    )

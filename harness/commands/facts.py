"""What can be told of a run: what it was, where it is, and all of it for a program."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.events import FILE
from harness.files import read_json
from harness.nonfinite import writable
from harness.notes import protocol_sentence
from harness.reader.plain import mapping_in
from harness.rundir import RunDir
from harness.runs import Run

UNREADABLE = (OSError, ValueError, TypeError, KeyError, RecursionError)
"""What reading a foreign file of JSON can come to."""


def document(run: Run) -> dict[str, Any]:
    """All of the run that a program may ask for."""
    results = run.results or {}
    keys = ("steps", "values", "theory", "details", "floor", "ceiling", "protocol", "fingerprint")
    found: dict[str, Any] = {
        "experiment": run.experiment,
        "variant": run.variant,
        "seed": run.seed,
        "status": run.status,
        "reason": run.reason,
        "place": run.place,
        "files": files_of(run),
        "mlflow": mirrored(run),
        "config": run.config,
        "provenance": run.provenance,
        "columns": results.get("columns", []),
        **{key: results.get(key) for key in keys},
        "seconds": results.get("seconds"),
        "seconds_of_training": run.training_seconds,
        "notes": results.get("notes", []),
        "unreliable": results.get("unreliable", {}),
        "evaluations": {str(step): values for step, values in sorted(run.evaluations.items())},
    }
    return dict(writable(found))


def what_it_was(run: Run) -> Iterator[tuple[str, str]]:
    """Its configuration in a few lines, and all that it came from."""
    for key in ("dataset", "network", "loss", "penalties", "augmentations"):
        if run.config.get(key):
            yield key, part(run.config[key])
    training = run.config.get("training")
    if isinstance(training, dict):
        yield "training", ", ".join(f"{key} {part(value)}" for key, value in training.items() if told(value))
    results = run.results or {}
    if results.get("protocol"):
        with suppress(TypeError, ValueError):  # of another version, with other fields
            yield "protocol", protocol_sentence(results)
    record = run.provenance
    identity = record.get("identity", {})
    if digest := identity.get("data"):
        yield "data digest", str(digest)
    if command := command_of(run):
        yield "command", " ".join(map(str, command))
    if started := record.get("started"):
        yield "started", str(started)
    if git := record.get("git"):
        changed = " with changes" if git.get("dirty") else ""
        yield "commit", f"{git.get('commit', '')}{changed} (branch {git.get('branch', '')})"
    if code := identity.get("code"):
        yield "code digest", str(code)
    if record:
        yield (
            "machine",
            f"{record.get('device')}, {record.get('processors')} processors, {record.get('platform')}",
        )
        packages = {"python": record.get("python"), **record.get("packages", {})}
        yield "versions", ", ".join(f"{name} {version}" for name, version in packages.items())


def where_it_is(run: Run) -> Iterator[tuple[str, str]]:
    yield "run", run.place
    if files := files_of(run):
        yield "files", ", ".join(files)
    if kept := mirrored(run):
        yield "MLflow", f"run {kept['run_id']} in {kept['tracking_uri']}"


def command_of(run: Run) -> Sequence[str]:
    """The command behind the run: where a worker trained it, that of its study, which can be given again."""
    own: Sequence[str] = run.provenance.get("command", ())
    if "worker" not in own[:2]:
        return own
    with suppress(*UNREADABLE), (Path(run.place) / FILE).open("rb") as log:
        study = Path(run.place) / json.loads(log.readline())["parent"]
        return list(read_json(RunDir(study).provenance)["command"])
    return own


def part(value: object) -> str:
    """An entry of a table with its options, a list, or a plain value, on one line: `mlp (latent.size 32)`."""
    if isinstance(value, Mapping):
        options = [f"{key} {part(each)}" for key, each in value.items() if key != "name" and told(each)]
        name = str(value.get("name", ""))
        return f"{name} ({', '.join(options)})" if name and options else name or ", ".join(options)
    if isinstance(value, Sequence) and not isinstance(value, str):
        inner = ", ".join(part(each) for each in value)
        return f"[{inner}]" if value and not isinstance(value[0], Mapping | str) else inner
    return str(value)


def files_of(run: Run) -> list[str]:
    """Of a run in a folder, what is worth opening there."""
    folder = Path(run.place)
    names = ("config.yaml", "results.json", "provenance.json", "events.jsonl", "generator.safetensors")
    found = [name for name in names if (folder / name).is_file()]
    return found + [f"{name}/" for name in ("samples", "checkpoints", "model") if (folder / name).is_dir()]


def mirrored(run: Run) -> dict[str, str]:
    """The run's id in MLflow and where that is, as far as its folder knows."""
    record = mapping_in(Path(run.place) / "mlflow.json")
    keys = ("run_id", "tracking_uri")
    return {key: str(record[key]) for key in keys} if all(record.get(key) for key in keys) else {}


def told(value: object) -> bool:
    """Whether a person wants to hear of it: what is off is not told."""
    return value not in (None, False, [], {}, "none")

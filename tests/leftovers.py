"""Runs as they leave their folders, written without a training."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from harness.events import Events
from harness.files import write_json
from harness.rundir import RunDir, Status, run_dir

COLUMNS = [
    {"key": "fid", "title": "FID", "better": "lower"},
    {"key": "precision", "title": "precision", "better": "higher"},
]
PROTOCOL: dict[str, Any] = {
    "name": "",
    "extractor": "classifier",
    "extractor_title": "digits classifier",
    "extractor_digest": "e" * 64,
    "data": "digits, train split",
    "data_digest": "d" * 64,
    "num_reference": 1000,
    "held_out": "digits, test split",
    "held_out_digest": "h" * 64,
    "num_held_out": 500,
    "levels": 17,
    "num_samples": 10000,
    "batch_size": 500,
    "metric_options": "{}",
    "quantisation": "round to 17 levels",
    "torch_version": "2.15.0",
    "version": 3,
}
SPEED = 640.0
"""Images a second: with batches of 64, ten steps."""


def leave(
    runs: Path,
    variant: str = "base",
    seed: int = 0,
    *,
    experiment: str = "ring",
    curve: Mapping[int, float] | None = None,
    status: Status = "finished",
    reason: str = "",
    training: Mapping[str, Any] | None = None,
    identity: Mapping[str, str] | None = None,
    fingerprint: str = "f" * 64,
    parent: Path | None = None,
) -> Path:
    """A run below `runs`, evaluated as `curve` says, FID by step; the last is its result, if it finished."""
    curve = {100: 9.0, 200: 5.0} if curve is None else curve
    steps = max(curve, default=200)
    same = {"config": f"{experiment}/{variant}", "data": "d" * 64, "code": "c" * 64, "device": "cpu"}
    who = {**same, **(identity or {})}
    folder = run_dir(runs / experiment / variant, seed, who).path
    folder.mkdir(parents=True)
    config = {
        "experiment": experiment,
        "variant": variant,
        "seed": seed,
        "dataset": "digits",
        "network": {"name": "mlp", "latent": {"size": 8}},
        "loss": "hinge",
        "penalties": [{"name": "r1", "weight": 0.5}],
        "training": {"steps": steps, "batch_size": 64, "discriminator_steps": 1, **(training or {})},
        "evaluation": {"every": 100 if len(curve) > 1 else None, "metrics": ["fid"]},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    provenance = {
        "key": f"{experiment}-{variant}-{seed}-{folder.name}",
        "identity": who,
        "command": ["harness", "run", f"{experiment}.yaml"],
        "git": {"commit": "a" * 40, "branch": "main", "dirty": False, "diff": ""},
        "python": "3.11.7",
        "packages": {"torch": "2.15.0", "numpy": "2.4.6"},
        "device": "cpu",
        "platform": "Linux",
        "processors": 2,
    }
    write_json(folder / "provenance.json", provenance)
    tags = {
        "harness.run": provenance["key"],
        "harness.kind": "cell",
        "harness.variant": variant,
        "harness.seed": str(seed),
        "harness.outcome": "running",
    }
    picture = folder / "samples" / f"step-{steps:09d}.png"
    picture.parent.mkdir()
    Image.new("L", (8, 8)).save(picture)
    above = {"parent": f"../../.studies/{parent.name}"} if parent else {}
    with Events(folder) as events:
        events.write("start", experiment=experiment, name=f"{variant}/seed{seed}", tags=tags, **above)
        events.write("artifact", file="config.yaml")
        events.write("artifact", file="provenance.json")
        for step, fid in curve.items():
            events.metrics("train", step, {"train/images_per_second": SPEED})
            events.metrics("eval", step, {"eval/fid": fid, "eval/fid_se": 0.1, "eval/precision": 0.5})
        events.image("samples", steps, f"samples/{picture.name}")
        if status == "finished":
            write_json(
                folder / "results.json",
                result(experiment, variant, seed, steps, curve[steps], who, fingerprint),
            )
            events.write("artifact", file="results.json")
        last = {"harness.outcome": status, "harness.reason": reason}
        events.write("tags", values={key: value for key, value in last.items() if value})
        events.write("end", status="FINISHED" if status == "finished" else "FAILED")
    RunDir(folder).set_status(status, reason)
    return folder


def result(
    experiment: str,
    variant: str,
    seed: int,
    steps: int,
    fid: float,
    identity: Mapping[str, str],
    fingerprint: str,
) -> dict[str, Any]:
    return {
        "experiment": experiment,
        "variant": variant,
        "seed": seed,
        "steps": steps,
        "seconds": 60.0,
        "columns": COLUMNS,
        "values": {"fid": fid, "fid_se": 0.1, "precision": 0.5},
        "theory": {},
        "theory_titles": {},
        "details": {},
        "unreliable": {"precision": "too few samples"},
        "notes": ["a note"],
        "num_samples": 10000,
        "floor": {
            "values": {"fid": 0.5, "precision": 0.9},
            "num_samples": 500,
            "notes": [],
            "unreliable": {},
        },
        "ceiling": {
            "values": {"fid": 69.0, "precision": 0.0},
            "num_samples": 10000,
            "notes": [],
            "unreliable": {},
        },
        "protocol": PROTOCOL,
        "fingerprint": fingerprint,
        "identity": dict(identity),
    }


def leave_study(
    runs: Path,
    variants: Sequence[str],
    folders: Sequence[Path] = (),
    failed: Mapping[str, str] | None = None,
    *,
    experiment: str = "ring",
    name: str = "0123abcd",
    ended: bool = True,
    **asked: Any,
) -> Path:
    """A study of `folders`, and of runs that failed, `<variant>/<folder>` with the reason."""
    folder = runs / experiment / ".studies" / name
    folder.mkdir(parents=True, exist_ok=True)
    written = {"name": experiment, "variants": {variant: {} for variant in variants}, **asked}
    (folder / "experiment.yaml").write_text(yaml.safe_dump(written, sort_keys=False))
    write_json(
        folder / "provenance.json", {"key": f"study-{name}", "command": ["harness", "run", "ring.yaml"]}
    )
    tags = {
        "harness.run": f"study-{name}",
        "harness.kind": "suite",
        "harness.outcome": "running",
        "mlflow.source.name": "harness run ring.yaml",
    }
    with Events(folder) as events:
        events.write("start", experiment=experiment, name=experiment, tags=tags)
        events.write("artifact", file="experiment.yaml")
        if ended:
            names = [f"{run.parent.name}/{run.name}" for run in folders]
            record = {"runs": names, "failed": dict(failed or {}), "values": {each: {} for each in variants}}
            write_json(folder / "study.json", record)
            events.write("end", status="FINISHED")
    RunDir(folder).set_status("finished" if ended else "running")
    return folder

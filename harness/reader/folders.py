"""One run, as its folder tells of it: as far as that goes, whatever a crash or a full disk has left there."""

import platform
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite, nan
from pathlib import Path
from typing import Any

import yaml

from harness.errors import HarnessError
from harness.events import read_events
from harness.files import read_json
from harness.nonfinite import read_record
from harness.rundir import RunDir
from harness.runs import Run, images_a_step

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Eight times as fast where libyaml is there, and a hundred runs are a hundred files."""
NO_COLUMNS = (
    "results.json is of an older version, which does not say what its values are; train the run again"
)


def read_run(folder: Path) -> Run:
    """What the run in `folder` left behind. Nothing of it has to be there.

    Text in the place of a number is one that was not finite. A run that says it is running, and whose process
    is gone, is `stopped`.
    """
    run = RunDir(folder)
    config = read_yaml(run.config)
    results, fault = read_results(run)
    status, reason = status_of(run)
    log = _read_log(folder, config)
    variant, seed = _labels(folder, config)
    return Run(
        variant=variant,
        seed=seed,
        config=config,
        results=results,
        evaluations=log.evaluations,
        records=_records(run),
        experiment=str(config.get("experiment") or folder.absolute().parent.parent.name),
        status=status,
        reason="; ".join(part for part in (reason, fault, log.fault) if part),
        provenance=_mapping(run.provenance),
        seconds=log.seconds,
        pictures=dict(_pictures(folder)),
        place=str(folder),
    )


def read_results(run: RunDir) -> tuple[dict[str, Any] | None, str]:
    """`results.json`, where it is whole and of a version that says what its values are; else why not."""
    if not run.results.exists():
        return None, ""
    results = _mapping(run.results)
    if "values" not in results:
        return None, f"{run.results.name} is damaged; remove the folder to train the run again"
    return (results, "") if "columns" in results else (None, NO_COLUMNS)


def status_of(run: RunDir) -> tuple[str, str]:
    """The last word on a run and its reason; `stopped` where that word was `running` and nobody runs it.

    A process of another machine cannot be looked for: its word stands.
    """
    file = run.path / "status.json"
    said = _mapping(file)
    status, reason = str(said.get("status", "")), str(said.get("reason", ""))
    if status not in ("", "running"):
        return status, reason
    here = said.get("host") in (None, platform.node())
    if status == "running" and not (here and _is_gone(said.get("process"), file)):
        return status, reason
    if run.results.exists():  # only its last words are missing
        return "finished", ""
    why = "its process is gone" if status else "it never began"
    return "stopped", f"{why}; the same command goes on with it"


def read_yaml(path: Path) -> dict[str, Any]:
    """A mapping in YAML as plain data; empty where there is none."""
    with suppress(OSError, ValueError, yaml.YAMLError):
        value = yaml.load(path.read_text(), LOADER)  # noqa: S506 - a safe loader, in C where there is one
        return value if isinstance(value, dict) else {}
    return {}


def seconds_of_training(windows: Mapping[int, float], config: Mapping[str, Any]) -> dict[int, float]:
    """Seconds of training alone up to every step of `windows`, which gives the images per second since the
    step before. Counted are the real images that the discriminator saw: in a step as many as it was updated
    with, each time a batch."""
    images = images_a_step(config)
    seconds: dict[int, float] = {}
    total, last = 0.0, 0
    for step, speed in sorted(windows.items()):
        if speed > 0 and isfinite(speed):
            total += (step - last) * images / speed
        seconds[step], last = total, step
    return seconds


def seconds_at(steps: Iterator[int], trained: Mapping[int, float]) -> dict[int, float]:
    """The seconds of training up to each of `steps`; empty where none were logged."""
    ordered = sorted(trained)
    found: dict[int, float] = {}
    index = 0
    for step in sorted(steps):
        while index < len(ordered) and ordered[index] <= step:
            index += 1
        if trained:
            found[step] = trained[ordered[index - 1]] if index else 0.0
    return found


@dataclass
class _Log:
    evaluations: dict[int, dict[str, float]] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    fault: str = ""


def _read_log(folder: Path, config: Mapping[str, Any]) -> _Log:
    log, speeds = _Log(), dict[int, float]()
    try:
        for _, event in read_events(folder):
            stream = event.get("stream")
            if event.get("kind") != "metrics" or stream not in ("eval", "theory", "train"):
                continue
            if stream == "train":
                speed = event["values"].get("train/images_per_second")
                if isinstance(speed, float | int):
                    speeds[event["step"]] = speed
                continue
            values = {key: nan if isinstance(value, str) else value for key, value in event["values"].items()}
            log.evaluations.setdefault(event["step"], {}).update(values)
    except (HarnessError, OSError, KeyError, TypeError, AttributeError):
        log.fault = "its event log is damaged, and was read up to there"
    log.seconds = seconds_at(iter(log.evaluations), seconds_of_training(speeds, config))
    return log


def _records(run: RunDir) -> dict[str, dict[int, Any]]:
    records: dict[str, dict[int, Any]] = {}
    with suppress(OSError, ValueError):
        for name, step, file in run.diagnostic_files():
            with suppress(OSError, ValueError):
                records.setdefault(name, {})[step] = read_record(file)
    return records


def _pictures(folder: Path) -> Iterator[tuple[int, Path]]:
    for file in sorted((folder / "samples").glob("step-*.png")):
        with suppress(ValueError):
            yield int(file.stem.removeprefix("step-")), file


def _labels(folder: Path, config: Mapping[str, Any]) -> tuple[str, int]:
    """Variant and seed; of a run that wrote nothing, by where its folder lies."""
    place = folder.absolute()
    seed = place.name.removeprefix("seed").partition("-")[0]
    number = config.get("seed", int(seed) if seed.isdecimal() else 0)
    return str(config.get("variant") or place.parent.name), number if isinstance(number, int) else 0


def _mapping(file: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        value = read_json(file)
        return value if isinstance(value, dict) else {}
    return {}


def _is_gone(process: object, file: Path) -> bool:
    """Whether no process of that number runs which was there when `file` was written."""
    if not isinstance(process, int):
        return True
    import psutil

    try:
        # Numbers come again: one that began after the word was written is another process.
        return psutil.Process(process).create_time() > file.stat().st_mtime + 1
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, OSError):
        return False

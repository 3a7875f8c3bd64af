"""One run, as its folder tells of it: as far as that goes, whatever a crash or a full disk has left there."""

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite, nan
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.events import read_events
from harness.nonfinite import read_record
from harness.reader.plain import mapping_in, read_yaml
from harness.reader.shapes import (
    LONGEST,
    NOT_FINITE,
    fault_of_config,
    fault_of_provenance,
    fault_of_results,
    is_count,
    is_number,
)
from harness.rundir import RunDir
from harness.runs import Run, images_a_step

LED = "--led"
"""In the command of a process that a study started for itself, which a person would not repeat."""
SPEED = "train/images_per_second"
NO_COLUMNS = (
    "results.json is of an older version, which does not say what its values are; train the run again"
)


def read_run(folder: Path) -> Run:
    """What the run in `folder` left behind. Nothing of it has to be there.

    Text in the place of a number is one that was not finite. A run that says it is running, and whose process
    is gone, is `stopped`. What is there and is not as harness writes it counts as absent, and the reason says
    so. A run with results has them whatever its status says, for they are written last and whole.
    """
    run = RunDir(folder)
    config, odd_config = sound(read_yaml(run.config), run.config.name, fault_of_config)
    provenance, odd_provenance = sound(mapping_in(run.provenance), run.provenance.name, fault_of_provenance)
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
        reason="; ".join(filter(None, (reason, fault, odd_config, odd_provenance, log.fault))),
        provenance=with_command(provenance, lambda: _command_of_study(folder, log.parent)),
        seconds=log.seconds,
        pictures=dict(_pictures(folder)),
        place=str(folder),
    )


def read_results(run: RunDir) -> tuple[dict[str, Any] | None, str]:
    """`results.json`, where it is as harness writes it, and of a version that says what its values are; else
    why it cannot be read."""
    if not run.results.exists():
        return None, ""
    return sound_results(mapping_in(run.results), "remove the folder to train the run again")


def sound_results(results: dict[str, Any], way_out: str) -> tuple[dict[str, Any] | None, str]:
    """The content of a `results.json`, or None and why; one that is empty could not be read at all."""
    if not results:
        return None, f"results.json is damaged; {way_out}"
    if "values" in results and "columns" not in results:
        return None, NO_COLUMNS
    if fault := fault_of_results(results):
        return None, f"results.json is not as harness writes it: {fault}; {way_out}"
    return results, ""


def sound(content: dict[str, Any], name: str, fault_of: Callable[[Any], str]) -> tuple[dict[str, Any], str]:
    """What stands in the file `name`; or nothing, and what is wrong with it."""
    try:
        fault = fault_of(content)
    except RecursionError:
        fault = "it is nested too deeply"
    return (
        ({}, f"{name} is not as harness writes it and counts as absent: {fault}") if fault else (content, "")
    )


def status_of(run: RunDir) -> tuple[str, str]:
    """The last word on a run and its reason; `stopped` where that word was `running` and nobody runs it.

    A process of another machine cannot be looked for: its word stands.
    """
    file = run.path / "status.json"
    said = mapping_in(file)
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


def with_command(provenance: dict[str, Any], study: Callable[[], Sequence[str]]) -> dict[str, Any]:
    """Where a study's worker made the run, under the command of the study, which can be given again."""
    if LED not in provenance.get("command", ()) or not (command := study()):
        return provenance
    return {**provenance, "command": list(command)}


def _command_of_study(folder: Path, parent: str) -> list[str]:
    command = mapping_in(RunDir(folder / parent).provenance).get("command") if parent else None
    return [str(word) for word in command] if isinstance(command, list) else []


@dataclass
class _Log:
    """What the event log tells; parent: where the folder of the run's study is, from its own."""

    parent: str = ""
    evaluations: dict[int, dict[str, float]] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    fault: str = ""


def _read_log(folder: Path, config: Mapping[str, Any]) -> _Log:
    """An event that is not as harness writes it is left out, and counted."""
    log, speeds, odd = _Log(), dict[int, float](), 0
    damage = ""
    try:
        for _, event in read_events(folder):
            if not isinstance(event, dict):
                odd += 1
                continue
            if event.get("kind") == "start":
                log.parent = str(event.get("parent") or "")
            stream = event.get("stream")
            if event.get("kind") != "metrics" or stream not in ("eval", "theory", "train"):
                continue
            step, logged = event.get("step"), event.get("values")
            if not is_count(step) or not isinstance(step, int) or not isinstance(logged, dict):
                odd += 1
                continue
            values = _logged(logged)
            odd += len(values) < len(logged)
            if stream != "train":
                log.evaluations.setdefault(step, {}).update(values)
            elif SPEED in values:
                speeds[step] = values[SPEED]
    except (HarnessError, OSError, RecursionError):
        damage = "its event log is damaged, and was read up to there"
    skipped = f"{odd} of its events not as harness writes them, and skipped" if odd else ""
    log.fault = "; ".join(filter(None, (damage, skipped)))
    log.seconds = seconds_at(iter(log.evaluations), seconds_of_training(speeds, config))
    return log


def _logged(values: Mapping[str, Any]) -> dict[str, float]:
    """Those that are numbers, NaN for what was not finite."""
    found = {}
    for key, value in values.items():
        if is_number(value):
            found[key] = value
        elif value in NOT_FINITE or (isinstance(value, float) and not isfinite(value)):
            found[key] = nan
    return found


def _records(run: RunDir) -> dict[str, dict[int, Any]]:
    records: dict[str, dict[int, Any]] = {}
    with suppress(OSError, ValueError):
        for name, step, file in run.diagnostic_files():
            with suppress(OSError, ValueError, RecursionError):
                records.setdefault(name, {})[step] = read_record(file)
    return records


def _pictures(folder: Path) -> Iterator[tuple[int, Path]]:
    for file in sorted((folder / "samples").glob("step-*.png")):
        step = file.stem.removeprefix("step-")
        if step.isdecimal() and int(step) <= LONGEST and file.is_file():
            yield int(step), file


def _labels(folder: Path, config: Mapping[str, Any]) -> tuple[str, int]:
    """Variant and seed; of a run that wrote nothing, by where its folder lies."""
    place = folder.absolute()
    seed = place.name.removeprefix("seed").partition("-")[0]
    number = config.get("seed", int(seed) if seed.isdecimal() else 0)
    return str(config.get("variant") or place.parent.name), number if type(number) is int else 0


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

"""Where studies and runs lie below the folder of runs, and what an experiment file asks of a report."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.errors import ConfigError
from harness.events import FILE
from harness.reader.plain import load_yaml, mapping_in, read_yaml
from harness.rundir import RunDir

STUDIES, SWEEPS = ".studies", ".sweeps"
RECORD = "study.json"


@dataclass(frozen=True)
class Asked:
    """What an experiment file says that a report needs: `figures` by name with their options, variants and
    seeds in its order."""

    name: str = ""
    description: str = ""
    figures: Mapping[str, Mapping[str, Any]] | None = None
    variants: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()


def read_asked(file: Path) -> Asked:
    """ConfigError where `file` is no experiment file: one line, and the place."""
    try:
        data = load_yaml(file.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {' '.join(str(error).split())}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{file} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        raise ConfigError(f"{file} is no experiment file: it has no `name`")
    return asked_of(data)


def asked_of(data: Mapping[str, Any]) -> Asked:
    figures: dict[str, Mapping[str, Any]] = {}
    for entry in _list(data.get("figures")):
        part = {"name": entry} if isinstance(entry, str) else entry
        if isinstance(part, dict) and isinstance(part.get("name"), str):
            figures[part["name"]] = {key: value for key, value in part.items() if key != "name"}
    variants = data.get("variants")
    return Asked(
        name=str(data.get("name") or ""),
        description=str(data.get("description") or ""),
        figures=figures,
        variants=tuple(map(str, variants)) if isinstance(variants, dict) and variants else (),
        seeds=tuple(seed for seed in _list(data.get("seeds")) if isinstance(seed, int)),
    )


def is_run(folder: Path) -> bool:
    run = RunDir(folder)
    return run.config.is_file() and folder.parent.name != STUDIES


def is_study(folder: Path) -> bool:
    return folder.absolute().parent.name == STUDIES


def is_sweep(folder: Path) -> bool:
    return folder.absolute().parent.name == SWEEPS


def runs_below(folder: Path) -> list[Path]:
    """The runs of an experiment, of a variant, or of all experiments; without the trials of searches."""
    levels = (f"{'*/' * depth}seed*/config.yaml" for depth in range(3))
    files = (file for level in levels for file in folder.glob(level))
    return sorted(
        (file.parent for file in files if not _is_hidden(file.relative_to(folder))), key=_by_variant_and_seed
    )


def studies_below(folder: Path) -> list[Path]:
    """The studies of an experiment, the one that ended last at the end; those of a search are its own."""
    ended = [file for file in (folder / STUDIES).glob(f"*/{RECORD}") if not _is_within(file.parent)]
    return [file.parent for file in sorted(ended, key=lambda file: file.stat().st_mtime)]


def asked_last(home: Path) -> Asked | None:
    """What the study of an experiment asks for that began last, ended or not; None without one."""
    files = [file for file in (home / STUDIES).glob("*/experiment.yaml") if not _is_within(file.parent)]
    return asked_of(read_yaml(max(files, key=lambda file: file.stat().st_mtime))) if files else None


@dataclass(frozen=True)
class StudyRecord:
    """A study: its runs' folders in its order, why those of them failed that did, and what was asked for."""

    folder: Path
    runs: tuple[Path, ...]
    failed: Mapping[str, str]
    asked: Asked
    command: tuple[str, ...]


def read_study(folder: Path) -> StudyRecord:
    """A study that has not ended has those runs of its variants that there are."""
    asked = asked_of(read_yaml(folder / "experiment.yaml"))
    home = folder.absolute().parent.parent
    record = mapping_in(folder / RECORD)
    command = tuple(map(str, _list(mapping_in(RunDir(folder).provenance).get("command"))))
    if not record:
        variants = asked.variants or ("base",)
        runs = [run for variant in variants for run in runs_below(home / variant)]
        return StudyRecord(folder, tuple(runs), {}, asked, command)
    reasons = _named(record, "failed")
    failed = {str(home / name): str(reason) for name, reason in reasons.items()}
    names = [*map(str, _list(record.get("runs"))), *reasons]
    order = {variant: index for index, variant in enumerate(_named(record, "values"))}
    runs = sorted(
        (home / name for name in names),
        key=lambda run: (order.get(run.parent.name, len(order)), _by_variant_and_seed(run)),
    )
    return StudyRecord(folder, tuple(runs), failed, asked, command)


def in_order(variants: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """`variants`, once each, those of `wanted` first and as there; without a word from it `base` is first."""
    first = wanted or ("base",)
    known = dict.fromkeys(variants)
    return [name for name in first if name in known] + [name for name in known if name not in first]


def _by_variant_and_seed(run: Path) -> tuple[str, str, int, str]:
    seed = run.name.removeprefix("seed").partition("-")[0]
    return run.parent.parent.name, run.parent.name, int(seed) if seed.isdecimal() else 0, run.name


def _is_within(study: Path) -> bool:
    """Whether the study is a part of something, as the final of a search is."""
    with suppress(OSError, ValueError, TypeError, RecursionError), (study / FILE).open("rb") as log:
        return "parent" in json.loads(log.readline())
    return False


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _list(value: object) -> Iterator[Any]:
    return iter(value) if isinstance(value, list) else iter(())


def _named(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record.get(key)
    return value if isinstance(value, dict) else {}

"""Runs that were found, each once, and each variant under a name of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.reader.folders import with_command
from harness.reader.studies import Asked
from harness.rundir import short_hash
from harness.runs import Run


@dataclass(frozen=True)
class Found:
    """The runs that were named, each variant's name its own.

    name, description, figures (by name, with their options), seeds, variants: what their experiment asks for,
    which may be more than there are runs of; empty where they are of several. command: that made them all;
    source: the folder of the one study they are.
    """

    runs: tuple[Run, ...]
    name: str
    description: str = ""
    figures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    source: Path | None = None
    seeds: tuple[int, ...] = ()
    command: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, runs: Sequence[Run], asked: Asked, command: tuple[str, ...], source: Path | None = None
    ) -> "Found":
        """The runs of one study, and what its experiment asks for."""
        name = asked.name or name_of(runs)
        figures = asked.figures or {}
        return cls(
            tuple(runs), name, asked.description, figures, source, asked.seeds, command, asked.variants
        )


def joined(parts: Sequence[Found]) -> Found:
    if len(parts) == 1:
        return parts[0]
    runs = tuple(
        replace(run, provenance=with_command(dict(run.provenance), lambda: part.command))  # noqa: B023
        for part in parts
        for run in part.runs
    )
    names = list(dict.fromkeys(part.name for part in parts))
    figures = {name: options for part in reversed(parts) for name, options in part.figures.items()}
    descriptions = list(dict.fromkeys(part.description for part in parts if part.description))
    title = " and ".join(names) if len(names) < 4 else f"{len(names)} experiments"
    return Found(runs, title, descriptions[0] if len(descriptions) == 1 else "", figures)


def once(runs: Iterable[Run]) -> list[Run]:
    """Each run once, however often it was named: its key says which it is, else its place."""
    kept: dict[str, Run] = {}
    for run in runs:
        kept.setdefault(str(run.provenance.get("key") or run.place), run)
    return list(kept.values())


def distinct(runs: Sequence[Run]) -> list[Run]:
    """Variants under names of their own: `baseline/base` where there are several experiments, `base
    (53abd31b)` where runs of one name are not of one configuration, data, code and device."""
    several = len({run.experiment for run in runs}) > 1
    kinds: dict[tuple[str, str], set[str]] = {}
    for run in runs:
        kinds.setdefault((run.experiment, run.variant), set()).add(configuration_of(run))

    def name(run: Run) -> str:
        full = f"{run.experiment}/{run.variant}" if several else run.variant
        kind = configuration_of(run)
        alone = len(kinds[run.experiment, run.variant]) == 1
        return full if alone or not kind else f"{full} ({kind})"

    return [replace(run, variant=name(run)) for run in runs]


def configuration_of(run: Run) -> str:
    """Eight digits of all that decides a result but the seed, as at the end of a run folder's name; empty
    where a run does not say."""
    identity = (run.results or {}).get("identity") or run.provenance.get("identity")
    return short_hash(identity) if identity else ""


def name_of(runs: Sequence[Run]) -> str:
    names = list(dict.fromkeys(run.experiment for run in runs if run.experiment))
    return " and ".join(names) if len(names) < 4 else f"{len(names)} experiments"

"""`harness report`: what runs came to, written from what they left behind."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console

from harness.errors import ConfigError, one_line
from harness.figures import FIGURES, Draw, Drawing
from harness.options import keyword_arguments
from harness.pages import PAGE, Report
from harness.reader import read_runs
from harness.reader.studies import is_sweep
from harness.report import write_report
from harness.rundir import RunDir
from harness.runs import Run
from harness.sweep_report import read_data, write_sweep_report
from harness.sweep_report.data import JSON

ELSEWHERE = Path("report")
"""Where the report of runs goes that are not one study."""


def report(names: Sequence[str], runs: Path, out: Path | None, tracking_uri: str | None) -> None:
    """Write the report of the named runs into `out`, by default the folder of the study that they are.

    Where it is goes to stdout, for that is what was asked for.
    """
    searched = [name for name in names if is_sweep(Path(name)) and Path(name).is_dir()]
    if searched and len(names) > 1:
        raise ConfigError(f"{searched[0]} is a search, which has a report of its own: name it alone")
    if searched:
        folder, written = _of_search(Path(searched[0]), out)
    else:
        folder, written = _of_runs(names, runs, out, tracking_uri)
    said = Console(stderr=True, highlight=False)
    for warning in written.warnings:
        said.print(f"warning: {warning}", style="yellow", soft_wrap=True, markup=False)
    print(folder / PAGE)


def _of_runs(
    names: Sequence[str], runs: Path, out: Path | None, tracking_uri: str | None
) -> tuple[Path, Report]:
    found = read_runs(names, runs, tracking_uri)
    folder = out or found.source or ELSEWHERE
    with _writing(folder):
        return folder, write_report(
            folder,
            found.runs,
            name=found.name,
            description=found.description,
            figures=drawings(found.figures),
            seeds=found.seeds,
            variants=found.variants,
            command=found.command,
        )


def drawings(asked: Mapping[str, Mapping[str, Any]]) -> dict[str, Draw]:
    """The figures of an experiment by name, with their options. For one that cannot be found the
    report says so in its place."""
    return {name: partial(_drawn, name, dict(options)) for name, options in asked.items()}


def _drawn(name: str, options: dict[str, Any], runs: Sequence[Run]) -> Drawing:
    entry = FIGURES.resolve(name)
    try:
        arguments = keyword_arguments(entry, options)
    except ValidationError as error:
        raise ConfigError(f"its options do not fit: {one_line(error)}") from error
    return entry(**arguments)(runs)


def _of_search(folder: Path, out: Path | None) -> tuple[Path, Report]:
    """The report of a search, from the numbers that stand since it was concluded."""
    if not (folder / JSON).is_file():
        status = RunDir(folder).status()["status"]
        raise ConfigError(
            f"the search {folder} has no report yet (status: {status}); `harness sweep` writes it at its end"
        )
    found, place = read_data(folder), out or folder
    with _writing(place):
        return place, write_sweep_report(
            place, found.name, found.description, found.searched, found.final, found.origin
        )


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """ConfigError where nothing can be written to `folder`, known before anything is drawn; and where that
    fails in the block, as where a folder has the name of a file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
        yield
    except OSError as error:
        place = Path(str(error.filename2 or error.filename or folder)).name
        why = f"{place}: {error.strerror or error}"
        raise ConfigError(f"cannot write to {folder} ({why}); name another folder with --out") from error

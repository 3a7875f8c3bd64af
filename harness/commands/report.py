"""`harness report`: what runs came to, written from what they left behind."""

import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console

from harness.errors import ConfigError, one_line
from harness.figures import FIGURES, Draw, Drawing
from harness.options import keyword_arguments
from harness.pages import FILE, Report, write_page
from harness.reader import read_runs
from harness.reader.studies import is_sweep
from harness.report import write_report
from harness.rundir import RunDir
from harness.runs import Run

ELSEWHERE = Path("report")
"""Where the report of runs goes that are not one study."""
PAGE = "report.html"


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
    print(folder / (PAGE if PAGE in written.files else FILE))


def _of_runs(
    names: Sequence[str], runs: Path, out: Path | None, tracking_uri: str | None
) -> tuple[Path, Report]:
    found = read_runs(names, runs, tracking_uri)
    folder = out or found.source or ELSEWHERE
    _check(folder)
    return folder, write_report(
        folder,
        found.runs,
        name=found.name,
        description=found.description,
        figures=drawings(found.figures),
        seeds=found.seeds,
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
    """The page of a search, from the text and the figures that stand since it was concluded."""
    text = folder / FILE
    if not text.is_file():
        status = RunDir(folder).status()["status"]
        raise ConfigError(
            f"the search {folder} has no report yet (status: {status}); `harness sweep` writes it at its end"
        )
    place = out or folder
    _check(place)
    if place.resolve() != folder.resolve() and (folder / "figures").is_dir():
        shutil.copytree(folder / "figures", place / "figures", dirs_exist_ok=True)
    return place, Report(write_page(place, text.read_text(), folder.name), ())


def _check(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError(
            f"cannot write to {folder} ({error.strerror}); name another folder with --out"
        ) from error

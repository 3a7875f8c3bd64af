"""From what a person names to runs: experiment files, folders, and whatever MLflow calls a run."""

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from harness.errors import ConfigError, HarnessError, UnknownNameError
from harness.reader.folders import read_run
from harness.reader.found import Found, distinct, joined, name_of, once
from harness.reader.server import Kept, Server
from harness.reader.studies import (
    SWEEPS,
    Asked,
    StudyRecord,
    asked_last,
    in_order,
    is_run,
    is_study,
    read_asked,
    read_study,
    runs_below,
    studies_below,
)
from harness.registry import did_you_mean
from harness.runs import Run


def read_runs(names: Sequence[str], runs: Path, tracking_uri: str | None = None) -> Found:
    """The runs behind `names`: an experiment file or its name (the newest study, or all runs where none has
    ended), the folder of a run, a study, a variant or an experiment, `<experiment>/<variant>/seed<k>`, or a
    run's id or an experiment's name in MLflow.

    runs: the folder of the runs; tracking_uri: of MLflow, by default the database beside them. ConfigError or
    UnknownNameError, one line, where something is not there or has no run.
    """
    if not names:
        raise ConfigError("name an experiment file, a run or a study")
    found = joined([_found(name, runs, tracking_uri) for name in names])
    before = once(found.runs)
    after = distinct(before)
    # Where runs of a variant are not of one configuration, each kind has a name of its own.
    known = {
        variant: [new.variant for old, new in zip(before, after, strict=True) if old.variant == variant]
        for variant in found.variants
    }
    variants = dict.fromkeys(name for variant in found.variants for name in known[variant] or [variant])
    return replace(found, runs=tuple(after), variants=tuple(variants))


def one_run(name: str, runs: Path, tracking_uri: str | None = None) -> Run:
    """The single run behind `name`; ConfigError where it names several."""
    found = _found(name, runs, tracking_uri)
    if len(found.runs) == 1:
        return found.runs[0]
    places = [run.place for run in found.runs]
    shown = ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
    raise ConfigError(f"`{name}` is {len(places)} runs ({shown}); name one of them")


def _found(name: str, runs: Path, tracking_uri: str | None) -> Found:
    path = Path(name)
    if path.is_file():
        return _of_file(path, runs, tracking_uri)
    if path.is_dir():
        return _of_folder(path)
    if path.suffix in (".yaml", ".yml") or path.is_absolute() or path.parts[:1] == ("..",):
        raise UnknownNameError(_nothing(name, runs))
    if tracking_uri is None:
        if local := _of_name(name, runs):
            return local
        beside = runs.resolve().parent / "mlflow.db"
        if not beside.exists():
            raise UnknownNameError(_nothing(name, runs))
        try:
            return _of_server(name, Server(f"sqlite:///{beside}"))
        except UnknownNameError as error:
            raise UnknownNameError(_nothing(name, runs)) from error
    try:
        return _of_server(name, Server(tracking_uri))
    except HarnessError:  # it does not know the name, or cannot be reached
        if local := _of_name(name, runs):
            return local
        raise


def _of_file(file: Path, runs: Path, tracking_uri: str | None) -> Found:
    """An experiment's runs: those of its newest study, or all where none has ended."""
    if file.suffix not in (".yaml", ".yml"):
        raise ConfigError(f"{file} is no experiment file (.yaml), nor the folder of a run")
    if is_run(file.parent) or is_study(file.parent):
        return _of_folder(file.parent)
    asked = read_asked(file)
    home = runs / asked.name
    if found := _of_experiment(home, asked):
        return found
    if tracking_uri is not None and (server := Server(tracking_uri)).has(asked.name):
        return replace(
            _of_server(asked.name, server),
            description=asked.description,
            figures=asked.figures or {},
        )
    raise ConfigError(
        f"{file} has no runs in {runs}; start them with `harness run {file}`, or name their folder with"
        " --runs"
    )


def _of_folder(folder: Path) -> Found:
    if is_run(folder):
        run = read_run(folder)
        return Found((run,), run.experiment)
    if is_study(folder):
        return _of_study(read_study(folder))
    parts = folder.absolute().parts
    if SWEEPS in parts and not folder.name.startswith("trial"):
        search = Path(*parts[: parts.index(SWEEPS) + 2])
        raise ConfigError(
            f"the trials of a search are no runs to compare; `harness report {search}` alone shows what it"
            " came to, and each trial can be named"
        )
    if folders := runs_below(folder):
        found = [read_run(each) for each in folders]
        order = in_order([run.variant for run in found], ())
        return Found(tuple(sorted(found, key=lambda run: order.index(run.variant))), name_of(found))
    searches = sorted((folder / SWEEPS).glob("*/"))
    way = (
        f"there is a search, {searches[-1]}" if searches else "name the folder of a run, or of an experiment"
    )
    raise ConfigError(f"there is no run in {folder}; {way}")


def _of_name(name: str, runs: Path) -> Found | None:
    """An experiment, a variant or a run by its name, below the folder of the runs."""
    parts = Path(name).parts
    if ".." in parts or not (runs / parts[0]).is_dir():
        return None
    if len(parts) == 1:
        return _of_experiment(runs / name, None)
    folder = runs / name
    if folder.is_dir():
        return _of_folder(folder)
    found = [read_run(each) for each in sorted(folder.parent.glob(f"{folder.name}-*")) if is_run(each)]
    return Found(tuple(found), name_of(found)) if found else None


def _of_experiment(home: Path, asked: Asked | None) -> Found | None:
    """`asked`: by a file; without one what the study's own says counts."""
    if studies := studies_below(home):
        study = read_study(studies[-1])
        return _of_study(
            study
            if asked is None
            else replace(study, asked=replace(asked, seeds=study.asked.seeds, variants=study.asked.variants))
        )
    folders = runs_below(home)
    if not folders:
        return None
    found = [read_run(folder) for folder in folders]
    asked = asked or asked_last(home) or Asked(home.name)
    order = in_order([run.variant for run in found], asked.variants)
    ordered = sorted(found, key=lambda run: order.index(run.variant))
    return Found(
        tuple(ordered),
        asked.name,
        asked.description,
        asked.figures or {},
        seeds=asked.seeds,
        variants=asked.variants,
    )


def _of_study(study: StudyRecord) -> Found:
    found = [_with_reason(read_run(folder), study.failed.get(str(folder))) for folder in study.runs]
    if not found:
        raise ConfigError(f"the study {study.folder} has no run yet")
    return Found.of(found, study.asked, study.command, study.folder)


def _with_reason(run: Run, reason: str | None) -> Run:
    """Why the study has no result of a run, where the run itself does not say."""
    if reason is None or run.results is not None or run.status == "failed":
        return run
    return replace(run, status="failed", reason=reason)


def _of_server(name: str, server: Server) -> Found:
    kept: Kept = server.named(name)
    folder = Path(tempfile.mkdtemp(prefix="harness-mlflow-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Found.of(server.read(kept.cells, folder), kept.asked, kept.command)


def _nothing(name: str, runs: Path) -> str:
    beside = Path(name).parent
    if beside != Path() and beside.is_dir():
        near = get_close_matches(Path(name).name, [entry.name for entry in beside.glob("[!.]*")], n=1)
        return f"there is no {name}{f'; did you mean `{beside / near[0]}`?' if near else ''}"
    if Path(name).is_absolute():
        return f"there is no {name}"
    known = [folder.name for folder in runs.glob("[!.]*") if folder.is_dir()] if runs.is_dir() else []
    if not known:
        return f"there is no `{name}`, and no run in {runs}; name the folder of the runs with --runs"
    if "/" in name and (runs / name.partition("/")[0]).is_dir():
        first = name.partition("/")[0]
        inside = [
            f"{first}/{run.parent.name}/{run.name.partition('-')[0]}" for run in runs_below(runs / first)
        ]
        return f"there is no run `{name}`{did_you_mean(name, inside)}"
    return f"there is no experiment or run `{name}`{did_you_mean(name, known)}"

"""Commands that train: run, sweep, worker."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.imports import import_from
from harness.cli.options import CellJobs, Data, Device, File, Jobs, Json, Overrides, Runs, Storage, Tracking


def run_command(
    file: File,
    overrides: Overrides = None,
    device: Device = "auto",
    data: Data = Path("data"),
    runs: Runs = Path("runs"),
    tracking_uri: Tracking = None,
    jobs: CellJobs = 1,
    storage: Storage = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would run, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Train and evaluate every cell of an experiment that has no result yet."""
    from harness.commands.run import run_experiment
    from harness.commands.suite import Setting

    import_from(file.parent)
    setting = Setting(device, data, runs, tracking_uri, jobs, storage)
    run_experiment(file, overrides or [], setting, dry_run=dry_run, as_json=as_json)


def sweep_command(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE] [KEY=VALUE]...",
            help="The experiment file (default: experiments/baseline.yaml) and changes of it.",
            show_default=False,
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(min=1, help="Trials in all, with those of earlier commands; default: the file's."),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=1, help="After which no trial begins.")
    ] = None,
    patience: Annotated[
        int | None, typer.Option(min=1, help="Trials without a new best after which the search ends.")
    ] = None,
    per_variant: Annotated[
        bool, typer.Option("--per-variant", help="Search every variant, with the same budget and seeds.")
    ] = False,
    jobs: Jobs = None,
    storage: Storage = None,
    study: Annotated[
        str | None, typer.Option(help="Name of the search; default: the experiment's.", show_default=False)
    ] = None,
    device: Device = "auto",
    data: Data = Path("data"),
    runs: Runs = Path("runs"),
    tracking_uri: Tracking = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be searched, and stop.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Search the configuration: trials on the validation split, then winner and file on the test split."""
    from harness.commands.sweep import Request, sweep

    given = arguments or []
    is_named = bool(given) and "=" not in given[0]
    file = Path(given[0]) if is_named else Path("experiments/baseline.yaml")
    flags = {"trials": trials, "seconds": seconds, "patience": patience}
    overrides = [f"search.{key}={value}" for key, value in flags.items() if value is not None]
    import_from(file.parent)
    sweep(
        file,
        [*(given[1:] if is_named else given), *overrides],
        Request(storage, study, per_variant, jobs, device, data, runs, tracking_uri),
        dry_run=dry_run,
        as_json=as_json,
    )


def worker_command(
    study: Annotated[
        str | None,
        typer.Option(
            help="The study, as `harness sweep` and `harness run --jobs` name it; default: every one, those"
            " to come too.",
            show_default=False,
        ),
    ] = None,
    storage: Storage = None,
    wait: Annotated[
        float | None,
        typer.Option(
            help="Seconds to wait for a --study that is not there yet; default: 60.", show_default=False
        ),
    ] = None,
    device: Device = "auto",
    data: Data = Path("data"),
    runs: Runs = Path("runs"),
    tracking_uri: Tracking = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads; default: all.")] = None,
    led: Annotated[bool, typer.Option("--led", hidden=True)] = False,
) -> None:
    """Take trials of searches and cells of suites, here or on any other machine: of one study until none is
    left, or of every study until Ctrl-C."""
    import os

    from harness.commands.setting import default_storage
    from harness.commands.worker import Station, join_study, stand_ready
    from harness.errors import ConfigError

    if study is None and wait is not None:
        raise ConfigError("--wait is for a study that is not there yet: name it with --study")
    station = Station(
        runs,
        data,
        tracking_uri,
        device,
        threads or os.cpu_count() or 1,
        led,
    )
    url = storage or default_storage(runs)
    if study is None:
        stand_ready(url, station)
    else:
        join_study(url, study, station, 60.0 if wait is None else wait)

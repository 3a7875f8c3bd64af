"""The command that decides: check."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.imports import import_from
from harness.cli.options import CellJobs, Data, Device, File, Json, Overrides, Runs, Storage, Tracking


def check_command(
    file: File,
    overrides: Overrides = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write a new baseline, and show what is different.")
    ] = False,
    existing: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            help="Judge these runs or studies, folders or in MLflow, and train nothing; may be repeated.",
            show_default=False,
        ),
    ] = None,
    baselines: Annotated[Path, typer.Option(help="Folder of the baselines.")] = Path("reports/baselines"),
    markdown: Annotated[
        Path | None,
        typer.Option(
            help="File for a comment of a pull request; on GitHub the summary of the job has it, too.",
            show_default=False,
        ),
    ] = None,
    junit: Annotated[
        Path | None,
        typer.Option(help="File for JUnit XML, a test case for each variant.", show_default=False),
    ] = None,
    device: Device = "auto",
    data: Data = Path("data"),
    runs: Runs = Path("runs"),
    tracking_uri: Tracking = None,
    jobs: CellJobs = 1,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    """Tell whether an experiment became worse than its committed baseline: exit code 0 if it did not, 1 if it
    did, 4 if the runs cannot tell."""
    from harness.commands.check import Outputs, Request, check_experiment, update_baseline

    import_from(file.parent)
    names = tuple(existing or ())
    given = tuple(overrides or ())
    request = Request(file, given, baselines, names, device, data, runs, tracking_uri, jobs, storage)
    (update_baseline if update else check_experiment)(request, Outputs(markdown, junit, as_json))

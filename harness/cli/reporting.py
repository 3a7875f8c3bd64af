"""Commands that read what runs left behind: report, show, diff."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.imports import import_from
from harness.cli.options import Json, Runs, Tracking

RUN = "A run's folder, its name (experiment/variant/seed0), or its id in MLflow."
Run = Annotated[str, typer.Argument(help=RUN, show_default=False)]


def report_command(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE | RUN...",
            help="An experiment file or its name (its newest study); folders of runs, studies, variants or "
            "experiments; in MLflow, ids of runs and names of experiments.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the report; default: that of the study, else ./report.", show_default=False
        ),
    ] = None,
    runs: Runs = Path("runs"),
    tracking_uri: Tracking = None,
) -> None:
    """Compare runs: tables, figures and what may be concluded, as Markdown and as one HTML page."""
    from harness.commands.report import report

    for name in names:
        if (file := Path(name)).is_file():  # figures may be of a person's own
            import_from(file.parent)
    report(names, runs, out, tracking_uri)


def show_command(
    run: Run, runs: Runs = Path("runs"), tracking_uri: Tracking = None, as_json: Json = False
) -> None:
    """Show one run: what it was, how it went, and where it is."""
    from harness.commands.show import show_run

    show_run(run, runs, tracking_uri, as_json=as_json)


def diff_command(
    one: Run,
    other: Run,
    runs: Runs = Path("runs"),
    tracking_uri: Tracking = None,
    as_json: Json = False,
) -> None:
    """Show in what two runs differ: configuration, environment, code, data, protocol and values."""
    from harness.commands.diff import diff_runs

    diff_runs(one, other, runs, tracking_uri, as_json=as_json)

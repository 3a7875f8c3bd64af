"""Commands that show and mend: ls, schema, ui, sync."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import Json, Runs, Tracking
from harness.errors import ConfigError


def ls_command(
    kind: Annotated[
        str,
        typer.Argument(
            help="runs, those in folders; or what can be named in an experiment file: datasets, networks, "
            "losses, penalties, augmentations, extractors, protocols, metrics, diagnostics, figures, "
            "samplers, pruners, spaces."
        ),
    ],
    experiment: Annotated[
        str | None, typer.Argument(help="Of runs, only those of this experiment.", show_default=False)
    ] = None,
    runs: Runs = Path("runs"),
    as_json: Json = False,
) -> None:
    """List runs and studies, or what can be named in an experiment file, one line each."""
    if kind == "runs":
        from harness.commands.runs import list_runs

        list_runs(runs, experiment, as_json=as_json)
        return
    if experiment is not None:
        raise ConfigError(f"`harness ls {kind}` takes no name: only runs are of an experiment")
    from harness.commands.look import list_entries

    list_entries(kind, as_json=as_json)


def schema_command() -> None:
    """Print the JSON Schema of experiment files, from which editors complete keys."""
    from harness.commands.look import print_schema

    print_schema()


def ui_command(
    runs: Runs = Path("runs"),
    tracking_uri: Tracking = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 5000,
) -> None:
    """Open the runs in the MLflow UI, on this machine only."""
    from harness.commands.store import serve

    serve(runs, tracking_uri, port)


def sync_command(runs: Runs = Path("runs"), tracking_uri: Tracking = None) -> None:
    """Send to MLflow what it missed while it could not be reached."""
    from harness.commands.store import sync

    sync(runs, tracking_uri)

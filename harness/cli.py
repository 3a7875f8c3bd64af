"""The command line. Heavy imports are inside the commands, so that `harness --help` answers at once."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.errors import HarnessError

app = typer.Typer(
    help="Train GAN variants, measure them so that the numbers can be trusted, browse them in MLflow.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
extractor_app = typer.Typer(help="Feature extractors of a data set's own domain.", no_args_is_help=True)
app.add_typer(extractor_app, name="extractor")

Data = Annotated[
    Path, typer.Option(envvar="HARNESS_DATA", help="Folder of the data sets, in torchvision's layout.")
]
Runs = Annotated[Path, typer.Option(envvar="HARNESS_RUNS", help="Folder of the runs.")]
Tracking = Annotated[
    str | None,
    typer.Option(
        envvar="MLFLOW_TRACKING_URI", help="MLflow server or database; default: mlflow.db beside the runs."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
File = Annotated[Path, typer.Argument(help="The experiment file.", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(help="Changes of the file, e.g. training.steps=2000 seeds=0,1", show_default=False),
]


@app.command("run")
def run_command(
    file: File,
    overrides: Overrides = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    data: Data = Path("data"),
    runs: Runs = Path("runs"),
    tracking_uri: Tracking = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would run, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Train and evaluate every cell of an experiment that has no result yet."""
    from harness.commands.run import run_experiment

    run_experiment(
        file,
        overrides or [],
        device=device,
        data=data,
        runs=runs,
        tracking_uri=tracking_uri,
        dry_run=dry_run,
        as_json=as_json,
    )


@app.command("ls")
def ls_command(
    kind: Annotated[
        str,
        typer.Argument(
            help="datasets, networks, losses, penalties, extractors, metrics, diagnostics or figures."
        ),
    ],
    as_json: Json = False,
) -> None:
    """List what can be named in an experiment file, one line each."""
    from harness.commands.look import list_entries

    list_entries(kind, as_json=as_json)


@app.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of experiment files, from which editors complete keys."""
    from harness.commands.look import print_schema

    print_schema()


@app.command("ui")
def ui_command(
    runs: Runs = Path("runs"),
    tracking_uri: Tracking = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 5000,
) -> None:
    """Open the runs in the MLflow UI, on this machine only."""
    from harness.commands.store import serve

    serve(runs, tracking_uri, port)


@app.command("sync")
def sync_command(runs: Runs = Path("runs"), tracking_uri: Tracking = None) -> None:
    """Send to MLflow what it missed while it could not be reached."""
    from harness.commands.store import sync

    sync(runs, tracking_uri)


@extractor_app.command("train")
def extractor_train_command(
    dataset: Annotated[str, typer.Argument(help="Name of a data set.")],
    out: Annotated[Path | None, typer.Option(help="Default: <dataset>.safetensors here.")] = None,
    data: Data = Path("data"),
    seed: Annotated[int, typer.Option(help="Seed of the training.")] = 0,
) -> None:
    """Train the classifier whose features judge a data set, by the recipe of the shipped ones."""
    from harness.commands.extractor import train

    train(dataset, out or Path(f"{dataset}.safetensors"), data, seed)


def main() -> None:
    """Entry point: one line for an error that a person can mend, with the exit code of its kind."""
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        app(args=arguments, prog_name="harness")
    except HarnessError as error:
        if debug:
            raise
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", 130)


def _fail(message: str, code: int) -> Any:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(code)

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

    _import_from(file.parent)
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


@app.command("evaluate")
def evaluate_command(
    fake: Annotated[
        str,
        typer.Option(
            help="Images to judge: a folder, an .npz, .npy or .safetensors file, a run, a checkpoint, "
            "a data set such as mnist/test, or module:callable.",
            show_default=False,
        ),
    ],
    real: Annotated[
        str | None, typer.Option(help="Images to compare with, from the same; a run can do without.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="A name that `harness ls protocols` lists, or a YAML file of one.")
    ] = None,
    held_out: Annotated[
        list[str] | None,
        typer.Option(help="Real images that no generator was trained on; once or twice.", show_default=False),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(help="Names from `harness ls metrics`, with commas; default: the protocol's."),
    ] = None,
    num_samples: Annotated[
        int | None, typer.Option(min=2, help="Images that a run or a callable draws; default: 10,000.")
    ] = None,
    controls: Annotated[
        bool, typer.Option("--controls", help="Floor (held-out images) and ceiling (noise) as well.")
    ] = False,
    weights: Annotated[str | None, typer.Option(help="A file with the extractor's weights.")] = None,
    against: Annotated[
        Path | None, typer.Option(help="Earlier values: what --json printed, or a run's results.json.")
    ] = None,
    across_protocols: Annotated[
        bool,
        typer.Option("--across-protocols", help="Compare with them although measured otherwise, marked."),
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out broken or odd-sized files, and count them.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the random choices inside metrics.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Threads that decode files.")] = 4,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    data: Data = Path("data"),
    cache: Annotated[
        Path, typer.Option(envvar="HARNESS_CACHE", help="Folder for features of real images, by content.")
    ] = Path("~/.cache/harness"),
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither read nor write them.")] = False,
    as_json: Json = False,
) -> None:
    """Measure any images: FID, KID, IS, precision and recall, and more, under a named protocol."""
    from harness.commands.evaluate import evaluate_images

    evaluate_images(
        fake,
        real,
        {
            "protocol": protocol,
            "metrics": None if metrics is None else [name.strip() for name in metrics.split(",")],
            "held_out": held_out or (),
            "num_samples": num_samples,
            "controls": controls,
            "weights": weights,
            "seed": seed,
            "skip_bad": skip_bad,
            "workers": workers,
            "device": device,
            "data": data,
            "cache": None if no_cache else cache.expanduser(),
        },
        against=against,
        across_protocols=across_protocols,
        as_json=as_json,
    )


@app.command("ls")
def ls_command(
    kind: Annotated[
        str,
        typer.Argument(
            help="datasets, networks, losses, penalties, augmentations, extractors, protocols, metrics, "
            "diagnostics or figures."
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
    _import_from(Path())
    try:
        app(args=arguments, prog_name="harness")
    except HarnessError as error:
        if debug:
            raise
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", 130)


def _import_from(folder: Path) -> None:
    """Find modules of the user's in `folder`: last, so that no file there hides an installed package."""
    if (path := str(folder.absolute())) not in sys.path:
        sys.path.append(path)


def _fail(message: str, code: int) -> Any:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(code)

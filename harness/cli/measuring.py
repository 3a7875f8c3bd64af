"""Commands that measure images, and train what measures them: evaluate, extractor train."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import Data, Device, Json


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
    device: Device = "auto",
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


def extractor_train_command(
    dataset: Annotated[str, typer.Argument(help="Name of a data set.")],
    out: Annotated[Path | None, typer.Option(help="Default: <dataset>.safetensors here.")] = None,
    data: Data = Path("data"),
    seed: Annotated[int, typer.Option(help="Seed of the training.")] = 0,
) -> None:
    """Train the classifier whose features judge a data set, by the recipe of the shipped ones."""
    from harness.commands.extractor import train

    train(dataset, out or Path(f"{dataset}.safetensors"), data, seed)

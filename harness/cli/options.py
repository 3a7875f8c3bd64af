"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

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
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Storage = Annotated[
    str | None,
    typer.Option(
        envvar="OPTUNA_STORAGE",
        help="The queue of trials: sqlite:///FILE, or for many machines postgresql://USER:PASSWORD@HOST/DATABASE;"
        " default: optuna.db beside the runs.",
    ),
]
CellJobs = Annotated[
    int,
    typer.Option(
        min=0,
        envvar="HARNESS_JOBS",
        help="Worker processes; with 1 the cells are trained in this process, with 0 by workers elsewhere"
        " that share the folder of runs.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=0,
        envvar="HARNESS_JOBS",
        help="Worker processes here; default: one for each GPU, or processor core; 0: all is left to workers"
        " elsewhere.",
    ),
]

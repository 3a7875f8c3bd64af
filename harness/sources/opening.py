"""From whatever a person names to a source of images."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from harness.config import Cell, load_cell
from harness.data import DATASETS
from harness.errors import ConfigError, DataError
from harness.options import keyword_arguments
from harness.registry import did_you_mean
from harness.sources.array_files import OPENED, array_source
from harness.sources.callables import callable_source, imported
from harness.sources.folder import folder_source
from harness.sources.memory import SPLITS, dataset_source, tensor_source
from harness.sources.source import Source
from harness.sources.trained import refuse_part_of_run, run_of, run_source

Images = str | Path | Tensor | np.ndarray[Any, Any] | Callable[..., Any] | Source
"""All that a source can be made of."""

KINDS = (
    f"a folder of images, an {'/'.join(sorted(OPENED, reverse=True))} file, a run, a checkpoint, "
    "a data set such as mnist/test, or module:callable"
)

_CALLABLE = re.compile(r"[\w.]+:\w+")


@dataclass(frozen=True)
class Opening:
    """What a source may need besides its name.

    data_root: folder of the data sets; num_samples: how many images a run or a callable draws, None for as
    many as the run's own evaluation; seed: what a callable is given, a run has its own; skip_bad: leave out
    files that are bad; workers: threads that decode; device: where a run's generator draws.
    """

    data_root: Path
    num_samples: int | None = None
    seed: int = 0
    skip_bad: bool = False
    workers: int = 4
    device: torch.device | str = "cpu"


def open_source(what: Images, opening: Opening) -> Source:
    """The images of any of `KINDS`, or in memory, or of a function; a source is returned as it is.

    Text is a data set or a callable where it reads like one: `./mnist` is a path. Raises DataError for what
    is absent or bad, ConfigError for what names nothing.
    """
    if isinstance(what, Source):
        return what
    if isinstance(what, Tensor | np.ndarray):
        return tensor_source(what, f"{type(what).__name__} in memory")
    if isinstance(what, Path):
        return _of_path(what, opening)
    if callable(what):
        name = getattr(what, "__name__", type(what).__name__)
        return _of_callable(what, f"{getattr(what, '__module__', None) or '?'}:{name}", opening)
    return _of_text(what, opening)


def run_behind(what: Images) -> Cell | None:
    """The cell of the run that `what` names, by its folder or a checkpoint; else None."""
    if isinstance(what, str) and what.partition("/")[0] in DATASETS:
        return None
    run = run_of(Path(what).expanduser()) if isinstance(what, str | Path) else None
    return load_cell(run.config) if run else None


def _of_text(what: str, opening: Opening) -> Source:
    if _CALLABLE.fullmatch(what) and not os.path.exists(what):
        return _of_callable(imported(what), what, opening)
    if what.partition("/")[0] in DATASETS:
        return _of_dataset(what, opening.data_root)
    if not what:
        raise ConfigError(f"a source of images is {KINDS}, not an empty text")
    return _of_path(Path(what), opening)


def _of_callable(function: Callable[..., object], title: str, opening: Opening) -> Source:
    return callable_source(function, title, num_samples=opening.num_samples, seed=opening.seed)


def _of_dataset(text: str, data_root: Path) -> Source:
    """`mnist`, which is its train split, or `mnist/test`."""
    name, _, split = text.rstrip("/").partition("/")
    if split and split not in SPLITS:
        known = did_you_mean(split, list(SPLITS))
        raise ConfigError(f"data set {name} has no split `{split}`{known}; a path is written ./{text}")
    entry = DATASETS[name]
    return dataset_source(entry(data_root, **keyword_arguments(entry, {})), split or "train")


def _of_path(path: Path, opening: Opening) -> Source:
    path = path.expanduser()
    if not os.path.exists(path):  # unlike Path.exists, False for a name that is too long
        raise DataError(f"{_absent(path)}; a source of images is {KINDS}")
    if (run := run_of(path)) is not None:
        return run_source(
            run,
            path,
            data_root=opening.data_root,
            num_samples=opening.num_samples,
            device=torch.device(opening.device),
        )
    if path.is_dir():
        refuse_part_of_run(path)
        return folder_source(path, skip_bad=opening.skip_bad, workers=opening.workers)
    if path.suffix.lower() not in OPENED:
        raise DataError(f"{path} is a file of an unknown kind; a source of images is {KINDS}")
    return array_source(path)


def _absent(path: Path) -> str:
    """That there is no such path; and what data set was meant, if the name is near that of one."""
    near = did_you_mean(path.parts[0], DATASETS) if path.parts and len(path.parts) <= 2 else ""
    near = near.removesuffix("?") if "did you mean" in near else ""
    return f"there is no {path}{near}"

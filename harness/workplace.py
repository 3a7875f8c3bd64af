"""Where runs live and what they run on; and a cell with the data and the folder that belong to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from harness.config import Cell
from harness.data import Dataset
from harness.errors import ConfigError
from harness.provenance import identity_of
from harness.rundir import RunDir, run_dir
from harness.signals import StopSignal
from harness.tracking.uploader import Uploader
from harness.train import Window

SYSTEM_INTERVAL = 5.0


class Watcher(Protocol):
    """Who is told how a run goes."""

    def started(self, cell: Cell, first_step: int) -> None: ...
    def window(self, cell: Cell, window: Window) -> None: ...
    def evaluated(self, cell: Cell, step: int, values: Mapping[str, float]) -> None: ...
    def finished(self, cell: Cell, seconds: float) -> None: ...
    def warned(self, message: str) -> None: ...


@dataclass(frozen=True)
class Workplace:
    """Where runs live and what they run on."""

    runs: Path
    data_root: Path
    device: torch.device
    uploader: Uploader | None
    watcher: Watcher
    stop: StopSignal
    system_interval: float | None = SYSTEM_INTERVAL
    """Seconds between system metrics; None: none are taken."""
    exports: bool = True
    """Whether a finished generator is exported for MLflow to serve; its weights are kept in any case."""

    @property
    def cache(self) -> Path:
        return self.runs / ".cache"


@dataclass(frozen=True)
class Prepared:
    """A cell, the data it needs and the folder it belongs to: known before anything is trained."""

    cell: Cell
    dataset: Dataset
    identity: dict[str, str]
    run: RunDir


def prepare(cell: Cell, dataset: Dataset, workplace: Workplace, folder: Path | None = None) -> Prepared:
    """`folder`: where the runs of the cell's seeds lie; by default that of its variant."""
    if cell.training.batch_size > len(dataset.train):
        raise ConfigError(
            f"training.batch_size is {cell.training.batch_size}, but {dataset.name} has only "
            f"{len(dataset.train)} training images"
        )
    identity = identity_of(cell, dataset.digest, workplace.device.type)
    folder = folder or workplace.runs / cell.experiment / cell.variant
    return Prepared(cell, dataset, identity, run_dir(folder, cell.seed, identity))

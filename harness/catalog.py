"""Every table under the place where a configuration names its entries, and the step from names to objects."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from harness.config import Part, Setup
from harness.data import DATASETS, Dataset
from harness.features import EXTRACTORS, Extractor
from harness.losses import LOSSES, PENALTIES, Loss, Penalty
from harness.metrics import METRICS
from harness.metrics.inputs import Metric
from harness.networks import NETWORKS, Pair, Shape
from harness.options import keyword_arguments
from harness.registry import Registry

TABLES: Mapping[str, Registry[Any]] = {
    "dataset": DATASETS,
    "network": NETWORKS,
    "loss": LOSSES,
    "penalties": PENALTIES,
    "evaluation.features": EXTRACTORS,
    "evaluation.metrics": METRICS,
}

T = TypeVar("T")


def load_dataset(setup: Setup, data_root: Path) -> Dataset:
    return _made(DATASETS, setup.dataset, data_root)


def build_pair(setup: Setup, shape: Shape) -> Pair:
    return _made(NETWORKS, setup.network, shape)


def build_loss(setup: Setup) -> Loss:
    return _made(LOSSES, setup.loss)


def build_penalties(setup: Setup) -> list[Penalty]:
    return [_made(PENALTIES, part) for part in setup.penalties]


def build_extractor(setup: Setup, shape: Shape) -> Extractor:
    return _made(EXTRACTORS, setup.evaluation.features, setup.dataset.name, shape)


def build_metrics(setup: Setup) -> dict[str, Metric]:
    return {part.name: _made(METRICS, part) for part in setup.evaluation.metrics}


def _made(table: Registry[Callable[..., T]], part: Part, *arguments: object) -> T:
    entry = table.resolve(part.name)
    return entry(*arguments, **keyword_arguments(entry, part.options))

"""Every table under the place where a configuration names its entries, and the step from names to objects."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from harness.config import Experiment, Part, Setup
from harness.data import DATASETS, Dataset
from harness.diagnostics import DIAGNOSTICS, Diagnostic
from harness.errors import ConfigError
from harness.features import EXTRACTORS, Extractor
from harness.figures import FIGURES, Draw
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
    "evaluation.diagnostics": DIAGNOSTICS,
    "figures": FIGURES,
}

T = TypeVar("T")


def load_dataset(setup: Setup, data_root: Path) -> Dataset:
    return _made(DATASETS, setup.dataset, data_root)


def build_pair(setup: Setup, shape: Shape, images: Tensor | None = None) -> Pair:
    """The networks; `images` are the training images, uint8 (n, *shape), where a training is to start."""
    pair = _made(NETWORKS, setup.network, shape)
    if images is not None:
        pair.meet(images)
    return pair


def build_loss(setup: Setup) -> Loss:
    return _made(LOSSES, setup.loss)


def build_penalties(setup: Setup) -> list[Penalty]:
    return [_made(PENALTIES, part) for part in setup.penalties]


def build_extractor(setup: Setup, shape: Shape) -> Extractor:
    return _made(EXTRACTORS, setup.evaluation.features, setup.dataset.name, shape)


def refuse_misfits(setup: Setup, dataset: Dataset) -> None:
    """ConfigError where the parts do not fit this data set, before anything is trained."""
    with torch.random.fork_rng():
        pair = build_pair(setup, dataset.shape)
    images = dataset.train.images
    if pair.bounded and images.is_floating_point() and (reach := float(images.abs().max())) > 1:
        raise ConfigError(
            f"network {setup.network.name} stays within [-1, 1], but the points of {dataset.name} reach"
            f" {reach:.3g}: use network: {{name: mlp, output: linear}}"
        )
    extractor = build_extractor(setup, dataset.shape)
    for name, metric in build_metrics(setup).items():
        if metric.needs == "logits" and extractor.num_classes is None:
            raise ConfigError(
                f"metric {name} needs logits, and {extractor.name} give none: take it out of"
                " evaluation.metrics, or use evaluation.features: classifier for images"
            )
        if metric.needs == "density" and (dataset.density is None or dataset.density.log_prob is None):
            raise ConfigError(
                f"metric {name} needs a data set of known density, and {dataset.name} has none: take it out"
                " of evaluation.metrics; without one C(G) is estimated by metric criterion"
            )
    build_diagnostics(setup, dataset)


def build_metrics(setup: Setup) -> dict[str, Metric]:
    return {part.name: _made(METRICS, part) for part in setup.evaluation.metrics}


def build_diagnostics(setup: Setup, dataset: Dataset) -> dict[str, Diagnostic]:
    """Raises ConfigError for a diagnostic that has nothing to say of such data or such a loss."""
    built = {part.name: _made(DIAGNOSTICS, part) for part in setup.evaluation.diagnostics}
    for name, diagnostic in built.items():
        try:
            diagnostic.check(dataset, build_loss(setup))
        except ConfigError as error:
            raise ConfigError(f"evaluation.diagnostics: `{name}` {error}") from error
    return built


def titles_of_diagnostics(setup: Setup) -> dict[str, str]:
    """What the values of the setup's diagnostics are called in tables, by key."""
    built = [_made(DIAGNOSTICS, part) for part in setup.evaluation.diagnostics]
    return {key: title for diagnostic in built for key, title in diagnostic.titles.items()}


def build_figures(experiment: Experiment) -> dict[str, Draw]:
    return {part.name: _made(FIGURES, part) for part in experiment.figures}


def _made(table: Registry[Callable[..., T]], part: Part, *arguments: object) -> T:
    entry = table.resolve(part.name)
    return entry(*arguments, **keyword_arguments(entry, part.options))

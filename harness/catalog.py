"""Every table under the place where a configuration names its entries, and the step from names to objects."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from torch import Tensor

from harness.augmentations import AUGMENTATIONS, Augmentation
from harness.config import Evaluation, Experiment, Part, Setup
from harness.data import DATASETS, Dataset
from harness.data.density import Density
from harness.diagnostics import DIAGNOSTICS, Diagnostic
from harness.errors import ConfigError, HarnessError, one_line
from harness.features import EXTRACTORS, Extractor
from harness.figures import FIGURES, Draw
from harness.losses import LOSSES, PENALTIES, Loss, Penalty
from harness.metrics import METRICS
from harness.metrics.inputs import Metric, Need
from harness.networks import NETWORKS, Pair, Shape
from harness.options import changed_options, keyword_arguments
from harness.protocol import PROTOCOLS
from harness.registry import Registry
from harness.search import PRUNERS, SAMPLERS, SPACES, Pruning, Sampling
from harness.search.objective import looks
from harness.seeding import initial_weights

TABLES: Mapping[str, Registry[Any]] = {
    "dataset": DATASETS,
    "network": NETWORKS,
    "loss": LOSSES,
    "penalties": PENALTIES,
    "augmentations": AUGMENTATIONS,
    "evaluation.protocol": PROTOCOLS,
    "evaluation.features": EXTRACTORS,
    "evaluation.metrics": METRICS,
    "evaluation.diagnostics": DIAGNOSTICS,
    "figures": FIGURES,
    "search.sampler": SAMPLERS,
    "search.pruner": PRUNERS,
    "search_space": SPACES,
}

MADE: Mapping[str, type] = {
    "data set": Dataset,
    "network": Pair,
    "loss": Loss,
    "penalty": Penalty,
    "extractor": Extractor,
    "metric": Metric,
    "diagnostic": Diagnostic,
    "sampler": Sampling,
    "pruner": Pruning,
}
"""What the entries of a table make, where that is a class."""

T = TypeVar("T")


def load_dataset(setup: Setup, data_root: Path) -> Dataset:
    return _made(DATASETS, setup.dataset, data_root)


def build_pair(setup: Setup, shape: Shape, seed: int = 0, images: Tensor | None = None) -> Pair:
    """The networks, whose initial weights are a function of the seed; `images` are the training images, uint8
    (n, *shape), where a training is to start."""
    with initial_weights(seed):
        pair = _made(NETWORKS, setup.network, shape)
    if setup.training.packing > 1:
        channels, height, width = shape
        with initial_weights(seed):
            packs = _made(NETWORKS, setup.network, (channels * setup.training.packing, height, width))
        pair = replace(pair, discriminator=packs.discriminator)
    if images is not None:
        pair.meet(images)
    return pair


def build_loss(setup: Setup) -> Loss:
    return _made(LOSSES, setup.loss)


def build_penalties(setup: Setup) -> list[Penalty]:
    return [_made(PENALTIES, part) for part in setup.penalties]


def build_augmentations(setup: Setup) -> list[Augmentation]:
    return [_made(AUGMENTATIONS, part) for part in setup.augmentations]


def build_extractor(setup: Setup, shape: Shape) -> Extractor:
    return extractor_of(setup.evaluation.features, setup.dataset.name, shape)


def extractor_of(part: Part, dataset: str, shape: Shape) -> Extractor:
    return _made(EXTRACTORS, part, dataset, shape)


WAYS_OUT: Mapping[Need, str] = {
    "logits": "logits, and {extractor} give none: use the classifier as the extractor, for images",
    "density": "a known density, and {source} has none: without one C(G) is estimated by metric criterion",
    "modes": "data of known modes, all of one width, and {source} has none",
    "labels": "labels, and {source} has none",
    "held_out": "real images that the generator was not trained on: name them with --held-out",
    "train": "a reference of images that the generator was trained on: evaluation.reference: train",
    "images": "the images themselves",
}


def offered_by(density: Density | None, extractor: Extractor) -> set[Need]:
    """What metrics may need and any labelled images, or points of `density`, have with this extractor."""
    offered: set[Need] = {"images", "labels"}
    if extractor.num_classes is not None:
        offered.add("logits")
    if density and density.log_prob is not None:
        offered.add("density")
    if density and density.modes is not None and density.sigma is not None:
        offered.add("modes")
    return offered


def refuse_needs(name: str, metric: Metric, offered: Set[Need], source: str, extractor: str) -> None:
    """ConfigError where a metric needs what is not there, with the way out."""
    for need in sorted(metric.needs - offered):
        lack = WAYS_OUT[need].format(source=source, extractor=extractor)
        raise ConfigError(f"metric {name} needs {lack}; or take {name} out of the metrics")


def build_metrics(setup: Setup) -> dict[str, Metric]:
    return metrics_of(setup.evaluation.metrics)


def metrics_of(parts: Sequence[Part]) -> dict[str, Metric]:
    return {part.name: _made(METRICS, part) for part in parts}


def changed_metric_options(parts: Sequence[Part]) -> dict[str, dict[str, Any]]:
    """By metric, those options that are not at their defaults."""
    changed = {part.name: changed_options(METRICS.resolve(part.name), part.options) for part in parts}
    return {name: options for name, options in changed.items() if options}


def how_measured(setup: Setup) -> dict[str, object]:
    """All of a setup that its fingerprint depends on, by key."""
    evaluation = setup.evaluation
    return {
        "dataset": setup.dataset,
        "evaluation.features": evaluation.features,
        "evaluation.reference": evaluation.reference,
        "evaluation.num_samples": evaluation.num_samples,
        "evaluation.batch_size": evaluation.batch_size,
        "options of evaluation.metrics": changed_metric_options(evaluation.metrics),
    }


def protocol_label(evaluation: Evaluation) -> str:
    """Name and version of the protocol that an evaluation names; empty where it names none."""
    if evaluation.protocol is None:
        return ""
    try:
        return PROTOCOLS.resolve(evaluation.protocol)().label
    except HarnessError:  # a file of it that is gone: what it decided stands in the configuration of the run
        return evaluation.protocol


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


def build_sampler(experiment: Experiment, seed: int) -> Sampling:
    """Of one worker, whose `seed` is a `sampler_seed`."""
    part = experiment.search.sampler
    sampling = _made(SAMPLERS, part, seed)
    if len(experiment.search.objective) > 1 and not sampling.several:
        raise ConfigError(
            f"search.sampler: {part.name} has one objective only: take tpe or nsga_ii for several"
        )
    return sampling


def build_pruner(experiment: Experiment, setup: Setup) -> Pruning:
    """`setup`: the configuration that is searched, whose length says where its curves are looked at."""
    search = experiment.search
    return _made(PRUNERS, search.pruner, looks(setup, search, len(experiment.trial_seeds)))


def _made(table: Registry[Callable[..., T]], part: Part, *arguments: object) -> T:
    entry = table.resolve(part.name)
    try:
        options = keyword_arguments(entry, part.options)
    except ValidationError as error:  # in an experiment file it would have been found when that was read
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ConfigError(f"{table.kind} {part.name}: option `{where}`: {first['msg']}") from error
    try:
        made = entry(*arguments, **options)
    except HarnessError:
        raise
    except Exception as error:
        if part.name in table:  # harness's own mistake, which deserves its traceback
            raise
        reason = one_line(error)
        raise ConfigError(f"{table.kind} `{part.name}` failed: {reason}") from error
    if (kind := MADE.get(table.kind)) and not isinstance(made, kind):
        raise ConfigError(
            f"{table.kind} `{part.name}` returned a {type(made).__name__}, and should a {kind.__name__}"
        )
    return made

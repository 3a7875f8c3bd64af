"""What is to be compared with what, and how: from a person's words to sources of images and settings."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch

from harness import catalog
from harness.config import NamedProtocol, Part
from harness.errors import ConfigError, DataError, WeightsError
from harness.evaluation.channels import with_channels
from harness.evaluation.evaluator import reals_of
from harness.evaluation.judge import Reals, Settings
from harness.features import Extractor
from harness.metrics.inputs import Need
from harness.sources import Images, Opening, Source, open_source, run_behind

_OF_HELD_OUT: frozenset[Need] = frozenset({"held_out", "train"})
"""What metrics may need, and have where held-out images are named: the others are then those trained on."""

MetricNames: TypeAlias = Sequence[str | Mapping[str, Any]]
"""Names of metrics, or mappings of a name and its options."""


@dataclass(frozen=True)
class Request:
    """`seed` is of the random choices inside metrics."""

    fake: Source
    reals: Reals
    settings: Settings
    seed: int


def under_protocol(
    named: NamedProtocol,
    real: Images,
    fake: Images,
    held_out: Sequence[Images],
    *,
    opening: Opening,
    metrics: MetricNames | None,
    weights: str | Path | None,
    device: torch.device,
) -> Request:
    """`fake` against `real`; ConfigError or DataError for what does not fit together."""
    if len(held_out) > 2:
        raise ConfigError("give one or two sets of held-out images")
    sources = [open_source(each, opening) for each in (real, fake, *held_out)]
    options = named.features.options | ({} if weights is None else {"weights": os.fspath(weights)})
    features = Part(name=named.features.name, options=options)
    extractor, channels = _extractor(features, sources)
    reference, judged, *held = sources = [with_channels(source, channels) for source in sources]
    parts = parts_of(metrics) if metrics else named.metrics
    built = catalog.metrics_of(parts)
    offered = catalog.offered_by(reference.density, extractor) | (_OF_HELD_OUT if held else frozenset())
    for name, metric in built.items():
        catalog.refuse_needs(name, metric, offered, reference.title, extractor.title)
    settings = Settings(
        named.label,
        extractor,
        built,
        catalog.changed_metric_options(parts),
        judged.count,
        named.batch_size,
        device,
    )
    _refuse_sizes(sources, settings)
    reals = Reals(reference, tuple(held), control=held[-1] if held else None)
    return Request(judged, reals, settings, opening.seed)


def as_in_training(
    fake: Images, *, opening: Opening, metrics: MetricNames | None, device: torch.device
) -> Request:
    """A run or a checkpoint against the data it learns, as its training judged it, to the same values."""
    cell = run_behind(fake)
    if cell is None:
        raise ConfigError(
            "name real images and a protocol (`harness ls protocols`): only a run or a checkpoint can do"
            " without, for it is then judged as in its training"
        )
    dataset = catalog.load_dataset(cell, opening.data_root)
    parts = parts_of(metrics) if metrics else cell.evaluation.metrics
    settings = Settings(
        catalog.protocol_label(cell.evaluation),
        catalog.build_extractor(cell, dataset.shape),
        catalog.metrics_of(parts),
        catalog.changed_metric_options(parts),
        opening.num_samples or cell.evaluation.num_samples,
        cell.evaluation.batch_size,
        device,
    )
    return Request(open_source(fake, opening), reals_of(dataset, cell.evaluation), settings, cell.seed)


def parts_of(metrics: MetricNames) -> tuple[Part, ...]:
    """Names, or mappings of a name and options, as parts."""
    return tuple(Part.model_validate(dict(each) if isinstance(each, Mapping) else each) for each in metrics)


def _extractor(features: Part, sources: Sequence[Source]) -> tuple[Extractor, int]:
    """The extractor, and the channels that all images get: what it reads, else three where any has colour."""
    counts = sorted(source.shape[0] for source in sources)
    title, (_, height, width) = sources[0].title, sources[0].shape

    def build(channels: int) -> Extractor:
        return catalog.extractor_of(features, title, (channels, height, width))

    try:
        extractor = build(counts[0])
    except WeightsError:
        if counts[0] == 1:
            raise
        extractor = build(1)  # grey images that were saved in colour
    if extractor.channels == 1:
        return extractor, 1
    return (extractor if counts[0] == counts[-1] else build(counts[-1])), counts[-1]


def _refuse_sizes(sources: Sequence[Source], settings: Settings) -> None:
    """DataError where images of several sizes would have to be compared as they are."""
    sizes = {source.title: source.shape[1:] for source in sources}
    if len(set(sizes.values())) == 1 or (settings.extractor.any_size and not settings.needs("images")):
        return
    shown = ", ".join(f"{title} {height}×{width}" for title, (height, width) in sizes.items())
    raise DataError(f"images of several sizes ({shown}): resize them alike, or use a protocol that resizes")

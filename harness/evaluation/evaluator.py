"""From a generator in training to numbers: its images, judged against the data set it learns."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from harness.catalog import changed_metric_options, protocol_label
from harness.config import Evaluation
from harness.data import Dataset
from harness.evaluation.judge import Judge, Reals, Scores, Settings
from harness.features import Extractor
from harness.metrics.inputs import Metric
from harness.networks import Conditioning, Latent
from harness.protocol import Protocol
from harness.sources import dataset_source, tensor_source
from harness.sources.generator import Sampler

IN_A_PICTURE = {"images": 64, "points": 2_000}
"""Samples that are shown; their latents are the same at every step."""


class Evaluator:
    """A data set in the place of a judge's real images, and networks in that of what is judged."""

    def __init__(
        self,
        dataset: Dataset,
        extractor: Extractor,
        metrics: Mapping[str, Metric],
        evaluation: Evaluation,
        device: torch.device,
        cache: Path | None = None,
    ) -> None:
        self.dataset = dataset
        self.judge = Judge(
            reals_of(dataset, evaluation),
            Settings(
                protocol_label(evaluation),
                extractor,
                metrics,
                changed_metric_options(evaluation.metrics),
                evaluation.num_samples,
                evaluation.batch_size,
                device,
            ),
            cache=cache,
        )

    @property
    def protocol(self) -> Protocol:
        return self.judge.protocol

    def sampler(
        self, network: nn.Module, latent: Latent, conditioning: Conditioning | None = None
    ) -> Sampler:
        """`network` as a source of images, drawn as this evaluation draws them."""
        settings = self.judge.settings
        return Sampler(
            network,
            latent,
            self.dataset.levels,
            settings.batch_size,
            settings.device,
            conditioning,
            self.dataset.train.labels,
        )

    def score(self, sampler: Sampler, seed: int) -> Scores:
        """Every metric of `protocol.num_samples` images; the latents are a function of the seed alone."""
        images = sampler.draw(self.judge.settings.num_samples, seed=seed, purpose="eval")
        return self.judge.score(self.judge.measure(tensor_source(images, "generated images")), seed)

    def floor(self) -> Scores:
        """Test images in the place of generated ones."""
        floor = self.judge.floor()
        assert floor is not None  # a data set has a test split
        return floor

    def shown(self, sampler: Sampler, seed: int) -> Tensor:
        """What pictures of the generator show: 64 images, or 2,000 points."""
        things = "points" if self.dataset.levels is None else "images"
        return sampler.draw(IN_A_PICTURE[things], seed=seed, purpose="grid")


def reals_of(dataset: Dataset, evaluation: Evaluation) -> Reals:
    """The splits of a data set in their places. Validation and test split are held out, of which the control
    comes second; but only the validation split is while a search runs on it, so that the test split stays
    untouched."""
    held_out = {
        "train": ("validation", "test"),
        "validation": ("validation",),
        "test": ("test", "validation"),
    }[evaluation.reference]
    splits = {split: dataset_source(dataset, split) for split in ("train", "validation", "test")}
    return Reals(
        reference=splits[evaluation.reference],
        held_out=tuple(splits[split] for split in held_out),
        control=splits[evaluation.control],
        train=None if evaluation.reference == "train" else splits["train"],
    )

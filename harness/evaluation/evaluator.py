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
from harness.networks import Latent
from harness.protocol import Protocol
from harness.sources import dataset_source, tensor_source
from harness.sources.generator import draw

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

    def score(self, network: nn.Module, latent: Latent, seed: int) -> Scores:
        """Every metric of `protocol.num_samples` images; the latents are a function of the seed alone."""
        images = self.draw(network, latent, self.judge.settings.num_samples, seed, "eval")
        return self.judge.score(self.judge.measure(tensor_source(images, "generated images")), seed)

    def floor(self) -> Scores:
        """Test images in the place of generated ones."""
        floor = self.judge.floor()
        assert floor is not None  # a data set has a test split
        return floor

    def shown(self, network: nn.Module, latent: Latent, seed: int) -> Tensor:
        """What pictures of the generator show: 64 images, or 2,000 points."""
        return self.draw(
            network, latent, IN_A_PICTURE["points" if self.dataset.levels is None else "images"], seed, "grid"
        )

    def draw(self, network: nn.Module, latent: Latent, count: int, seed: int, purpose: str) -> Tensor:
        """`count` images of `network` in evaluation mode, on the grey levels of the real ones; or points."""
        settings = self.judge.settings
        return draw(
            network,
            latent,
            count,
            seed=seed,
            purpose=purpose,
            batch_size=settings.batch_size,
            levels=self.dataset.levels,
            device=settings.device,
        )


def reals_of(dataset: Dataset, evaluation: Evaluation) -> Reals:
    """The splits of a data set in their places. Both splits that the reference is not are held out; but only
    the validation split is while a search runs on it, so that the test split stays untouched."""
    held_out = ("validation",) if evaluation.reference == "validation" else ("validation", "test")
    splits = {split: dataset_source(dataset, split) for split in ("train", "validation", "test")}
    return Reals(
        reference=splits[evaluation.reference],
        held_out=tuple(splits[split] for split in held_out),
        control=splits["test"],
        train=None if evaluation.reference == "train" else splits["train"],
    )

"""From a generator to numbers: samples, one feature pass, every metric; the same for real and for noise."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from harness.data import Dataset, Split, quantise
from harness.errors import RunFailedError
from harness.features import Extractor, extract
from harness.files import read_json, write_json
from harness.metrics.inputs import Metric, MetricInputs, Sample
from harness.networks import Latent
from harness.protocol import Protocol
from harness.rundir import short_hash
from harness.seeding import derive, generator, latents

GRID = (8, 8)
"""Rows and columns of a sample grid; its latents are the same at every step."""


@dataclass(frozen=True)
class Scores:
    """Values by metric key, what to know about them, and how many images were judged."""

    values: Mapping[str, float]
    notes: tuple[str, ...]
    num_samples: int


class Evaluator:
    """Everything real that generated images are compared with, prepared once."""

    def __init__(
        self,
        dataset: Dataset,
        extractor: Extractor,
        metrics: Mapping[str, Metric],
        protocol: Protocol,
        device: torch.device,
    ) -> None:
        self.dataset = dataset
        self.extractor = extractor
        self.metrics = metrics
        self.protocol = protocol
        self.device = device

    @cached_property
    def reference(self) -> Sample:
        """The split that the protocol compares with."""
        split: Split = getattr(self.dataset, self.protocol.reference)
        return self._sample(split.images)

    @cached_property
    def held_out(self) -> Sample:
        """Real images that no generator was trained on."""
        splits = [getattr(self.dataset, name).images for name in self.protocol.held_out.split("+")]
        return self._sample(torch.cat(splits))

    def score(self, network: nn.Module, latent: Latent, seed: int) -> Scores:
        """Every metric of `protocol.num_samples` images; the latents are a function of the seed alone."""
        images = self.draw(network, latent, self.protocol.num_samples, seed, "eval")
        if (images == images[0]).all():
            raise RunFailedError("collapsed: every generated image is the same")
        return self._scores(self.held_out, images, seed)

    def grid(self, network: nn.Module, latent: Latent, seed: int) -> Tensor:
        """The images of the sample grid, uint8 (64, channels, height, width)."""
        return self.draw(network, latent, GRID[0] * GRID[1], seed, "grid")

    @torch.no_grad()
    def draw(self, network: nn.Module, latent: Latent, count: int, seed: int, purpose: str) -> Tensor:
        """`count` images of `network` in evaluation mode, on the grey levels of the real ones."""
        source = generator(seed, purpose)
        z = latents(latent.distribution, (count, latent.size), source)
        was_training = network.training
        network.eval()
        size = self.protocol.batch_size
        batches = [network(z[i : i + size].to(self.device)) for i in range(0, count, size)]
        network.train(was_training)
        images = torch.cat(batches)
        if not images.isfinite().all():
            raise RunFailedError("generated images hold values that are not finite")
        return quantise(images, self.dataset.levels).cpu()

    def floor(self, cache: Path) -> Scores:
        """Real against real, the best to be hoped for: the test split in the place of generated images."""
        return self._cached(cache, "floor", self.dataset.test.images)

    def ceiling(self, cache: Path) -> Scores:
        """Noise against real, what a generator that learnt nothing would get."""
        shape = (self.protocol.num_samples, *self.dataset.shape)
        noise = torch.rand(shape, generator=generator(0, "noise")).mul_(2).sub_(1)
        return self._cached(cache, "ceiling", quantise(noise, self.dataset.levels))

    def _cached(self, cache: Path, kind: str, images: Tensor) -> Scores:
        key = short_hash([self.protocol.fingerprint, sorted(self.metrics), kind])
        file = cache / f"{kind}-{key}.json"
        if not file.exists():
            # For the floor the held-out images must not be those that are judged.
            held_out = self.reference if kind == "floor" else self.held_out
            scores = self._scores(held_out, images, 0)
            record = {"values": dict(scores.values), "notes": scores.notes, "num_samples": scores.num_samples}
            write_json(file, record)
        record = read_json(file)
        return Scores(record["values"], tuple(record["notes"]), record["num_samples"])

    def _scores(self, held_out: Sample, images: Tensor, seed: int) -> Scores:
        inputs = MetricInputs(
            self.reference,
            held_out,
            self._sample(images),
            device=str(self.device),
            most=self.protocol.num_samples,
        )
        values: dict[str, float] = {}
        notes: list[str] = []
        for name, metric in self.metrics.items():
            # Each metric draws from its own seed, so that adding one never changes another.
            result = metric.compute(replace(inputs, seed=derive(seed, name)))
            values |= result.values
            notes += result.notes
        return Scores(values, tuple(notes), len(images))

    def _sample(self, images: Tensor) -> Sample:
        return Sample(images, *extract(self.extractor, images, self.protocol.batch_size, self.device))

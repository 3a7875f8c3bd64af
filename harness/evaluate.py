"""From a generator to numbers: samples, one feature pass, every metric; the same for real and for noise."""

import functools
from collections.abc import Callable, Mapping
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

IN_A_PICTURE = {"images": 64, "points": 2_000}
"""Samples that are shown; their latents are the same at every step."""


Judged = Callable[[Metric], MetricInputs]
"""What a metric is computed from."""


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
    def validation(self) -> Sample:
        """Real images that no generator was trained on."""
        return self._sample(self.dataset.validation.images)

    @cached_property
    def test(self) -> Sample | None:
        """More of them, but for a search, which runs on the validation split alone."""
        return self._sample(self.dataset.test.images) if "test" in self.protocol.held_out else None

    def score(self, network: nn.Module, latent: Latent, seed: int) -> Scores:
        """Every metric of `protocol.num_samples` images; the latents are a function of the seed alone."""
        images = self.draw(network, latent, self.protocol.num_samples, seed, "eval")
        if (images == images[0]).all():
            raise RunFailedError("collapsed: every generated image is the same")
        inputs = self._inputs(images)
        return self._scores(lambda metric: inputs, len(images), seed)

    def shown(self, network: nn.Module, latent: Latent, seed: int) -> Tensor:
        """What pictures of the generator show: 64 images, or 2,000 points."""
        return self.draw(network, latent, IN_A_PICTURE[self.protocol.things], seed, "grid")

    @torch.no_grad()
    def draw(self, network: nn.Module, latent: Latent, count: int, seed: int, purpose: str) -> Tensor:
        """`count` images of `network` in evaluation mode, on the grey levels of the real ones; or points."""
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
        """Real against real, the best to be hoped for: the test split in the place of generated images, or
        train images for a metric that measures on the test split itself."""
        images = self.dataset.test.images

        @functools.cache
        def real(control: str) -> MetricInputs:
            if control == "train":
                return self._inputs(self.dataset.train.images[: self.protocol.num_samples])
            # The held-out images must not be those that are judged.
            return replace(self._inputs(images), validation=self.reference, test=None)

        return self._cached(cache, "floor", lambda metric: real(metric.control), len(images))

    def ceiling(self, cache: Path) -> Scores:
        """Noise against real, what a generator that learnt nothing would get."""
        noise = self._noise()

        @functools.cache
        def inputs() -> MetricInputs:
            return self._inputs(quantise(noise, self.dataset.levels))

        return self._cached(cache, "ceiling", lambda metric: inputs(), len(noise))

    def _noise(self) -> Tensor:
        """Uniform over [-1, 1], where images live, or over the box of a density."""
        shape = (self.protocol.num_samples, *self.dataset.shape)
        noise = torch.rand(shape, generator=generator(0, "noise"))
        density = self.dataset.density
        low, high = (density.low, density.high) if density else ((-1.0,), (1.0,))
        return noise.mul_(torch.tensor(high) - torch.tensor(low)).add_(torch.tensor(low))

    def _cached(self, cache: Path, kind: str, inputs: Judged, count: int) -> Scores:
        key = short_hash([self.protocol.fingerprint, sorted(self.metrics), kind])
        file = cache / f"{kind}-{key}.json"
        if not file.exists():
            scores = self._scores(inputs, count, 0)
            record = {"values": dict(scores.values), "notes": scores.notes, "num_samples": scores.num_samples}
            write_json(file, record)
        record = read_json(file)
        return Scores(record["values"], tuple(record["notes"]), record["num_samples"])

    def _inputs(self, images: Tensor) -> MetricInputs:
        """`images`, quantised, in the place of generated ones, beside everything real."""
        return MetricInputs(
            self.reference,
            self.validation,
            self._sample(images),
            self.test,
            device=str(self.device),
            most=self.protocol.num_samples,
            log_density=self.dataset.density.log_prob if self.dataset.density else None,
        )

    def _scores(self, inputs: Judged, count: int, seed: int) -> Scores:
        values: dict[str, float] = {}
        notes: list[str] = []
        for name, metric in self.metrics.items():
            # Each metric draws from its own seed, so that adding one never changes another.
            result = metric.compute(replace(inputs(metric), seed=derive(seed, name)))
            values |= result.values
            notes += result.notes
        return Scores(values, tuple(notes), count)

    def _sample(self, images: Tensor) -> Sample:
        return Sample(images, *extract(self.extractor, images, self.protocol.batch_size, self.device))

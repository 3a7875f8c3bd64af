"""Real images, measured once, and every metric of whatever is compared with them; floor and ceiling."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

import torch

from harness.data import quantise
from harness.errors import RunFailedError
from harness.evaluation.measuring import Measured, Progress, measure
from harness.features import Extractor
from harness.files import read_json, write_json
from harness.metrics.inputs import Metric, MetricInputs, Modes, Sample
from harness.protocol import Protocol, RealImages, protocol_of
from harness.rundir import short_hash
from harness.seeding import derive, generator
from harness.sources import Source, tensor_source

MOST = 10_000
"""Reference images that metrics of pairwise distances use, unless more images are judged."""


@dataclass(frozen=True)
class Scores:
    """Values by metric key, values of parts (one a class, say), what to know about them, which not to trust
    and why, and how many images were judged."""

    values: Mapping[str, float]
    notes: tuple[str, ...]
    num_samples: int
    details: Mapping[str, float] = field(default_factory=dict)
    unreliable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reals:
    """Real images. `reference`: what others are compared with; `held_out`: those that no generator was
    trained on, up to two sets, the second for metrics that choose something on the first; `control`: what
    stands in the place of generated images for the floor, which may be one of those; `train`: the same for
    metrics that measure on held-out images."""

    reference: Source
    held_out: tuple[Source, ...] = ()
    control: Source | None = None
    train: Source | None = None


@dataclass(frozen=True)
class Settings:
    """How images are judged: the network, the metrics by name, and of each the options that are not at their
    defaults."""

    protocol_name: str
    extractor: Extractor
    metrics: Mapping[str, Metric]
    metric_options: Mapping[str, Mapping[str, object]]
    num_samples: int
    batch_size: int
    device: torch.device

    def needs(self, what: str) -> bool:
        return any(what in metric.needs for metric in self.metrics.values())


class Judge:
    """Everything real that generated images are compared with, measured when it is first needed."""

    def __init__(
        self, reals: Reals, settings: Settings, *, cache: Path | None = None, progress: Progress | None = None
    ) -> None:
        self.reals = reals
        self.settings = settings
        self._cache = cache
        self._progress = progress
        self._known: dict[int, Measured] = {}

    @cached_property
    def reference(self) -> Measured:
        """The images that the protocol compares with."""
        return self._real(self.reals.reference)

    @cached_property
    def held_out(self) -> tuple[Measured, ...]:
        """Real images that no generator was trained on."""
        return tuple(self._real(source) for source in self.reals.held_out)

    @cached_property
    def protocol(self) -> Protocol:
        """All that the values of this judge depend on besides what is judged."""
        settings = self.settings
        labels = settings.needs("labels")
        held_out = [each.as_real(with_labels=labels) for each in self.held_out]
        return protocol_of(
            name=settings.protocol_name,
            extractor=settings.extractor,
            reference=self.reference.as_real(with_labels=labels),
            held_out=_joined(held_out) if held_out else None,
            levels=self.reals.reference.levels,
            num_samples=settings.num_samples,
            batch_size=settings.batch_size,
            metric_options=settings.metric_options,
        )

    def measure(self, source: Source) -> Measured:
        """One pass over `source` through the extractor."""
        return self._pass(source, None)

    def _real(self, source: Source) -> Measured:
        """The same, of one of `reals`: once, whatever places it stands in, and remembered in the cache."""
        if id(source) not in self._known:
            self._known[id(source)] = self._pass(source, self._cache)
        return self._known[id(source)]

    def _pass(self, source: Source, cache: Path | None) -> Measured:
        return measure(
            source,
            self.settings.extractor,
            batch_size=self.settings.batch_size,
            device=self.settings.device,
            keep_pixels=self.settings.needs("images"),
            cache=cache,
            progress=self._progress,
        )

    def score(self, fake: Measured, seed: int) -> Scores:
        """Every metric of `fake`; RunFailedError where all of its images are the same one."""
        if fake.collapsed:
            raise RunFailedError("collapsed: every generated image is the same")
        inputs = self._inputs(fake.sample)
        return self._scores(self.settings.metrics, lambda metric: inputs, len(fake), seed)

    def floor(self) -> Scores | None:
        """Real against real, the best to be hoped for: held-out images in the place of generated ones, or
        train images for a metric that measures on the held-out ones themselves. None where there are no such
        images.
        """
        if self.reals.control is None:
            return None
        # As many as are judged, where there are as many: the bias of FID depends on the count.
        control = self._real(self.reals.control).sample.first(self.settings.num_samples)
        # The held-out images must not be those that are judged.
        judged = self._inputs(control)
        apart = replace(judged, test=None)
        alone = replace(apart, validation=self.reference.sample)

        def inputs(metric: Metric) -> MetricInputs:
            if metric.control == "train":
                return self._inputs(self._train_control)
            return apart if "held_out" in metric.needs else alone

        metrics = {
            name: metric
            for name, metric in self.settings.metrics.items()
            if metric.control == "train" or "held_out" not in metric.needs or len(self.held_out) > 1
        }
        return self._remembered("floor", lambda: self._scores(metrics, inputs, len(control), 0))

    @cached_property
    def _train_control(self) -> Sample:
        train = self.reference if self.reals.train is None else self._real(self.reals.train)
        return train.sample.first(self.settings.num_samples)

    def ceiling(self) -> Scores:
        """Noise against real, what a generator that learnt nothing would get."""

        def compute() -> Scores:
            noise = self.measure(self.noise())
            inputs = self._inputs(noise.sample)
            return self._scores(self.settings.metrics, lambda metric: inputs, len(noise), 0)

        return self._remembered("ceiling", compute)

    def noise(self) -> Source:
        """Uniform over [-1, 1], where images live, or over the box of a density."""
        real = self.reals.reference
        noise = torch.rand((self.settings.num_samples, *real.shape), generator=generator(0, "noise"))
        low, high = (real.density.low, real.density.high) if real.density else ((-1.0,), (1.0,))
        noise.mul_(torch.tensor(high) - torch.tensor(low)).add_(torch.tensor(low))
        return tensor_source(quantise(noise, real.levels), "noise")

    def _remembered(self, kind: str, compute: Callable[[], Scores]) -> Scores:
        if self._cache is None:
            return compute()
        key = short_hash([self.protocol.fingerprint, sorted(self.settings.metrics), kind])
        file = self._cache / f"{kind}-{key}.json"
        if not file.exists():
            write_json(file, asdict(compute()))
        record = read_json(file)
        return Scores(**{**record, "notes": tuple(record["notes"])})

    def _inputs(self, fake: Sample) -> MetricInputs:
        """`fake` in the place of generated images, beside everything real."""
        reference, density = self.reference.sample, self.reals.reference.density
        held_out = [each.sample for each in self.held_out]
        modes = None
        if density and density.modes is not None and density.shares is not None and density.sigma is not None:
            modes = Modes(density.modes, density.sigma, density.shares)
        return MetricInputs(
            reference,
            held_out[0] if held_out else reference,
            fake,
            held_out[1] if len(held_out) > 1 else None,
            device=str(self.settings.device),
            most=max(MOST, self.settings.num_samples),
            log_density=density.log_prob if density else None,
            modes=modes,
        )

    def _scores(
        self,
        metrics: Mapping[str, Metric],
        inputs: Callable[[Metric], MetricInputs],
        count: int,
        seed: int,
    ) -> Scores:
        values: dict[str, float] = {}
        details: dict[str, float] = {}
        unreliable: dict[str, str] = {}
        notes: list[str] = []
        for name, metric in metrics.items():
            # Each metric draws from its own seed, so that adding one never changes another.
            result = metric.compute(replace(inputs(metric), seed=derive(seed, name)))
            values |= result.values
            details |= result.details
            unreliable |= result.unreliable
            notes += result.notes
        return Scores(values, tuple(notes), count, details, unreliable)


def _joined(parts: Sequence[RealImages]) -> RealImages:
    """Several sets of images as one, which still depends on which image is in which."""
    digest = hashlib.sha256("".join(part.digest for part in parts).encode()).hexdigest()
    return RealImages(" and ".join(part.title for part in parts), sum(part.count for part in parts), digest)

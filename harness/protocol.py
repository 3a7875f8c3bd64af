"""A protocol is all that a metric's value depends on besides the generator; its hash is the fingerprint.

Values are only ever compared under equal fingerprints.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

import torch

from harness.config import Evaluation
from harness.data import Dataset
from harness.features import Extractor

VERSION = 2
"""Raised whenever a metric's value changes for the same images."""


@dataclass(frozen=True)
class Protocol:
    """Everything behind a number, flat, so that two protocols can be compared field by field."""

    extractor: str
    extractor_title: str
    extractor_digest: str
    dataset: str
    data_digest: str
    levels: int | None
    reference: str
    num_reference: int
    held_out: str
    num_held_out: int
    num_samples: int
    batch_size: int
    metric_options: str
    quantisation: str
    torch_version: str
    version: int = VERSION

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over every field."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def things(self) -> str:
        """What is judged: images, or the points of a data set without grey levels."""
        return "points" if self.levels is None else "images"

    def sentence(self) -> str:
        """How a table names its protocol, e.g. `digits classifier, 1,000 train images, 10,000 samples`."""
        return (
            f"{self.extractor_title}, {self.num_reference:,} {self.reference} {self.things} of "
            f"{self.dataset}, {self.num_samples:,} samples, fingerprint {self.fingerprint[:8]}"
        )


def protocol_of(evaluation: Evaluation, dataset: Dataset, extractor: Extractor) -> Protocol:
    """The protocol that an evaluation section means for this data set and this extractor."""
    held_out = held_out_splits(evaluation)
    return Protocol(
        extractor=extractor.name,
        extractor_title=extractor.title,
        extractor_digest=extractor.digest,
        dataset=dataset.name,
        data_digest=dataset.digest,
        levels=dataset.levels,
        reference=evaluation.reference,
        num_reference=len(getattr(dataset, evaluation.reference)),
        held_out="+".join(held_out),
        num_held_out=sum(len(getattr(dataset, name)) for name in held_out),
        num_samples=evaluation.num_samples,
        batch_size=evaluation.batch_size,
        metric_options=json.dumps(
            {metric.name: metric.options for metric in evaluation.metrics if metric.options}
        ),
        quantisation="none" if dataset.levels is None else f"round to {dataset.levels} levels",
        torch_version=torch.__version__.partition("+")[0],
    )


def held_out_splits(evaluation: Evaluation) -> tuple[str, ...]:
    """Real images the generator never saw, for C(G): both other splits, or only validation while a search
    runs on it, so that the test split stays untouched."""
    return ("validation",) if evaluation.reference == "validation" else ("validation", "test")

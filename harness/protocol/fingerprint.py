"""A protocol is all that a metric's value depends on besides the generator; its hash is the fingerprint.

Values are only ever compared under equal fingerprints.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from harness.errors import ComparisonError

if TYPE_CHECKING:
    from harness.features import Extractor

VERSION = 3
"""Raised whenever a metric's value changes for the same images."""

LABELS = frozenset({"name", "extractor_title", "data", "held_out"})
"""Fields that only say what things are called. The same images from a folder and from a data set, through the
same network, give the same numbers and have the same fingerprint."""


@dataclass(frozen=True)
class RealImages:
    """Real images as a protocol names them: what they are called, how many, SHA-256 of them as a set."""

    title: str
    count: int
    digest: str


@dataclass(frozen=True)
class Protocol:
    """Everything behind a number, flat, so that two protocols can be compared field by field.

    `data`, `data_digest` and `num_reference` are of the images that generated ones are compared with;
    `held_out...` of those that no generator was trained on, empty where none are known.
    """

    name: str
    extractor: str
    extractor_title: str
    extractor_digest: str
    data: str
    data_digest: str
    num_reference: int
    held_out: str
    held_out_digest: str
    num_held_out: int
    levels: int | None
    num_samples: int
    batch_size: int
    metric_options: str
    quantisation: str
    torch_version: str
    version: int = VERSION

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over every field but those that are LABELS."""
        fields = {key: value for key, value in asdict(self).items() if key not in LABELS}
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()

    @property
    def things(self) -> str:
        """What is judged: images, or the points of a data set without grey levels."""
        return "points" if self.levels is None else "images"

    def sentence(self) -> str:
        """How a table names its protocol: the network, the real images, how many samples, the fingerprint."""
        named = f"protocol {self.name}: " if self.name else ""
        return (
            f"{named}{self.extractor_title}, {self.num_reference:,} {self.things} of {self.data}, "
            f"{self.num_samples:,} samples, fingerprint {self.fingerprint[:8]}"
        )


def protocol_of(
    *,
    name: str,
    extractor: "Extractor",
    reference: RealImages,
    held_out: RealImages | None,
    levels: int | None,
    num_samples: int,
    batch_size: int,
    metric_options: Mapping[str, Mapping[str, object]],
) -> Protocol:
    """The protocol of `num_samples` images against `reference`. `metric_options`: by metric, those options
    that are not at their defaults; so it does not matter which other metrics were computed beside one."""
    import torch  # late: a report reads protocols, and does without

    held = held_out or RealImages("", 0, "")
    return Protocol(
        name=name,
        extractor=extractor.name,
        extractor_title=extractor.title,
        extractor_digest=extractor.digest,
        data=reference.title,
        data_digest=reference.digest,
        num_reference=reference.count,
        held_out=held.title,
        held_out_digest=held.digest,
        num_held_out=held.count,
        levels=levels,
        num_samples=num_samples,
        batch_size=batch_size,
        metric_options=json.dumps(metric_options, sort_keys=True),
        quantisation="none" if levels is None else f"round to {levels} levels",
        torch_version=torch.__version__.partition("+")[0],
    )


def differences(one: Protocol, other: Protocol) -> dict[str, tuple[object, object]]:
    """The fields that keep values of the two from being compared, with what each of them says."""
    left, right = asdict(one), asdict(other)
    return {key: (left[key], right[key]) for key in left if key not in LABELS and left[key] != right[key]}


def refuse_mixed(protocols: Sequence[Protocol], way_out: str) -> None:
    """ComparisonError where not all protocols have one fingerprint: it says what differs, and the way out."""
    for other in protocols[1:]:
        if found := differences(protocols[0], other):
            shown = "; ".join(f"{key}: {_short(a)} and {_short(b)}" for key, (a, b) in found.items())
            raise ComparisonError(f"not measured under one protocol ({shown}): {way_out}")


def _short(value: object) -> str:
    text = str(value) if value not in ("", None) else "none"
    return text if len(text) <= 40 else f"{text[:8]}..."

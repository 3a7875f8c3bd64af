"""What an evaluation of any images gave: values, what they rest on, and how they may be compared."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.columns import Column
from harness.errors import ConfigError
from harness.evaluation.judge import Scores
from harness.evaluation.measuring import Measured
from harness.protocol import Protocol, refuse_mixed


@dataclass(frozen=True)
class Side:
    """Images that took part: what they are called, how many, what was skipped of them and why, and whether
    their features were known from an earlier evaluation."""

    title: str
    count: int
    skipped: tuple[str, ...]
    recalled: bool

    @classmethod
    def of(cls, measured: Measured) -> "Side":
        return cls(measured.source.title, len(measured), measured.skipped, measured.recalled)


@dataclass(frozen=True)
class Evaluation:
    """Values by metric key, as in `found["fid"]`, with all that is needed to trust or to doubt them.

    scores: the values, with `_low`, `_high` or `_se` beside those that know their uncertainty, notes, and the
    reasons why some are unreliable; floor: what held-out real images get in the place of the fake ones;
    ceiling: what noise gets; None where they were not asked for.
    """

    scores: Scores
    columns: tuple[Column, ...]
    protocol: Protocol
    real: Side
    fake: Side
    held_out: tuple[Side, ...] = ()
    floor: Scores | None = None
    ceiling: Scores | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that the values depend on besides the fake images."""
        return self.protocol.fingerprint

    @property
    def values(self) -> Mapping[str, float]:
        return self.scores.values

    def __getitem__(self, key: str) -> float:
        return self.scores.values[key]

    def document(self) -> dict[str, Any]:
        """Everything as plain data, for JSON; the keys of a run's results.json."""
        return {
            "values": dict(self.scores.values),
            "details": dict(self.scores.details),
            "unreliable": dict(self.scores.unreliable),
            "notes": list(self.scores.notes),
            "num_samples": self.scores.num_samples,
            "fake": asdict(self.fake),
            "real": asdict(self.real),
            "held_out": [asdict(side) for side in self.held_out],
            "floor": asdict(self.floor) if self.floor else None,
            "ceiling": asdict(self.ceiling) if self.ceiling else None,
            "protocol": asdict(self.protocol),
            "fingerprint": self.fingerprint,
        }


@dataclass(frozen=True)
class Earlier:
    """Values that were kept, and the protocol they were measured under."""

    values: Mapping[str, float]
    protocol: Protocol

    @classmethod
    def read(cls, path: Path) -> "Earlier":
        """From a document of `harness evaluate --json`, or a run's results.json; ConfigError for another
        file."""
        try:
            document = json.loads(path.read_text())
            found = cls(dict(document["values"]), Protocol(**document["protocol"]))
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"{path} holds no evaluation of this version of harness: give what `harness evaluate --json`"
                " printed, or the results.json of a run"
            ) from error
        if found.protocol.fingerprint != document.get("fingerprint"):
            raise ConfigError(f"{path} was changed: its fingerprint is not that of its protocol")
        return found


def changes(now: Evaluation, before: Earlier) -> dict[str, float]:
    """How far every value moved; ComparisonError where the two were not measured under one protocol."""
    refuse_mixed(
        [before.protocol, now.protocol],
        "measure both under one, or ask for a marked comparison with --across-protocols",
    )
    return moved(now, before)


def moved(now: Evaluation, before: Earlier) -> dict[str, float]:
    """The same without that question: to be shown only with a mark."""
    keys = [column.key for column in now.columns if column.key in before.values and column.key in now.values]
    return {key: now.values[key] - before.values[key] for key in keys}

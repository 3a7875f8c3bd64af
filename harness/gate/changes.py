"""What is not as it was when the baseline was written: configuration, data, code, versions, device; and the
protocol, which keeps values from being compared."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.config.models import flat
from harness.protocol.fingerprint import LABELS
from harness.runs import Record

LABELS_OF_RUNS = ("experiment", "variant", "seed")
NO_RESULT = ("training.log_every", "training.checkpoint_every", "evaluation.protocol")
"""Keys that change no result, or whose meaning stands beside them."""
LONGEST = 40


def changed_settings(old: Record, new: Record) -> list[str]:
    """Keys of two configurations that differ, a line each: `training.learning_rate: 0.002 → 0.02`; none where
    one is not known."""
    if not old or not new:
        return []
    return list(_changed(settings(old), settings(new)))


def settings(config: Record) -> dict[str, Any]:
    """A configuration by dotted key, labels and what changes no result left out; the name of an entry of a
    table stands under the key of its place."""
    plain = {key: value for key, value in config.items() if key not in LABELS_OF_RUNS}
    found = {key.removesuffix(".name"): value for key, value in flat(plain)}
    return {key: value for key, value in found.items() if key not in NO_RESULT}


def changed_protocol(old: Record, new: Record) -> list[str]:
    """Fields of two protocols that keep values from being compared; `harness.protocol.differences` of plain
    data, which may be of another version of the protocol."""
    one, other = ({key: each[key] for key in each if key not in LABELS} for each in (old, new))
    return list(_changed(one, other))


def changed_identity(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Data, code, torch and device; not the configuration, whose keys say more than its digest. None where a
    side has not been trained."""
    if not old or not new:
        return []
    named = {"code": "code of harness", "data": "data digest"}
    one, other = ({named.get(key, key): each[key] for key in each if key != "config"} for each in (old, new))
    return list(_changed(one, other, longest=16))


def changed_versions(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Packages but torch, which is of the identity; none where a side does not say its versions."""
    if not old or not new:
        return []
    one, other = ({key: each[key] for key in each if key != "torch"} for each in (old, new))
    return list(_changed(one, other))


def _changed(old: Record, new: Record, longest: int = LONGEST) -> Iterator[str]:
    for key in dict.fromkeys([*old, *new]):
        if old.get(key) != new.get(key):
            yield f"{key}: {_short(old.get(key), longest)} → {_short(new.get(key), longest)}"


def _short(value: object, longest: int) -> str:
    text = " ".join(str(value).split()) if value not in ("", None) else "none"
    return text if len(text) <= longest else f"{text[:8]}..."

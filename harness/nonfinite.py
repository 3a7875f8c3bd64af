"""Numbers that JSON lacks: NaN and infinity are written as text, exactly, and never mistaken for numbers."""

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from harness.files import read_json


def encode(values: Mapping[str, float]) -> dict[str, float | str]:
    """Values as a log holds them."""
    return {key: value if isfinite(value) else str(value) for key, value in values.items()}


def writable(value: Any) -> Any:
    """`value`, nested as it may be, as JSON takes it."""
    if isinstance(value, Mapping):
        return {key: writable(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [writable(child) for child in value]
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value


def read_record(file: Path) -> Any:
    """What `writable` made JSON of, with its numbers that are not finite."""
    return _readable(read_json(file))


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _readable(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_readable(child) for child in value]
    return float(value) if value in ("nan", "inf", "-inf") else value

"""What all tests ask of their values before they compute anything."""

from collections.abc import Sequence
from math import isfinite

ROUNDING = 1e-12
"""Values that differ by less than this share of the largest are equal: 0.3 and 0.1 + 0.2 are."""


def finite(values: Sequence[float], fewest: int = 1) -> list[float]:
    """As floats. ValueError for fewer than `fewest`, and for NaN or infinity, which no test can rank."""
    numbers = [float(value) for value in values]
    if len(numbers) < fewest:
        raise ValueError(f"{len(numbers)} values where at least {fewest} are needed")
    if bad := sum(not isfinite(number) for number in numbers):
        raise ValueError(f"{bad} of {len(numbers)} values are NaN or infinite")
    return numbers


def scaled(*samples: Sequence[float]) -> list[list[float]]:
    """Divided by the largest size of all, which changes no test, so that no square overflows or vanishes, and
    what differs by less than ROUNDING is equal."""
    size = max(abs(value) for sample in samples for value in sample) or 1.0
    return [[value / size for value in sample] for sample in samples]

"""A mean that a single bad seed does not move."""

from collections.abc import Sequence
from math import fsum

from harness.stats.numbers import finite


def iqm(values: Sequence[float]) -> float:
    """Interquartile mean: of what is left without the lowest and the highest quarter, each rounded down.

    So of fewer than 4 values it is the mean. As rliable has it (Agarwal et al. 2021, "Deep Reinforcement
    Learning at the Edge of the Statistical Precipice"): scipy.stats.trim_mean(values, 0.25). ValueError for
    no values and for NaN or infinity.
    """
    numbers = sorted(finite(values))
    cut = len(numbers) // 4
    kept = numbers[cut : len(numbers) - cut]
    return fsum(kept) / len(kept)

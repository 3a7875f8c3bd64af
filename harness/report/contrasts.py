"""One variant against another over the seeds both have: the difference, its test, who tends to be better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import fsum

from harness.columns import Column
from harness.stats import Interval, holm, mean_interval, paired_t, probability_of_improvement, welch

Values = Mapping[int, float]
"""By seed."""


@dataclass(frozen=True)
class Contrast:
    """`variant` minus `reference` in one column.

    shared: seeds that both have; difference: over these, and of fewer than two that of the means, without an
    interval; p: two-sided, of the paired t test, or of Welch's where fewer than two seeds are shared, None
    where one of them has a single seed; adjusted: p after Holm's correction over the contrasts it was made
    with; probability: that a seed of `variant` is better than one of `reference`, over all pairs of seeds.
    """

    key: str
    variant: str
    reference: str
    shared: int
    difference: Interval
    p: float | None
    adjusted: float | None
    probability: Interval

    @property
    def paired(self) -> bool:
        return self.shared >= 2


def against(reference: str, samples: Mapping[str, Values], column: Column) -> list[Contrast]:
    """Every other variant against the reference; one family for Holm's correction."""
    if reference not in samples:
        return []
    others = [variant for variant in samples if variant != reference]
    return _adjusted([_contrast(variant, reference, samples, column) for variant in others])


def all_pairs(samples: Mapping[str, Values], column: Column) -> list[Contrast]:
    """Every two variants, the earlier one first; one family for Holm's correction."""
    return _adjusted([_contrast(one, other, samples, column) for one, other in combinations(samples, 2)])


def _contrast(variant: str, reference: str, samples: Mapping[str, Values], column: Column) -> Contrast:
    ours, theirs = samples[variant], samples[reference]
    shared = sorted(set(ours) & set(theirs))
    one, other = list(ours.values()), list(theirs.values())
    probability = probability_of_improvement(one, other, column.better == "higher")
    if len(shared) >= 2:
        pairs = [(ours[seed], theirs[seed]) for seed in shared]
        difference = mean_interval([a - b for a, b in pairs])
        p: float | None = paired_t([a for a, _ in pairs], [b for _, b in pairs])
    else:
        apart = fsum(one) / len(one) - fsum(other) / len(other)
        difference = Interval(apart, None, None, None, len(shared))
        p = welch(one, other) if min(len(one), len(other)) >= 2 else None
    return Contrast(column.key, variant, reference, len(shared), difference, p, None, probability)


def _adjusted(contrasts: Sequence[Contrast]) -> list[Contrast]:
    tested = [contrast.p for contrast in contrasts if contrast.p is not None]
    corrected = iter(holm(tested) if tested else [])
    return [
        contrast if contrast.p is None else replace(contrast, adjusted=next(corrected))
        for contrast in contrasts
    ]

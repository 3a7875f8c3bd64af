"""The decision: did the mean over training seeds become worse by more than the margin?"""

from collections.abc import Sequence

from harness.gate.verdict import Margin, Side, Verdict

LOOKS = (5, 8, 12)
"""Fresh seeds at which the rule decides; a baseline is written with as many seeds as the last."""

ALPHA = 0.05
"""Chance of a wrong verdict over all looks and variants."""


def look_level(alpha: float = ALPHA, looks: int | Sequence[int] = LOOKS, variants: int = 1) -> float:
    """The level of one test, so that all looks at all variants together err with at most `alpha`."""
    raise NotImplementedError


def decide(
    baseline: Side, fresh: Side, *, margin: Margin, higher_is_better: bool, alpha: float
) -> Verdict:
    """The verdict at one look; `alpha` is the level of this look, see `look_level`."""
    raise NotImplementedError

"""Figures of a study: results in, a drawing out. `FIGURES` lists them.

They read what stands in the run folders and nothing else, and import neither torch nor, before something is
drawn, matplotlib.
"""

from collections.abc import Callable

from harness.figures import criterion_curve, figure1, optimal_discriminator, saturation
from harness.figures.drawing import Draw, Drawing, NothingToDrawError
from harness.registry import Registry

# Members are named through their modules, as metrics are.
FIGURES: Registry[Callable[..., Draw]] = Registry(
    "figure",
    "harness.figures",
    criterion_curve=criterion_curve.criterion_curve,
    figure1=figure1.figure1,
    optimal_discriminator=optimal_discriminator.optimal_discriminator,
    saturation=saturation.saturation,
)

__all__ = ["FIGURES", "Draw", "Drawing", "NothingToDrawError"]

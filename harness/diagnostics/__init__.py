"""Diagnostics: both networks in, what theory says of them out. `DIAGNOSTICS` lists them.

A metric sees images alone; a diagnostic sees the pair that plays. It changes nothing of it.
"""

from collections.abc import Callable

from harness.diagnostics import figure1, generator_gradient, optimal_discriminator
from harness.diagnostics.moment import Diagnostic, Moment, Observation
from harness.registry import Registry

# Members are named through their modules, as metrics are.
DIAGNOSTICS: Registry[Callable[..., Diagnostic]] = Registry(
    "diagnostic",
    "harness.diagnostics",
    optimal_discriminator=optimal_discriminator.optimal_discriminator,
    figure1=figure1.figure1,
    generator_gradient=generator_gradient.generator_gradient,
)

__all__ = ["DIAGNOSTICS", "Diagnostic", "Moment", "Observation"]

"""Adversarial losses and discriminator penalties, and the two tables that name them."""

from collections.abc import Callable

from harness.losses.adversarial import hinge, least_squares, minimax, non_saturating, value, wasserstein
from harness.losses.loss import Loss, Penalty
from harness.losses.penalties import gradient_penalty, r1, weight_clipping
from harness.registry import Registry

__all__ = ["LOSSES", "PENALTIES", "Loss", "Penalty", "value"]

LOSSES: Registry[Callable[..., Loss]] = Registry(
    "loss",
    "harness.losses",
    minimax=minimax,
    non_saturating=non_saturating,
    least_squares=least_squares,
    wasserstein=wasserstein,
    hinge=hinge,
)

PENALTIES: Registry[Callable[..., Penalty]] = Registry(
    "penalty",
    "harness.penalties",
    gradient_penalty=gradient_penalty,
    r1=r1,
    weight_clipping=weight_clipping,
)

"""Adversarial losses and discriminator penalties, and the two tables that name them."""

from collections.abc import Callable

from harness.losses.adversarial import hinge, least_squares, minimax, non_saturating, value, wasserstein
from harness.losses.clipping import weight_clipping
from harness.losses.consistency import consistency
from harness.losses.f_gan import f_gan, f_hellinger, f_jensen_shannon, f_kl, f_pearson, f_reverse_kl
from harness.losses.gradient import dragan, gradient_penalty, r1, r2
from harness.losses.loss import Judge, Loss, Penalty
from harness.losses.relativistic import relativistic_average, relativistic_paired
from harness.registry import Registry

__all__ = ["LOSSES", "PENALTIES", "Judge", "Loss", "Penalty", "value"]

LOSSES: Registry[Callable[..., Loss]] = Registry(
    "loss",
    "harness.losses",
    minimax=minimax,
    non_saturating=non_saturating,
    least_squares=least_squares,
    wasserstein=wasserstein,
    hinge=hinge,
    relativistic_paired=relativistic_paired,
    relativistic_average=relativistic_average,
    f_kl=f_kl,
    f_reverse_kl=f_reverse_kl,
    f_pearson=f_pearson,
    f_hellinger=f_hellinger,
    f_jensen_shannon=f_jensen_shannon,
    f_gan=f_gan,
)

PENALTIES: Registry[Callable[..., Penalty]] = Registry(
    "penalty",
    "harness.penalties",
    gradient_penalty=gradient_penalty,
    r1=r1,
    r2=r2,
    dragan=dragan,
    consistency=consistency,
    weight_clipping=weight_clipping,
)

"""f-GAN: a bound of any f-divergence, which the discriminator raises and the generator lowers.

D_f(p || q) = ∫ q f(p/q) is the largest F = E_p g_f(V(x)) - E_q f*(g_f(V(G(z)))) over all logits V, reached at
g_f(V) = f'(p/q), for data p and generated q (Nowozin et al. 2016, eqs. 4 to 7). f* is the convex conjugate of
f, and the output activation g_f keeps the logits within its domain (tables 1, 2 and 6).

Where the paper has an exponential of the logit, so has this: in float32 it overflows beyond 88. The losses
that have none (pearson, jensen_shannon, gan) are finite far beyond.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from harness.losses.loss import Loss

Objective = Annotated[
    Literal["divergence", "alternative"],
    Field(
        description="divergence: lowers the bound, as in algorithm 1; alternative: raises E g_f(V(G(z))),"
        " which saturates less but follows another divergence (section 3.2)"
    ),
]


@dataclass(frozen=True)
class FDivergence:
    """activation: V -> g_f(V); conjugate: V -> f*(g_f(V)), each elementwise. The conjugate is composed
    because its parts lose digits, or are infinite, where the whole is not.

    `log_odds`: the best logit is log p/q, so that its sigmoid is the probability D(x).
    """

    activation: Callable[[Tensor], Tensor]
    conjugate: Callable[[Tensor], Tensor]
    log_odds: bool = False

    def bound(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """F, at most D_f(p || q) in expectation (Nowozin et al. 2016, eq. 7)."""
        return self.activation(real_logits).mean() - self.conjugate(fake_logits).mean()

    def loss(self, generator: Objective) -> Loss:
        """D raises the bound; G follows the objective of that name."""

        def raise_bound(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
            return -self.bound(real_logits, fake_logits)

        def lower_bound(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
            return -self.conjugate(fake_logits).mean()

        def raise_output(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
            return -self.activation(fake_logits).mean()

        objectives = {"divergence": lower_bound, "alternative": raise_output}
        return Loss(raise_bound, objectives[generator], probabilistic=self.log_odds)


KL = FDivergence(activation=lambda v: v, conjugate=lambda v: torch.exp(v - 1))
REVERSE_KL = FDivergence(activation=lambda v: -torch.exp(-v), conjugate=lambda v: v - 1, log_odds=True)
PEARSON = FDivergence(activation=lambda v: v, conjugate=lambda v: v.square() / 4 + v)
HELLINGER = FDivergence(activation=lambda v: -torch.expm1(-v), conjugate=torch.expm1)
JENSEN_SHANNON = FDivergence(
    activation=lambda v: log(2) + logsigmoid(v), conjugate=lambda v: softplus(v) - log(2), log_odds=True
)
GAN = FDivergence(activation=logsigmoid, conjugate=softplus, log_odds=True)


def f_kl(*, generator: Objective = "divergence") -> Loss:
    """f-GAN of KL(p || q), f = u log u (Nowozin et al. 2016, tables 2 and 6).

    The alternative generator follows KL(q || p), where the discriminator is at its best.
    """
    return KL.loss(generator)


def f_reverse_kl(*, generator: Objective = "divergence") -> Loss:
    """f-GAN of KL(q || p), f = -log u (Nowozin et al. 2016, tables 2 and 6).

    Its own objective does not saturate: its slope is the same everywhere.
    """
    return REVERSE_KL.loss(generator)


def f_pearson(*, generator: Objective = "divergence") -> Loss:
    """f-GAN of Pearson's chi-squared ∫ (p - q)^2 / q, f = (u - 1)^2 (Nowozin et al. 2016, tables 2 and 6)."""
    return PEARSON.loss(generator)


def f_hellinger(*, generator: Objective = "divergence") -> Loss:
    """f-GAN of the squared Hellinger distance ∫ (√p - √q)^2 (Nowozin et al. 2016, tables 2 and 6)."""
    return HELLINGER.loss(generator)


def f_jensen_shannon(*, generator: Objective = "divergence") -> Loss:
    """f-GAN of twice the Jensen-Shannon divergence (Nowozin et al. 2016, tables 2 and 6).

    It differs from f_gan by a constant, log 4, so that both train alike.
    """
    return JENSEN_SHANNON.loss(generator)


def f_gan(*, generator: Objective = "divergence") -> Loss:
    """f-GAN of the original game, 2 JSD - log 4 (Nowozin et al. 2016, tables 2 and 6).

    The divergence is the loss minimax under this name, the alternative is non_saturating.
    """
    return GAN.loss(generator)

"""The shape of a loss and of a penalty."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Loss:
    """An adversarial loss on the discriminator's raw outputs (logits), each shape (batch,).

    discriminator(real_logits, fake_logits) and generator(fake_logits) are scalars to be minimised.
    `probabilistic`: sigmoid(logit) is the probability D(x), so that V(D, G) has its meaning in nats.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    probabilistic: bool = False


def no_term(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """A penalty that adds nothing to the discriminator's loss."""
    return real.new_zeros(())


def no_projection(discriminator: nn.Module) -> None:
    """A penalty that leaves the weights alone."""


@dataclass(frozen=True)
class Penalty:
    """`term`(D, real, fake), a scalar added to the discriminator's loss; `project`(D), done in place after
    each of its updates."""

    term: Callable[[nn.Module, Tensor, Tensor], Tensor] = no_term
    project: Callable[[nn.Module], None] = no_projection

"""The shape of a loss and of a penalty."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

Judge = Callable[[Tensor], Tensor]
"""Images -> logits (batch,): the discriminator, told the classes of the images where it asks for them."""


@dataclass(frozen=True)
class Loss:
    """An adversarial loss on the discriminator's raw outputs (logits), each shape (batch,).

    discriminator(real_logits, fake_logits) and generator(real_logits, fake_logits) are scalars to be
    minimised. `probabilistic`: sigmoid(logit) is the probability D(x), so that V(D, G) has its meaning in
    nats. `relativistic`: the generator's objective reads the real logits, so that they are computed again
    for it; the other losses ignore that argument.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    probabilistic: bool = False
    relativistic: bool = False


def no_term(judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
    """A penalty that adds nothing to the discriminator's loss."""
    return real.new_zeros(())


def no_projection(discriminator: nn.Module) -> None:
    """A penalty that leaves the weights alone."""


@dataclass(frozen=True)
class Penalty:
    """`term`(judge, real, fake), a scalar added to the discriminator's loss; `project`(D), done in place
    after each of its updates.

    `every`: the term is added, multiplied by `every`, at every `every`-th update of D only, so that the mean
    gradient stays (lazy regularisation: Karras et al. 2020, section 3.1). `images_only`: it means nothing for
    points.
    """

    term: Callable[[Judge, Tensor, Tensor], Tensor] = no_term
    project: Callable[[nn.Module], None] = no_projection
    every: int = 1
    images_only: bool = False

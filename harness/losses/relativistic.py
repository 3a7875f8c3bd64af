"""Relativistic losses: a critic C that says how much more real one image is than another, pure functions.

Only differences of logits matter, and both players see both batches. Swapping the batches swaps the players.
"""

from torch import Tensor
from torch.nn.functional import softplus

from harness.losses.loss import Loss


def paired_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-E log sigmoid(C(x) - C(G(z))), pair by pair (Jolicoeur-Martineau 2019, RSGAN)."""
    return softplus(fake_logits - real_logits).mean()


def paired_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-E log sigmoid(C(G(z)) - C(x)): the discriminator's objective with the batches swapped."""
    return paired_discriminator(fake_logits, real_logits)


def average_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-E log sigmoid(C(x) - E C(G(z))) - E log(1 - sigmoid(C(G(z)) - E C(x))).

    The means are those of the batches, and gradients flow through them (Jolicoeur-Martineau 2019, RaSGAN).
    """
    return (
        softplus(fake_logits.mean() - real_logits).mean() + softplus(fake_logits - real_logits.mean()).mean()
    )


def average_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The discriminator's objective with the batches swapped (Jolicoeur-Martineau 2019, RaSGAN)."""
    return average_discriminator(fake_logits, real_logits)


def relativistic_paired() -> Loss:
    """RpGAN: each real image against one generated (Jolicoeur-Martineau 2019; Huang et al. 2024, eq. 2).

    R3GAN is this with r1 and r2, without which it need not converge (Huang et al. 2024, section 2).
    """
    return Loss(paired_discriminator, paired_generator, relativistic=True)


def relativistic_average() -> Loss:
    """RaSGAN: each image against the mean of the other kind (Jolicoeur-Martineau 2019)."""
    return Loss(average_discriminator, average_generator, relativistic=True)

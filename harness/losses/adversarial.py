"""Losses that judge each image by itself: pure functions on logits, gathered into one entry a loss.

`log D(x)` is `logsigmoid(logit)` and `log(1 - D(x))` is `logsigmoid(-logit)`, exact where a sigmoid followed
by a logarithm would give -inf.
"""

from torch import Tensor
from torch.nn.functional import logsigmoid, mse_loss, relu

from harness.losses.loss import Loss


def value(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """V(D, G) = E log D(x) + E log(1 - D(G(z))) in nats (Goodfellow et al. 2014, eq. 1)."""
    return logsigmoid(real_logits).mean() + logsigmoid(-fake_logits).mean()


def negative_value(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """What the discriminator of the original paper minimises: -V(D, G)."""
    return -value(real_logits, fake_logits)


def saturating_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """E log(1 - D(G(z))): vanishes where D is sure of itself (Goodfellow et al. 2014, eq. 1)."""
    return logsigmoid(-fake_logits).mean()


def non_saturating_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-E log D(G(z)): the same fixed point, strong gradients early (Goodfellow et al. 2014, section 3)."""
    return -logsigmoid(fake_logits).mean()


def least_squares_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """1/2 E (D(x) - 1)^2 + 1/2 E D(G(z))^2 (Mao et al. 2017, eq. 2 with a = 0, b = c = 1)."""
    return 0.5 * (
        mse_loss(real_logits, real_logits.new_ones(()).expand_as(real_logits))
        + mse_loss(fake_logits, fake_logits.new_zeros(()).expand_as(fake_logits))
    )


def least_squares_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """1/2 E (D(G(z)) - 1)^2 (Mao et al. 2017, eq. 2)."""
    return 0.5 * mse_loss(fake_logits, fake_logits.new_ones(()).expand_as(fake_logits))


def wasserstein_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """E D(G(z)) - E D(x): minus the critic's estimate of W1 (Arjovsky et al. 2017, eq. 2)."""
    return fake_logits.mean() - real_logits.mean()


def wasserstein_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-E D(G(z)) (Arjovsky et al. 2017, eq. 2)."""
    return -fake_logits.mean()


def hinge_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))) (Lim & Ye 2017; Miyato et al. 2018, eq. 16)."""
    return relu(1 - real_logits).mean() + relu(1 + fake_logits).mean()


def minimax() -> Loss:
    """Original minimax game, whose generator saturates (Goodfellow et al. 2014, eq. 1)."""
    return Loss(negative_value, saturating_generator, probabilistic=True)


def non_saturating() -> Loss:
    """Generator maximises log D(G(z)) (Goodfellow et al. 2014, section 3)."""
    return Loss(negative_value, non_saturating_generator, probabilistic=True)


def least_squares() -> Loss:
    """LSGAN: D regresses 1 on real and 0 on generated (Mao et al. 2017, eq. 2)."""
    return Loss(least_squares_discriminator, least_squares_generator)


def wasserstein() -> Loss:
    """WGAN; needs weight_clipping or gradient_penalty (Arjovsky et al. 2017, eq. 2)."""
    return Loss(wasserstein_discriminator, wasserstein_generator)


def hinge() -> Loss:
    """Hinge loss of SNGAN and BigGAN (Lim & Ye 2017; Miyato et al. 2018)."""
    return Loss(hinge_discriminator, wasserstein_generator)

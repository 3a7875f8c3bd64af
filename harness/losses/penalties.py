"""What keeps a discriminator smooth: gradient penalties and weight clipping.

Gradients of gradients lose too many digits below single precision, so every term is computed in float32
with autocast off, whatever the precision of the training.
"""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from harness.losses.loss import Penalty

Weight = Annotated[float, Field(gt=0, description="factor of the penalty in the discriminator's loss")]
Bound = Annotated[float, Field(gt=0, description="largest absolute weight after clipping")]


def _at_least_single(images: Tensor) -> Tensor:
    return images.to(torch.promote_types(images.dtype, torch.float32))


def squared_gradient_norm(discriminator: nn.Module, images: Tensor) -> Tensor:
    """||grad_x D(x)||^2 for each image, shape (batch,), differentiable in D's parameters."""
    with torch.autocast(images.device.type, enabled=False):
        points = _at_least_single(images.detach()).requires_grad_()
        (gradient,) = torch.autograd.grad(discriminator(points).sum(), points, create_graph=True)
        return gradient.flatten(1).square().sum(dim=1)


def r1_term(discriminator: nn.Module, real: Tensor) -> Tensor:
    """1/2 E ||grad D(x)||^2 on real images (Mescheder et al. 2018, eq. 9, without gamma)."""
    return 0.5 * squared_gradient_norm(discriminator, real).mean()


def gradient_penalty_term(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """E (||grad D(x^)|| - 1)^2, x^ uniform on the lines between real and fake (Gulrajani et al. 2017, eq. 3).

    The position on each line is drawn from torch's default generator.
    """
    real, fake = _at_least_single(real), _at_least_single(fake)
    position = torch.rand(len(real), *[1] * (real.dim() - 1), dtype=real.dtype, device=real.device)
    between = torch.lerp(real, fake, position)
    # The root has an infinite slope at zero; the tiny constant keeps the gradient of a flat critic finite.
    norm = (squared_gradient_norm(discriminator, between) + 1e-12).sqrt()
    return (norm - 1).square().mean()


@torch.no_grad()
def clip_weights(discriminator: nn.Module, bound: float) -> None:
    """Clamp every parameter to [-bound, bound] in place (Arjovsky et al. 2017, algorithm 1)."""
    for parameter in discriminator.parameters():
        parameter.clamp_(-bound, bound)


def r1(*, weight: Weight = 10.0) -> Penalty:
    """Half the squared slope on real images (Mescheder et al. 2018, eq. 9)."""
    return Penalty(term=lambda discriminator, real, fake: weight * r1_term(discriminator, real))


def gradient_penalty(*, weight: Weight = 10.0) -> Penalty:
    """WGAN-GP: slope 1 between real and generated (Gulrajani et al. 2017, eq. 3)."""
    return Penalty(
        term=lambda discriminator, real, fake: weight * gradient_penalty_term(discriminator, real, fake)
    )


def weight_clipping(*, bound: Bound = 0.01) -> Penalty:
    """WGAN: weights clamped after each update (Arjovsky et al. 2017, algorithm 1)."""
    return Penalty(project=lambda discriminator: clip_weights(discriminator, bound))

"""Gradient penalties: what keeps the slope of the discriminator small, or near 1, at some images.

What is random in them is drawn from torch's default generator.
"""

import torch
from torch import Tensor

from harness.losses.loss import Judge, Penalty
from harness.losses.terms import Every, Weight, weighted


def squared_gradient_norm(judge: Judge, images: Tensor) -> Tensor:
    """||grad_x D(x)||^2 for each image, shape (batch,), differentiable in D's parameters."""
    points = images.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(judge(points).sum(), points, create_graph=True)
    return gradient.flatten(1).square().sum(dim=1)


def squared_distance_from_slope_1(judge: Judge, images: Tensor) -> Tensor:
    """E (||grad_x D(x)|| - 1)^2, a scalar."""
    # The root has an infinite slope at zero; the tiny constant keeps the gradient of a flat critic finite.
    norm = (squared_gradient_norm(judge, images) + 1e-12).sqrt()
    return (norm - 1).square().mean()


def r1_term(judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
    """1/2 E ||grad D(x)||^2 on real images (Mescheder et al. 2018, eq. 9, without gamma)."""
    return 0.5 * squared_gradient_norm(judge, real).mean()


def r2_term(judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
    """1/2 E ||grad D(G(z))||^2 on generated images (Mescheder et al. 2018, eq. 10, without gamma)."""
    return 0.5 * squared_gradient_norm(judge, fake).mean()


def gradient_penalty_term(judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
    """E (||grad D(x^)|| - 1)^2, x^ uniform between real and fake (Gulrajani et al. 2017, eq. 3)."""
    position = torch.rand(len(real), *[1] * (real.dim() - 1), dtype=real.dtype, device=real.device)
    return squared_distance_from_slope_1(judge, torch.lerp(real, fake, position))


def dragan_term(judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
    """E (||grad D(x + d)|| - 1)^2 around real images (Kodali et al. 2017, section 2).

    d is that of the authors' code: in every pixel by itself uniform on [0, s/2), s being the standard
    deviation of all pixels of the batch.
    """
    noise = 0.5 * real.std(correction=0) * torch.rand_like(real)
    return squared_distance_from_slope_1(judge, real + noise)


def r1(*, weight: Weight = 10.0, every: Every = 1) -> Penalty:
    """Half the squared slope on real images (Mescheder et al. 2018, eq. 9)."""
    return weighted(r1_term, weight, every)


def r2(*, weight: Weight = 10.0, every: Every = 1) -> Penalty:
    """Half the squared slope on generated images; R3GAN has it beside r1 (Mescheder et al. 2018, eq. 10)."""
    return weighted(r2_term, weight, every)


def gradient_penalty(*, weight: Weight = 10.0, every: Every = 1) -> Penalty:
    """WGAN-GP: slope 1 between real and generated (Gulrajani et al. 2017, eq. 3)."""
    return weighted(gradient_penalty_term, weight, every)


def dragan(*, weight: Weight = 10.0, every: Every = 1) -> Penalty:
    """DRAGAN: slope 1 around real images (Kodali et al. 2017, section 2)."""
    return weighted(dragan_term, weight, every)

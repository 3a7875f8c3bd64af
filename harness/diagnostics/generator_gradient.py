"""What the generator is told by the discriminator at hand: the size of its gradient under each loss."""

import torch
from torch import Tensor

from harness.diagnostics.moment import Diagnostic, Moment, Observation, at_rest, evaluated
from harness.losses.adversarial import (
    non_saturating_generator,
    saturating_generator,
    wasserstein_discriminator,
    wasserstein_generator,
)

SAMPLES = 10_000


def generator_gradient() -> Diagnostic:
    """Norms of the gradients that the losses give to G's weights under the present D.

    Where D(x) is a probability, those of the minimax and of the non-saturating loss: with D near D* on
    disjoint supports the first vanishes and the second does not (Goodfellow et al. 2014, section 3; Arjovsky
    & Bottou 2017, theorems 2.4 and 2.6). Where D is a critic, that of the Wasserstein loss, and the critic's
    E D(x) - E D(G(z)): an estimate of W1 as far as the critic's slope is 1, so only with a penalty or
    clipping (Arjovsky et al. 2017, eq. 2).
    """
    titles = {
        "gradient_minimax": "‖gradient‖, minimax",
        "gradient_non_saturating": "‖gradient‖, non-saturating",
        "gradient_wasserstein": "‖gradient‖, Wasserstein",
        "wasserstein": "critic's W1",
    }
    return Diagnostic(titles, _observe)


def _observe(moment: Moment) -> Observation:
    if moment.loss.probabilistic:
        losses = {
            "gradient_minimax": saturating_generator,
            "gradient_non_saturating": non_saturating_generator,
        }
    else:
        losses = {"gradient_wasserstein": wasserstein_generator}
    weights = [weight for weight in moment.generator.parameters() if weight.requires_grad]
    with torch.enable_grad(), at_rest(moment.generator, moment.discriminator):
        logits = moment.discriminator(moment.generator(moment.latents(SAMPLES, "generator_gradient")))
        values = {
            # None of these losses reads the real logits, so those of generated samples stand in for them.
            name: _norm(torch.autograd.grad(loss(logits, logits), weights, retain_graph=True))
            for name, loss in losses.items()
        }
    if not moment.loss.probabilistic:
        real = evaluated(moment.discriminator, moment.real(SAMPLES, "generator_gradient"))
        values["wasserstein"] = -float(wasserstein_discriminator(real, logits.detach().cpu().double()))
    return Observation(values)


def _norm(gradients: tuple[Tensor, ...]) -> float:
    return float(torch.stack([gradient.double().square().sum() for gradient in gradients]).sum().sqrt())

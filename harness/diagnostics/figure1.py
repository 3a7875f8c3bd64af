"""The story of the paper's figure 1 in one dimension, from the pair at hand onwards."""

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.optim import Adam

from harness.diagnostics.landscape import Landscape, landscape
from harness.diagnostics.moment import Diagnostic, Moment, Observation, evaluated, needs_known_density
from harness.diagnostics.pushforward import latent_quantiles
from harness.seeding import reseed

ARROWS = 15
MOST = 512

Steps = Annotated[int, Field(ge=0)]
Batch = Annotated[int, Field(ge=2, description="real samples, and generated ones, in an update")]
Rate = Annotated[float, Field(gt=0, description="of Adam, at first; it falls to 0")]


def figure1(
    *,
    discriminator_steps: Steps = 1500,
    generator_steps: Steps = 10,
    batch_size: Batch = 512,
    discriminator_learning_rate: Rate = 5e-3,
    generator_learning_rate: Rate = 5e-4,
) -> Diagnostic:
    """The pair of one-dimensional data as it is, after D alone has learnt, and after G has followed D.

    Panels (a), (b), (c) of figure 1 in Goodfellow et al. 2014. The networks are copied first. D is trained on
    fresh samples towards D* = p_data / (p_data + p_g), then G against that D. Recorded: the curves, and
    arrows from z to G(z), where z has one dimension, at even quantiles of z.
    """
    titles = {
        "figure1_d_error": "mean |D − D*| after D's steps",
        "figure1_before": "C(G) before G's steps",
        "figure1_after": "C(G) after G's steps",
    }

    def observe(moment: Moment) -> Observation:
        branch = moment.branch()
        seen = [landscape(branch, "figure1")]
        record = {"as_it_is": _record(branch, seen[-1])}
        with torch.enable_grad(), torch.random.fork_rng():  # for what draws inside the networks
            reseed(moment.seed, "figure1")
            _train_discriminator(branch, discriminator_steps, batch_size, discriminator_learning_rate)
            seen.append(landscape(branch, "figure1"))
            record["discriminator_trained"] = _record(branch, seen[-1])
            _train_generator(branch, generator_steps, batch_size, generator_learning_rate)
            seen.append(landscape(branch, "figure1"))
            record["generator_trained"] = _record(branch, seen[-1])
        values = {
            "figure1_d_error": seen[1].error,
            "figure1_before": seen[1].criterion,
            "figure1_after": seen[2].criterion,
        }
        return Observation(values, record)

    return Diagnostic(titles, observe, needs_known_density(1))


def _train_discriminator(branch: Moment, steps: int, batch_size: int, rate: float) -> None:
    """Towards D*: by the run's own loss, without its penalties, which would keep D from it."""
    discriminator = branch.discriminator.train()

    def loss(step: int) -> Tensor:
        real = branch.real(batch_size, "figure1/d", step)
        with torch.no_grad():
            fake = branch.generator(branch.latents(batch_size, "figure1/d", step))
        return branch.loss.discriminator(discriminator(real), discriminator(fake))

    _descend(discriminator, loss, steps, rate)


def _train_generator(branch: Moment, steps: int, batch_size: int, rate: float) -> None:
    """G alone, against the D at hand."""
    generator = branch.generator.train()
    branch.discriminator.requires_grad_(False)

    def loss(step: int) -> Tensor:
        real = branch.real(batch_size, "figure1/g", step)
        fake = generator(branch.latents(batch_size, "figure1/g", step))
        return branch.loss.generator(branch.discriminator(real), branch.discriminator(fake))

    _descend(generator, loss, steps, rate)


def _descend(network: nn.Module, loss: Callable[[int], Tensor], steps: int, rate: float) -> None:
    """Adam with a rate that falls to 0, so that what is left at the end is not the noise of its steps."""
    optimizer = Adam(network.parameters(), rate, betas=(0.5, 0.999), fused=True)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = rate * (1 - step / steps)
        optimizer.zero_grad()
        loss(step).backward()
        optimizer.step()


def _record(moment: Moment, found: Landscape) -> Mapping[str, object]:
    """The curves, and z with G(z) at the middles of ARROWS equal shares of a one-dimensional latent."""
    arrows: dict[str, object] = {}
    if moment.latent.size == 1:
        z = latent_quantiles(moment.latent.distribution, ARROWS)
        inputs = torch.from_numpy(z).float()[:, None].to(moment.device)
        arrows = {"z": z.tolist(), "g": evaluated(moment.generator, inputs).flatten().tolist()}
    return {"source_of_p_g": found.source, **arrows, **found.curves(MOST)}

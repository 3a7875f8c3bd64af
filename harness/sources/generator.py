"""Images of a generator: latents that are a function of the seed, and the grey values of the real images."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from harness.data import quantise
from harness.errors import RunFailedError
from harness.networks import Latent
from harness.seeding import generator, latents


def draw(
    network: nn.Module,
    latent: Latent,
    count: int,
    *,
    seed: int,
    purpose: str,
    batch_size: int,
    levels: int | None,
    device: torch.device,
) -> Tensor:
    """`count` images of `network`, which is on `device`, in evaluation mode: uint8 (count, channels, height,
    width) on `levels` grey values, or points float32 (count, 1, 1, dim) where those are None; on the CPU.

    RunFailedError where a value is not finite.
    """
    batches = drawn(
        network,
        latent,
        count,
        seed=seed,
        purpose=purpose,
        batch_size=batch_size,
        levels=levels,
        device=device,
    )
    return torch.cat(list(batches))


def drawn(
    network: nn.Module,
    latent: Latent,
    count: int,
    *,
    seed: int,
    purpose: str,
    batch_size: int,
    levels: int | None,
    device: torch.device,
) -> Iterator[Tensor]:
    """The same images in batches of `batch_size`, of which one at a time is in memory."""
    z = latents(latent.distribution, (count, latent.size), generator(seed, purpose))
    was_training = network.training
    network.eval()
    try:
        for part in z.split(batch_size):
            with torch.no_grad():
                images = network(part.to(device))
            if not images.isfinite().all():
                raise RunFailedError("generated images hold values that are not finite")
            yield quantise(images, levels).cpu()
    finally:
        network.train(was_training)

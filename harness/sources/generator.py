"""Images of a generator: latents that are a function of the seed, and the grey values of the real images."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from harness.data import quantise
from harness.errors import RunFailedError
from harness.judging import told
from harness.networks import Conditioning, Latent
from harness.seeding import generator, latents


@dataclass(frozen=True)
class Sampler:
    """A generator, and all that its images depend on besides the seed.

    `network` is on `device`. `levels` are the grey values of the real images, None for points. Where the
    generator is told a class it is one of `labels`, drawn at random: those of the training images, so that
    classes are as frequent as in them.
    """

    network: nn.Module
    latent: Latent
    levels: int | None
    batch_size: int
    device: torch.device
    conditioning: Conditioning | None = None
    labels: Tensor | None = None

    def draw(self, count: int, *, seed: int, purpose: str) -> Tensor:
        """`count` images in evaluation mode: uint8 (count, channels, height, width), or points float32
        (count, 1, 1, dim); on the CPU. RunFailedError where a value is not finite."""
        return torch.cat(list(self.batches(count, seed=seed, purpose=purpose)))

    def batches(self, count: int, *, seed: int, purpose: str) -> Iterator[Tensor]:
        """The same images in batches, of which one at a time is in memory."""
        was_training = self.network.training
        self.network.eval()
        try:
            for part in self.inputs(count, seed=seed, purpose=purpose).split(self.batch_size):
                with torch.no_grad():
                    images = self.network(part.to(self.device))
                if not images.isfinite().all():
                    raise RunFailedError("generated images hold values that are not finite")
                yield quantise(images, self.levels).cpu()
        finally:
            self.network.train(was_training)

    def inputs(self, count: int, *, seed: int, purpose: str) -> Tensor:
        """What the generator is fed with: latents, and classes where it is told one, on the CPU."""
        z = latents(self.latent.distribution, (count, self.latent.size), generator(seed, purpose))
        if self.conditioning is None or self.labels is None:
            return z
        chosen = torch.randint(len(self.labels), (count,), generator=generator(seed, f"{purpose}/class"))
        return told(z, self.labels[chosen], self.conditioning)

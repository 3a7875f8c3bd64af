"""What every diagnostic looks at, and what it gives."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from harness.config import Training
from harness.data import Dataset, Density, to_float
from harness.errors import ConfigError
from harness.losses import Loss, Penalty
from harness.networks import Latent
from harness.seeding import generator, latents


@dataclass(frozen=True)
class Moment:
    """Both networks at one step of a training, and what they are trained with.

    `generator` is the live one, not its average: V(D, G) and D* are about the two that play, and D has only
    ever judged the live one. A diagnostic leaves weights, gradients, buffers and modes as they are; what it
    wants to train further it copies. All its randomness comes from `seed` under purposes of its own, the same
    at every step, so that its values differ by what the networks learnt and not by the draw.
    """

    step: int
    generator: nn.Module
    discriminator: nn.Module
    latent: Latent
    loss: Loss
    penalties: Sequence[Penalty]
    training: Training
    dataset: Dataset
    seed: int
    device: torch.device

    @property
    def density(self) -> Density:
        """The distribution of the data, for diagnostics whose `check` has asked for one."""
        assert self.dataset.density is not None
        return self.dataset.density

    def latents(self, count: int, purpose: str, batch: int = 0) -> Tensor:
        """Batch number `batch` of latents (count, latent.size) for `purpose`, the same on every device."""
        source = generator(self.seed, f"{purpose}/latent", batch)
        return latents(self.latent.distribution, (count, self.latent.size), source).to(self.device)

    def real(self, count: int, purpose: str, batch: int = 0) -> Tensor:
        """Real samples (count, channels, height, width) in the range of the networks: fresh ones where the
        density is known, else drawn from the training split, with replacement."""
        source = generator(self.seed, f"{purpose}/real", batch)
        if self.dataset.density:
            return self.as_images(self.dataset.density.sample(count, source))
        images = self.dataset.train.images
        return to_float(images[torch.randint(len(images), (count,), generator=source)]).to(self.device)

    def as_images(self, points: Tensor) -> Tensor:
        """(n, dim) of any float type -> (n, 1, 1, dim) float32 on the device, as the networks take them."""
        return points.float().view(-1, *self.dataset.shape).to(self.device)

    def branch(self) -> "Moment":
        """The same with copies of the networks, free to be trained."""
        return replace(self, generator=deepcopy(self.generator), discriminator=deepcopy(self.discriminator))


@dataclass(frozen=True)
class Observation:
    """values: numbers by name, logged as `theory/<name>`; record: plain data for figures, JSON but for NaN
    and infinity."""

    values: Mapping[str, float]
    record: Mapping[str, Any] = field(default_factory=dict)


def _anything(dataset: Dataset, loss: Loss) -> None:
    """Looks at every pair."""


@dataclass(frozen=True)
class Diagnostic:
    """A diagnostic ready to look. A table's entry is a function whose keyword-only parameters are its options
    and which returns this.

    titles: what each value is called in tables, in order; a moment may give only some of them.
    check: raises ConfigError, before anything is trained, for data or a loss that it has nothing to say of.
    """

    titles: Mapping[str, str]
    observe: Callable[[Moment], Observation]
    check: Callable[[Dataset, Loss], None] = _anything


def needs_known_density(*dimensions: int) -> Callable[[Dataset, Loss], None]:
    """A check: the data has a known density in one of these dimensions, and D(x) is a probability."""

    def check(dataset: Dataset, loss: Loss) -> None:
        density = dataset.density
        if density is None or density.log_prob is None or density.dim not in dimensions:
            wanted = " or ".join(str(dimension) for dimension in dimensions)
            wanted += " dimension" if dimensions == (1,) else " dimensions"
            raise ConfigError(f"needs a data set with a known density in {wanted}")
        if not loss.probabilistic:
            raise ConfigError("needs a loss under which D(x) is a probability, such as non_saturating")

    return check


@contextmanager
def at_rest(*networks: nn.Module) -> Iterator[None]:
    """Evaluation mode for the block, every module's own mode afterwards."""
    modes = [(module, module.training) for network in networks for module in network.modules()]
    try:
        for network in networks:
            network.eval()
        yield
    finally:
        for module, training in modes:
            module.training = training


@torch.no_grad()
def evaluated(network: nn.Module, inputs: Tensor, batch_size: int = 10_000) -> Tensor:
    """The network's outputs for any number of inputs, on the CPU in float64, without a trace."""
    with at_rest(network):
        parts = [network(part).cpu().double() for part in inputs.split(batch_size)]
    return torch.cat(parts)

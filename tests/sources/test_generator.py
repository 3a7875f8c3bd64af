"""Drawing: latents by seed and purpose, any batch size, the network left as it was."""

import pytest
import torch
from torch import Tensor, nn

from harness.data import quantise
from harness.errors import RunFailedError
from harness.networks import Latent
from harness.seeding import generator, latents
from harness.sources import Sampler

CPU = torch.device("cpu")


class Stretch(nn.Module):
    """z (n, 4) -> (n, 1, 2, 2); in training it says what it should not."""

    def forward(self, z: Tensor) -> Tensor:
        return torch.full((len(z), 1, 2, 2), 9.0) if self.training else z.view(-1, 1, 2, 2) / 3


def drawn(network: nn.Module, batch_size: int, levels: int | None = 256) -> Tensor:
    latent = Latent(size=4)
    return Sampler(network, latent, levels, batch_size, CPU).draw(25, seed=3, purpose="eval")


@pytest.mark.parametrize("batch_size", [1, 10, 25, 1000])
@pytest.mark.parametrize("levels", [256, 17, None])
def test_images_are_those_of_the_latents_of_the_seed(batch_size: int, levels: int | None) -> None:
    z = latents("normal", (25, 4), generator(3, "eval"))
    images = drawn(Stretch(), batch_size, levels)
    assert torch.equal(images, quantise(z.view(-1, 1, 2, 2) / 3, levels))
    assert images.dtype == (torch.float32 if levels is None else torch.uint8)


@pytest.mark.parametrize("training", [True, False])
def test_a_network_is_left_in_the_mode_it_was_in(training: bool) -> None:
    network = Stretch().train(training)
    drawn(network, 10)
    assert network.training == training


def test_what_is_not_finite_is_a_failure_and_the_mode_is_restored() -> None:
    class Broken(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return (z / 0).view(-1, 1, 2, 2)

    network = Broken()
    with pytest.raises(RunFailedError, match="not finite"):
        drawn(network, 10)
    assert network.training

"""The pair of the first GAN: its sizes, its first weights, its units, what dropout means to it."""

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from harness.data import DATASETS
from harness.networks import NETWORKS, Latent, Pair
from harness.networks.maxout import RAREST, Maxout
from harness.seeding import generator, latents

SHAPE = (1, 28, 28)


def pair(shape: tuple[int, int, int] = SHAPE, **options: object) -> Pair:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return NETWORKS["maxout"](shape, **options)


def linears(module: nn.Module) -> list[nn.Linear]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Linear)]


def test_its_defaults_are_the_networks_of_the_paper() -> None:
    made = pair()
    assert made.latent == Latent(size=100, distribution="uniform")
    sizes = [(layer.in_features, layer.out_features) for layer in linears(made.generator)]
    assert sizes == [(100, 1200), (1200, 1200), (1200, 784)]
    sizes = [(layer.in_features, layer.out_features) for layer in linears(made.discriminator)]
    assert sizes == [(784, 240 * 5), (240, 240 * 5), (240, 1)]
    dropped = [layer.p for layer in made.discriminator.modules() if isinstance(layer, nn.Dropout)]
    assert dropped == [0.2, 0.5, 0.5]
    for module, limit in ((made.generator, 0.05), (made.discriminator, 0.005)):
        for layer in linears(module):
            assert layer.weight.abs().max() <= limit
            assert layer.weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.2)
            assert not layer.bias.any()


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_its_noise_has_variance_one(distribution: str) -> None:
    made = pair(latent=Latent(size=100, distribution=distribution))
    seen: list[Tensor] = []
    made.generator.body.register_forward_pre_hook(lambda module, arguments: seen.append(arguments[0]))
    made.generator(latents(distribution, (2000, 100), generator(0, "test")))
    assert seen[0].std().item() == pytest.approx(1, abs=0.01)
    if distribution == "uniform":
        assert seen[0].abs().max().item() == pytest.approx(math.sqrt(3), abs=1e-3)


def test_a_unit_is_the_greatest_of_its_pieces() -> None:
    layer = Maxout(3, 4, 5)
    x = torch.randn(6, 3, generator=generator(0, "test"))
    pieces = layer.linear(x).view(6, 5, 4)
    assert torch.equal(layer(x), pieces.max(dim=1).values)
    layer(x).sum().backward()
    counts = layer.linear.bias.grad
    assert counts is not None
    assert counts.view(5, 4).sum(0).tolist() == [6.0] * 4  # one piece of each unit learns from each image


def test_it_starts_at_the_marginals_of_the_training_images() -> None:
    images = DATASETS["digits"](Path()).train.images
    made = pair((1, 8, 8))
    made.meet(images)
    mean = images.double().mean(0) / 255
    assert made.generator.head.bias.sigmoid().view(1, 8, 8).sub(mean).abs().max() < 1e-6
    never = images.amax(0).flatten() == 0
    assert never.any()
    assert made.generator.head.bias[never].unique().tolist() == pytest.approx([math.log(RAREST)], rel=1e-6)
    drawn = made.generator(latents("uniform", (500, 100), generator(0, "test")))
    assert ((drawn.mean(0) + 1) / 2 - mean).abs().max() < 0.1


def test_what_drops_out_of_an_image_is_black() -> None:
    made = pair(input_dropout=0.9, hidden_dropout=0.0)
    black, white = -torch.ones(4, *SHAPE), torch.ones(4, *SHAPE)
    made.discriminator.train()
    assert torch.equal(made.discriminator(black), made.discriminator.eval()(black))
    made.discriminator.train()
    assert not torch.equal(made.discriminator(white), made.discriminator.eval()(white))

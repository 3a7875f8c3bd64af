"""The pair of PacGAN's points: its sizes, its first weights, what it computes, and packs of points."""

import math

import pytest
import torch
from networks.counted import normal, parameters
from torch import nn

from harness.networks import NETWORKS, Latent, Pair
from harness.networks.maxout import Maxout
from harness.seeding import initial_weights

SHAPE = (1, 1, 2)


def pair(shape: tuple[int, int, int] = SHAPE, **options: object) -> Pair:
    with initial_weights(0):
        return NETWORKS["pacgan"](shape, **options)


@pytest.mark.parametrize("packing", [1, 2, 3, 4])
def test_its_defaults_are_the_networks_of_the_paper(packing: int) -> None:
    """Lin et al. 2018, section 4.1; packing widens the first layer of the discriminator alone."""
    made = pair()
    assert made.latent == Latent(size=2, distribution="normal")
    hidden = 2 * 400 + 3 * 400 * 400  # without biases, which the batch norms have
    assert parameters(made.generator) == hidden + 4 * 2 * 400 + (400 + 1) * 2
    packed = pair((packing, 1, 2)).discriminator
    first, others, last = (2 * packing + 1) * 1000, 2 * (200 + 1) * 1000, 200 + 1
    assert parameters(packed) == first + others + last
    assert packed(normal(7, packing, 1, 2)).shape == (7,)
    assert made.rowwise
    assert not any(isinstance(layer, nn.Dropout) for layer in packed.modules())


@pytest.mark.parametrize("std", [0.02, 0.1])
def test_its_first_weights_are_normal_and_its_biases_zero(std: float) -> None:
    made = pair(initial_std=std)
    linears = [
        layer
        for network in (made.generator, made.discriminator)
        for layer in network.modules()
        if isinstance(layer, nn.Linear)
    ]
    assert [layer.bias is not None for layer in linears] == [False] * 4 + [True] * 5
    for layer in linears:
        spread = 5 / math.sqrt(layer.weight.numel())
        assert layer.weight.std().item() == pytest.approx(std, rel=spread)
        assert layer.bias is None or not layer.bias.any()


def test_the_generator_is_four_normalised_rectified_layers_and_a_linear_one() -> None:
    network = pair(generator_widths=(9, 8)).generator
    x = z = normal(50, 2)
    for layer in (network.body[0], network.body[3]):
        x = x @ layer.weight.T
        x = ((x - x.mean(0)) / (x.var(0, correction=0) + 1e-4).sqrt()).relu()
    expected = x @ network.body[6].weight.T + network.body[6].bias
    torch.testing.assert_close(network(z), expected.view(50, 1, 1, 2), rtol=1e-4, atol=1e-5)
    assert len(network.body) == 7


def test_the_running_statistics_move_by_a_twentieth() -> None:
    network = pair().generator
    z = normal(100, 2)
    network(z)
    x = z @ network.body[0].weight.T
    torch.testing.assert_close(network.body[1].running_mean, 0.05 * x.mean(0))
    torch.testing.assert_close(network.body[1].running_var, 0.95 + 0.05 * x.var(0))


def test_the_discriminator_reads_points_as_they_are() -> None:
    network = pair((3, 1, 2), discriminator_units=(4, 5), pieces=3).discriminator
    x = points = normal(10, 3, 1, 2).flatten(1) * 100
    for layer in network.body:
        assert isinstance(layer, Maxout)
        x = (x @ layer.linear.weight.T + layer.linear.bias).view(10, 3, -1).max(1).values
    expected = x @ network.head.weight[0] + network.head.bias
    torch.testing.assert_close(network(points.view(10, 3, 1, 2)), expected, rtol=1e-4, atol=1e-5)


def test_points_are_not_bounded() -> None:
    made = pair()
    assert not made.bounded
    network = made.generator
    with torch.no_grad():
        network.body[-1].weight.mul_(1000)
    assert network(normal(100, 2)).abs().max() > 4


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 1, 3), (3, 8, 8)])
def test_any_shape_is_drawn_and_judged(shape: tuple[int, int, int]) -> None:
    made = pair(shape, latent=Latent(size=5), generator_widths=(6,), discriminator_units=(7,), pieces=2)
    drawn = made.generator(normal(4, 5))
    assert drawn.shape == (4, *shape)
    made.discriminator(drawn).sum().backward()
    for network in (made.generator, made.discriminator):
        assert all(parameter.grad is not None for parameter in network.parameters())

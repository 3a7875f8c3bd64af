"""The residual pair: the sizes and first weights of SNGAN at 32 x 32, its blocks, its norms, its classes."""

import math

import pytest
import torch
from networks.counted import normal, parameters
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate, one_hot

from harness.errors import ConfigError
from harness.networks import NETWORKS, Conditioning, Latent, Pair
from harness.networks.conditional import ClassBatchNorm
from harness.networks.resnet import DiscriminatorBlock, GeneratorBlock

SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 64, 64), (2, 29, 29)]
METHODS = ["projection", "auxiliary"]


def pair(shape: tuple[int, int, int] = (3, 32, 32), **options: object) -> Pair:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return NETWORKS["resnet"](shape, **{"generator_width": 8, "discriminator_width": 8} | options)


def test_the_defaults_are_the_networks_of_the_paper() -> None:
    made = NETWORKS["resnet"]((3, 32, 32))
    assert made.latent == Latent(size=128)
    conv, shortcut, norm = 256 * 256 * 9 + 256, 256 * 256 + 256, 2 * 256
    stem, to_image = 129 * 4 * 4 * 256, 3 * 256 * 9 + 3
    assert parameters(made.generator) == stem + 3 * (2 * norm + 2 * conv + shortcut) + norm + to_image
    assert parameters(made.generator) == 4_276_739
    conv, first = 128 * 128 * 9 + 128, 3 * 128 * 9 + 128
    halving = (first + conv + 4 * 128) + (2 * conv + 129 * 128)
    assert parameters(made.discriminator) == halving + 2 * 2 * conv + 129
    assert parameters(made.discriminator) == 1_053_825


def test_convolutions_start_as_glorots() -> None:
    made = pair(generator_width=32, discriminator_width=32, discriminator_normalization="none")
    layers = [*made.generator.named_modules(), *made.discriminator.named_modules()]
    layers = [(name, layer) for name, layer in layers if isinstance(layer, nn.Conv2d)]
    assert len(layers) == 3 * 3 + 1 + 2 * 3 + 2 * 2
    for name, layer in layers:
        fans = (layer.in_channels + layer.out_channels) * layer.weight[0, 0].numel()
        gain = 1 if "shortcut" in name or "head" in name else math.sqrt(2)
        limit = gain * math.sqrt(6 / fans)
        assert limit * 0.9 < layer.weight.abs().max() <= limit
        assert not layer.bias.any()


@pytest.mark.parametrize("shape", SHAPES)
def test_it_draws_and_judges_every_square(shape: tuple[int, int, int]) -> None:
    made = pair(shape)
    images = made.generator(normal(3, 128))
    assert images.shape == (3, *shape)
    assert images.abs().max() <= 1
    assert made.discriminator(images).shape == (3,)


@pytest.mark.parametrize(
    ("resolution", "halvings", "judged"), [(8, 1, 4), (16, 1, 8), (28, 2, 7), (32, 2, 8), (64, 3, 8)]
)
def test_two_blocks_judge_maps_of_at_most_8_pixels(resolution: int, halvings: int, judged: int) -> None:
    network = pair((1, resolution, resolution)).discriminator
    blocks = [block for block in network.body if isinstance(block, DiscriminatorBlock)]
    assert len(blocks) == halvings + 2
    assert network.body(torch.zeros(1, 1, resolution, resolution)).shape[2:] == (judged, judged)


@pytest.mark.parametrize("shape", [(1, 1, 2), (3, 32, 28), (1, 7, 7), (1, 65, 65)])
def test_it_refuses_points_and_what_is_no_square(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigError, match="resnet draws square images of 8 to 64 pixels"):
        pair(shape)


def test_a_growing_block_is_that_of_the_paper() -> None:
    """Gulrajani et al. 2017 and Miyato et al. 2018 grow the map before the convolution of the shortcut."""
    block: GeneratorBlock = pair().generator.blocks[0]
    x = normal(5, 8, 4, 4)

    def grown(x: torch.Tensor) -> torch.Tensor:
        return interpolate(x, scale_factor=2, mode="bilinear")

    first_norm, _, _, first, second_norm, _, second = block.residual
    residual = second(second_norm(first(grown(first_norm(x).relu()))).relu())
    assert torch.allclose(block(x, None), residual + block.shortcut(grown(x)), atol=1e-5)


def test_a_shrinking_block_is_that_of_the_paper() -> None:
    """The shortcut reads what comes in, not its rectified copy, and is halved after its convolution."""
    block: DiscriminatorBlock = pair(discriminator_normalization="none").discriminator.body[1]
    x = normal(5, 8, 16, 16)
    before = x.clone()
    expected = avg_pool2d(block.residual(x) + block.shortcut(x), 2)
    assert torch.allclose(block(x), expected, atol=1e-5)
    assert torch.equal(x, before)


def test_features_are_summed_over_pixels() -> None:
    network = pair().discriminator.eval()
    features = network.body(normal(4, 3, 32, 32))
    assert torch.equal(network(normal(4, 3, 32, 32)), network.head(features.sum((2, 3))))


@pytest.mark.parametrize("normalization", ["spectral", "layer", "batch", "none"])
def test_every_norm_of_the_discriminator_trains(normalization: str) -> None:
    made = pair((1, 28, 28), discriminator_normalization=normalization)
    made.discriminator(made.generator(normal(4, 128))).sum().backward()
    for network in (made.generator, made.discriminator):
        for key, parameter in network.named_parameters():
            assert parameter.grad is not None, key
            assert parameter.grad.isfinite().all(), key
    assert made.rowwise == (normalization != "batch")
    norms = {"layer": nn.LayerNorm, "batch": nn.BatchNorm2d}
    for name, kind in norms.items():
        count = sum(isinstance(layer, kind) for layer in made.discriminator.modules())
        assert count == (2 * 3 if name == normalization else 0)


def test_spectral_norm_makes_every_layer_of_the_discriminator_a_contraction() -> None:
    network = pair((1, 16, 16)).discriminator
    for _ in range(200):
        network(normal(1, 1, 16, 16))
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert len(layers) == 3 + 2 * 2 + 1
    for layer in layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize("method", METHODS)
def test_both_networks_use_the_class(method: str) -> None:
    made = pair((1, 16, 16), conditioning=Conditioning(method=method, classes=3))
    z = torch.cat((normal(4, 128), one_hot(torch.tensor([0, 1, 0, 1]), 3).float()), 1)
    images = made.generator(z)
    images.square().sum().backward()
    norms = [layer for layer in made.generator.modules() if isinstance(layer, ClassBatchNorm)]
    assert len(norms) == 2 * 2
    for norm in norms:
        told = [parameter.grad.abs().sum(1) for parameter in norm.parameters()]
        assert all(bool(grad[:2].all()) and not grad[2] for grad in told)
    if method == "projection":
        same = images[:1].detach().expand(3, -1, -1, -1)
        assert made.discriminator(same, torch.arange(3)).unique().numel() == 3
    else:
        assert made.discriminator(images).shape == (4, 1 + 3)


def test_a_class_needs_the_generators_batch_norm() -> None:
    conditioning = Conditioning(method="projection", classes=3)
    with pytest.raises(ConfigError, match="generator_normalization: batch"):
        pair(conditioning=conditioning, generator_normalization="none")
    assert not any(
        isinstance(layer, nn.BatchNorm2d)
        for layer in pair(generator_normalization="none").generator.modules()
    )


@pytest.mark.parametrize("classes", [None, 3])
def test_the_generator_exports_for_any_batch(classes: int | None) -> None:
    conditioning = Conditioning(method="auxiliary", classes=classes) if classes else None
    network = pair((1, 28, 28), conditioning=conditioning).generator.eval()
    width = 128 + (classes or 0)
    batch = torch.export.Dim("batch")
    program = torch.export.export(network, (normal(2, width),), dynamic_shapes=({0: batch},))
    z = normal(5, width)
    assert torch.allclose(program.module()(z), network(z), atol=1e-5)

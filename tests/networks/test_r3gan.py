"""R3GAN: its sizes, its start as a chain of skip paths, the scales that start keeps, and its classes."""

import pytest
import torch
from networks.counted import normal, parameters
from torch import nn
from torch.nn.functional import one_hot

from harness.errors import ConfigError
from harness.networks import NETWORKS, Conditioning, Latent, Pair
from harness.networks.r3gan import R3ganDiscriminator, R3ganGenerator, ResidualBlock

SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 64, 64), (2, 29, 29)]
METHODS = ["projection", "auxiliary"]


def pair(shape: tuple[int, int, int] = (3, 32, 32), **options: object) -> Pair:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return NETWORKS["r3gan"](shape, **{"generator_width": 16, "discriminator_width": 16} | options)


@pytest.mark.parametrize(("width", "stages"), [(64, 4), (96, 3)])
def test_it_has_the_parameters_of_its_layers(width: int, stages: int) -> None:
    resolution = 4 * 2 ** (stages - 1)
    made = pair((3, resolution, resolution), generator_width=width, discriminator_width=width)
    hidden = 2 * width
    block = width * hidden + hidden + hidden * 16 * 9 + hidden + hidden * width
    generator_ends = 64 * width + width * 16 + 3 * width
    discriminator_ends = 3 * width + width * 16 + (width + 1)
    assert parameters(made.generator) == 2 * stages * block + generator_ends
    assert parameters(made.discriminator) == 2 * stages * block + discriminator_ends


def test_the_networks_of_the_paper_for_cifar_have_21_million_parameters_each() -> None:
    with torch.device("meta"):
        made = NETWORKS["r3gan"]((3, 32, 32), generator_width=768, discriminator_width=768)
    blocks = [layer for layer in made.generator.modules() if isinstance(layer, ResidualBlock)]
    assert len(blocks) == 4 * 2
    assert {layer.residual[2].groups for layer in blocks} == {96}
    assert parameters(made.generator) == 8 * 2_583_552 + 64 * 768 + 16 * 768 + 3 * 768


@pytest.mark.parametrize("shape", SHAPES)
def test_it_draws_and_judges_every_square(shape: tuple[int, int, int]) -> None:
    made = pair(shape, blocks=1)
    images = made.generator(normal(2, 64))
    assert images.shape == (2, *shape)
    assert made.discriminator(images).shape == (2,)


@pytest.mark.parametrize("shape", [(1, 1, 2), (3, 32, 28), (1, 7, 7), (1, 65, 65)])
def test_it_refuses_points_and_what_is_no_square(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigError, match="r3gan draws square images of 8 to 64 pixels"):
        pair(shape)


def test_both_networks_start_as_their_skip_paths() -> None:
    made = pair()
    images = made.generator(normal(4, 64))
    logits = made.discriminator(images)
    for network in (made.generator, made.discriminator):
        network.body = nn.Sequential(
            *(layer for layer in network.body if not isinstance(layer, ResidualBlock))
        )
    assert torch.equal(made.generator(normal(4, 64)), images)
    assert torch.equal(made.discriminator(images), logits)


@pytest.mark.parametrize("depth", [1, 4, 16])
def test_a_block_passes_one_part_in_its_depth_to_its_last_layer(depth: int) -> None:
    """Two layers of gain depth^(-1/4) leave a second moment of 1 / depth."""
    torch.manual_seed(0)
    block = ResidualBlock(128, depth)
    hidden = block.residual[:-1](normal(8, 128, 16, 16))[:, :, 2:-2, 2:-2]
    assert hidden.square().mean().item() * depth == pytest.approx(1, rel=0.1)


def test_the_ends_of_both_networks_keep_the_variance() -> None:
    made = pair(generator_width=512, discriminator_width=512, blocks=1)
    ends: R3ganGenerator = made.generator
    features = ends.basis * ends.modulation(normal(64, 64))[:, :, None, None]
    assert features.var().item() == pytest.approx(1, rel=0.1)
    assert ends.to_image(normal(64, 512, 8, 8)).var().item() == pytest.approx(1, rel=0.1)
    judge: R3ganDiscriminator = made.discriminator
    assert judge.from_image(normal(64, 3, 8, 8)).var().item() == pytest.approx(1, rel=0.15)
    assert judge.basis(normal(64, 512, 4, 4)).var().item() == pytest.approx(1, rel=0.1)
    logits = judge.head(normal(4096, 512))
    assert logits.std().item() == pytest.approx(1, rel=0.1)


def test_a_zero_layer_learns_and_wakes_those_before_it() -> None:
    made = pair((1, 8, 8), blocks=1)
    optimizer = torch.optim.SGD(made.generator.parameters(), lr=0.1)
    blocks = [layer for layer in made.generator.modules() if isinstance(layer, ResidualBlock)]
    for asleep in (True, False):
        optimizer.zero_grad()
        made.discriminator(made.generator(normal(8, 64))).sum().backward()
        for block in blocks:
            assert block.residual[-1].weight.grad.any()
            assert bool(block.residual[0].weight.grad.any()) != asleep
        optimizer.step()


def test_its_images_are_not_confined() -> None:
    made = pair()
    assert not made.bounded
    assert made.generator(normal(8, 64) * 10).abs().max() > 1


@pytest.mark.parametrize("method", METHODS)
def test_both_networks_use_the_class(method: str) -> None:
    made = pair((1, 8, 8), conditioning=Conditioning(method=method, classes=3))
    noise = normal(1, 64).expand(3, -1)
    images = made.generator(torch.cat((noise, one_hot(torch.arange(3), 3).float()), 1))
    assert images.std(0).min() > 0
    if method == "projection":
        same = images[:1].expand(3, -1, -1, -1)
        assert made.discriminator(same, torch.arange(3)).unique().numel() == 3
    else:
        assert made.discriminator(images).shape == (3, 1 + 3)


def test_the_class_widens_only_the_ends() -> None:
    plain, told = (
        pair((1, 8, 8), latent=Latent(size=32), conditioning=conditioning)
        for conditioning in (None, Conditioning(method="projection", classes=3))
    )
    # an embedding (3, 32) and 32 more inputs; an embedding (3, 16) of the features
    assert parameters(told.generator) - parameters(plain.generator) == 3 * 32 + 32 * 16
    assert parameters(told.discriminator) - parameters(plain.discriminator) == 3 * 16


@pytest.mark.parametrize("classes", [None, 3])
def test_the_generator_exports_for_any_batch(classes: int | None) -> None:
    conditioning = Conditioning(method="auxiliary", classes=classes) if classes else None
    network = pair((1, 28, 28), blocks=1, conditioning=conditioning).generator.eval()
    width = 64 + (classes or 0)
    batch = torch.export.Dim("batch")
    program = torch.export.export(network, (normal(2, width),), dynamic_shapes=({0: batch},))
    z = normal(5, width)
    assert torch.allclose(program.module()(z), network(z), atol=1e-5)


def test_a_gradient_penalty_reaches_the_discriminator() -> None:
    network = pair((1, 28, 28), blocks=1).discriminator
    images = normal(4, 1, 28, 28).requires_grad_()
    (slope,) = torch.autograd.grad(network(images).sum(), images, create_graph=True)
    slope.square().sum().backward()
    for layer in (network.from_image, network.body[0].residual[-1], network.basis, network.head.linear):
        assert layer.weight.grad.isfinite().all()
        assert layer.weight.grad.any()

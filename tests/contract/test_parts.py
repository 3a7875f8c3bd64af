"""What holds for every entry of every table, and for every network by itself."""

from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from harness.catalog import TABLES
from harness.errors import ConfigError
from harness.judging import told
from harness.networks import NETWORKS, Latent, Pair
from harness.networks.ladder import ladder
from harness.options import describe, keyword_arguments
from harness.seeding import generator, initial_weights, latents

SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32)]
POINTS = [(1, 1, 1), (1, 1, 2)]
"""Points are images of one row."""

OF_POINTS = {"affine"}
"""Networks that refuse images."""

UNBOUNDED = {"affine", "pacgan", "r3gan"}
"""Networks whose output is linear, by default. The others stay in [-1, 1]."""


def shapes(name: str) -> list[tuple[int, int, int]]:
    return POINTS if name in OF_POINTS else SHAPES


def build(name: str, shape: tuple[int, int, int], seed: int = 0, **options: Any) -> Pair:
    with initial_weights(seed):
        return NETWORKS[name](shape, **options)


def draw(pair: Pair, count: int) -> torch.Tensor:
    """Inputs of the generator; classes in turn where it is told one."""
    z = latents(pair.latent.distribution, (count, pair.latent.size), generator(0, "test"))
    return told(z, torch.arange(count) % 10, pair.conditioning)


every_entry = pytest.mark.parametrize(
    ("place", "name"), [(place, name) for place, table in TABLES.items() for name in table]
)
every_network = pytest.mark.parametrize("name", list(NETWORKS))
every_network_and_shape = pytest.mark.parametrize(
    ("name", "shape"), [(name, shape) for name in NETWORKS for shape in shapes(name)]
)


@every_entry
def test_every_entry_says_what_it_is(place: str, name: str) -> None:
    assert len(describe(TABLES[place][name])) > 20


@every_entry
def test_every_entry_has_defaults_for_all_its_options(place: str, name: str) -> None:
    keyword_arguments(TABLES[place][name], {})


@every_network_and_shape
def test_shapes_and_range(name: str, shape: tuple[int, int, int]) -> None:
    pair = build(name, shape)
    images = pair.generator(draw(pair, 5))
    assert images.shape == (5, *shape)
    assert images.dtype == torch.float32
    assert pair.bounded == (name not in UNBOUNDED)
    assert images.abs().max() <= 1 or not pair.bounded
    assert pair.discriminator(images).shape == (5,)


@pytest.mark.parametrize("shape", POINTS)
def test_a_linear_mlp_draws_points_anywhere(shape: tuple[int, int, int]) -> None:
    pair = NETWORKS["mlp"](shape, latent=Latent(size=2), output="linear")
    points = pair.generator(draw(pair, 500) * 100)
    assert points.shape == (500, *shape)
    assert points.abs().max() > 1
    assert not pair.bounded
    assert pair.discriminator(points).shape == (500,)


@every_network_and_shape
def test_every_parameter_gets_a_finite_gradient(name: str, shape: tuple[int, int, int]) -> None:
    pair = build(name, shape)
    pair.discriminator(pair.generator(draw(pair, 5))).square().sum().backward()
    for module in (pair.generator, pair.discriminator):
        for key, parameter in module.named_parameters():
            assert parameter.grad is not None, key
            assert parameter.grad.isfinite().all(), key


@every_network
def test_weights_are_a_function_of_the_seed_and_survive_a_file(name: str) -> None:
    first, again, other = (build(name, shapes(name)[-1], seed) for seed in (0, 0, 1))

    def weights(pair: Pair) -> torch.Tensor:
        modules = (pair.generator, pair.discriminator)
        return torch.cat([parameter.flatten() for module in modules for parameter in module.parameters()])

    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))
    other.generator.load_state_dict(load(save(first.generator.state_dict())))
    z = draw(first, 3)
    assert torch.equal(first.generator.eval()(z), other.generator.eval()(z))


@every_network
@pytest.mark.parametrize("normalization", ["none", "batch", "layer", "spectral"])
def test_a_rowwise_discriminator_judges_every_image_by_itself(name: str, normalization: str) -> None:
    options = {"discriminator_normalization": normalization}
    if options.keys() - keyword_arguments(NETWORKS[name], {}).keys():
        if normalization != "none":
            pytest.skip(f"{name} has no normalisation")
        options = {}
    shape = shapes(name)[0]
    pair = build(name, shape, **options)
    for module in pair.discriminator.modules():
        if isinstance(module, nn.Dropout) or normalization == "spectral":
            module.eval()  # neither masks nor power iterations may come between the passes
    real, fake = torch.rand(2, 6, *shape) * 2 - 1
    together = pair.discriminator(torch.cat((real, fake)))
    apart = torch.cat((pair.discriminator(real), pair.discriminator(fake)))
    assert torch.allclose(together, apart, atol=1e-5) or not pair.rowwise
    assert pair.rowwise == (normalization != "batch")


@pytest.mark.parametrize("resolution", range(8, 65))
def test_dcgan_has_every_resolution(resolution: int) -> None:
    options = {"generator_width": 2, "discriminator_width": 2}
    pair = NETWORKS["dcgan"]((2, resolution, resolution), **options)
    images = pair.generator(draw(pair, 2))
    assert images.shape == (2, 2, resolution, resolution)
    assert pair.discriminator(images).shape == (2,)
    assert 4 <= ladder(resolution)[0] <= 7


@pytest.mark.parametrize("shape", [(1, 7, 7), (1, 65, 65), (1, 28, 32)])
def test_dcgan_refuses_what_it_cannot_draw(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigError, match="dcgan draws square images of 8 to 64 pixels"):
        NETWORKS["dcgan"](shape)


def test_mlp_has_the_parameters_of_its_widths() -> None:
    pair = NETWORKS["mlp"](
        (1, 28, 28), latent=Latent(size=100), generator_widths=(128, 256), discriminator_widths=(512,),
        generator_normalization="batch",
    )  # fmt: skip
    count = sum(parameter.numel() for parameter in pair.generator.parameters())
    assert count == 101 * 128 + 129 * 256 + 2 * 256 + 257 * 784
    assert sum(p.numel() for p in pair.discriminator.parameters()) == 785 * 512 + 513


def test_sigmoid_output_is_the_image_of_the_unit_interval() -> None:
    pair = NETWORKS["mlp"]((1, 8, 8), output="sigmoid")
    images = pair.generator(draw(pair, 64) * 50)
    assert images.min() >= -1
    assert images.max() <= 1

"""DCGAN: its sizes, its published first weights, and how either network is told a class."""

import math

import pytest
import torch
from networks.counted import normal, parameters
from torch import Tensor, nn
from torch.nn.functional import one_hot

from harness.networks import NETWORKS, Conditioning, Pair
from harness.networks.conditional import ClassBatchNorm
from harness.seeding import initial_weights

SHAPE = (1, 28, 28)
CLASSES = 3
METHODS = ["projection", "auxiliary"]
SMALL = {"generator_width": 4, "discriminator_width": 4}


def pair(method: str | None = None, shape: tuple[int, int, int] = SHAPE, **options: object) -> Pair:
    conditioning = Conditioning(method=method, classes=CLASSES) if method else None
    with initial_weights(0):
        return NETWORKS["dcgan"](shape, conditioning=conditioning, **options)


def fed(labels: list[int], noise: Tensor) -> Tensor:
    return torch.cat((noise, one_hot(torch.tensor(labels), CLASSES).float()), 1)


@pytest.mark.parametrize("method", [None, *METHODS])
def test_it_has_the_parameters_of_its_layers(method: str | None) -> None:
    made = pair(method)
    stem, up, last = (100 + 1) * 128 * 49, 128 * 64 * 16, 64 * 16 + 1
    norms = 2 * (128 + 64) * (CLASSES if method else 1)
    assert parameters(made.generator) == stem + norms + up + last
    features = 128 * 49
    first, second = (16 + 1) * 64, 64 * 128 * 16 + 2 * 128
    head = features + 1 + CLASSES * {None: 0, "projection": features, "auxiliary": features + 1}[method]
    assert parameters(made.discriminator) == first + second + head


@pytest.mark.parametrize("method", [None, *METHODS])
def test_its_first_weights_are_the_published_ones(method: str | None) -> None:
    """Radford et al. 2016, section 4: N(0, 0.02²)."""
    made = pair(method, discriminator_normalization="batch")
    layers = [*made.generator.modules(), *made.discriminator.modules()]
    kinds = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, nn.Embedding)
    drawn = [layer for layer in layers if isinstance(layer, kinds)]
    assert len(drawn) == 3 + 3 + (method == "projection")
    for layer in drawn:
        weight = layer.weight
        spread = 5 / math.sqrt(weight.numel())
        assert abs(weight.mean().item()) < 0.02 * spread
        assert weight.std().item() == pytest.approx(0.02, rel=spread)
    for layer in layers:
        if isinstance(bias := getattr(layer, "bias", None), nn.Parameter):
            assert not bias.any()
    gains = torch.cat([layer.weight for layer in layers if isinstance(layer, nn.BatchNorm2d)])
    assert len(gains) == 128 + (0 if method else 128 + 64)
    assert gains.mean().item() == pytest.approx(1, abs=0.01)
    assert gains.std().item() == pytest.approx(0.02, rel=0.3)


@pytest.mark.parametrize("normalization", ["none", "layer"])
def test_a_class_enters_beside_the_noise(normalization: str) -> None:
    network = pair("projection", generator_normalization=normalization, **SMALL).generator
    assert network.stem.in_features == 100 + CLASSES
    images = network(fed([0, 1, 2, 1], normal(1, 100).expand(4, -1)))
    assert images.shape == (4, *SHAPE)
    assert images[:3].flatten(1).unique(dim=0).shape[0] == CLASSES
    torch.testing.assert_close(images[1], images[3])


def test_batch_norm_tells_the_class() -> None:
    network = pair("projection", **SMALL).generator
    assert network.stem.in_features == 100
    norms = [layer for layer in network.modules() if isinstance(layer, ClassBatchNorm)]
    assert len(norms) == 2
    noise = normal(6, 100)
    before = network.eval()(fed([0, 1, 2] * 2, noise))
    assert torch.equal(before, network(fed([2, 1, 0] * 2, noise)))  # all classes start alike
    for norm in norms:
        with torch.no_grad():
            norm.gain[2] *= 2
        changed = (network(fed([0, 1, 2] * 2, noise)) != before).flatten(1).any(1)
        assert changed.tolist() == [False, False, True] * 2
        with torch.no_grad():
            norm.gain[2] /= 2


def test_projection_judges_the_same_image_by_its_class() -> None:
    judged = pair("projection", discriminator_normalization="layer", **SMALL).discriminator
    logits = judged(normal(1, *SHAPE).expand(4, -1, -1, -1), torch.tensor([0, 1, 2, 1]))
    assert logits.shape == (4,)
    assert logits[:3].unique().numel() == CLASSES
    torch.testing.assert_close(logits[1], logits[3])


def test_auxiliary_classifies_beside_its_logit() -> None:
    made = pair("auxiliary", **SMALL)
    assert made.discriminator(normal(4, *SHAPE)).shape == (4, 1 + CLASSES)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("normalization", ["none", "batch", "layer", "spectral"])
def test_every_norm_of_the_discriminator_trains(method: str, normalization: str) -> None:
    made = pair(method, discriminator_normalization=normalization, **SMALL)
    labels = [0, 1, 2, 1]
    images = made.generator(fed(labels, normal(4, 100)))
    inputs = (images, torch.tensor(labels)) if method == "projection" else (images,)
    made.discriminator(*inputs).square().sum().backward()
    for key, parameter in (*made.generator.named_parameters(), *made.discriminator.named_parameters()):
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
    assert made.rowwise == (normalization != "batch")


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
@pytest.mark.parametrize("method", [None, "auxiliary"])
def test_the_generator_exports_for_any_batch(normalization: str, method: str | None) -> None:
    network = pair(method, generator_normalization=normalization, **SMALL).generator.eval()
    width = 100 + (CLASSES if method else 0)
    sizes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(network, (normal(2, width),), dynamic_shapes=sizes)
    torch.testing.assert_close(program.module()(normal(5, width)), network(normal(5, width)))

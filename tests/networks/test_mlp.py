"""The multilayer perceptrons: how either of them is told a class."""

import pytest
import torch
from networks.counted import normal, parameters
from torch import Tensor
from torch.nn.functional import one_hot

from harness.networks import NETWORKS, Conditioning, Latent, Pair
from harness.networks.conditional import ClassBatchNorm
from harness.seeding import initial_weights

SHAPE = (1, 8, 8)
CLASSES, LATENT = 3, 5
WIDTHS = (12, 10)
METHODS = ["projection", "auxiliary"]


def pair(method: str | None = "projection", widths: tuple[int, ...] = WIDTHS, **options: object) -> Pair:
    conditioning = Conditioning(method=method, classes=CLASSES) if method else None
    with initial_weights(0):
        return NETWORKS["mlp"](
            SHAPE, latent=Latent(size=LATENT), generator_widths=widths, discriminator_widths=widths,
            conditioning=conditioning, **options,
        )  # fmt: skip


def fed(labels: list[int], noise: Tensor | None = None) -> Tensor:
    """The generator's input for these classes, of noise that is the same for all unless given."""
    noise = normal(1, LATENT).expand(len(labels), -1) if noise is None else noise
    return torch.cat((noise, one_hot(torch.tensor(labels), CLASSES).float()), 1)


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
def test_it_has_the_parameters_of_its_widths_and_its_classes(normalization: str) -> None:
    made = pair(generator_normalization=normalization)
    inputs = LATENT if normalization == "batch" else LATENT + CLASSES
    norms = {"none": 0, "batch": 2 * CLASSES * WIDTHS[1], "layer": 2 * sum(WIDTHS)}[normalization]
    layers = (inputs + 1) * 12 + (12 + 1) * 10 + (10 + 1) * 64
    assert parameters(made.generator) == layers + norms


@pytest.mark.parametrize(("method", "more"), [(None, 0), ("projection", 10), ("auxiliary", 11)])
def test_a_discriminator_has_a_row_more_for_each_class(method: str | None, more: int) -> None:
    made = pair(method)
    assert parameters(made.discriminator) == (64 + 1) * 12 + (12 + 1) * 10 + (10 + 1) + CLASSES * more


@pytest.mark.parametrize("normalization", ["none", "layer"])
def test_a_class_enters_beside_the_noise(normalization: str) -> None:
    network = pair(generator_normalization=normalization).generator.eval()
    images = network(fed([0, 1, 2, 1]))
    assert images.shape == (4, *SHAPE)
    assert images[:3].flatten(1).unique(dim=0).shape[0] == CLASSES
    torch.testing.assert_close(images[1], images[3])
    first = network.body[0]
    torch.testing.assert_close(
        first(fed([2])), first(fed([2]) * torch.tensor([1.0] * LATENT + [0] * CLASSES)) + first.weight[:, -1]
    )


def test_batch_norm_tells_the_class_where_there_is_any() -> None:
    network = pair(generator_normalization="batch").generator
    norms = [layer for layer in network.modules() if isinstance(layer, ClassBatchNorm)]
    assert len(norms) == 1
    noise = normal(6, LATENT)
    before = network.eval()(fed([0, 1, 2] * 2, noise))
    assert torch.equal(before, network(fed([2, 1, 0] * 2, noise)))  # all classes start alike
    with torch.no_grad():
        norms[0].gain[2] *= 2
    changed = (network(fed([0, 1, 2] * 2, noise)) != before).flatten(1).any(1)
    assert changed.tolist() == [False, False, True] * 2


def test_a_single_hidden_layer_has_no_batch_norm_and_still_learns_the_class() -> None:
    network = pair(widths=(12,), generator_normalization="batch").generator
    assert network(fed([0, 1, 2])).flatten(1).unique(dim=0).shape[0] == CLASSES


def test_projection_judges_the_same_image_by_its_class() -> None:
    judged, image = pair("projection").discriminator, normal(1, *SHAPE).expand(4, -1, -1, -1)
    logits = judged(image, torch.tensor([0, 1, 2, 1]))
    assert logits.shape == (4,)
    assert logits[:3].unique().numel() == CLASSES
    assert logits[1] == logits[3]


def test_auxiliary_classifies_beside_its_logit() -> None:
    assert pair("auxiliary").discriminator(normal(4, *SHAPE)).shape == (4, 1 + CLASSES)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
def test_the_class_of_a_fake_reaches_the_generators_parameters(method: str, normalization: str) -> None:
    made = pair(method, generator_normalization=normalization)
    labels = [0, 1, 2, 1]
    images = made.generator(fed(labels, normal(4, LATENT)))
    inputs = (images, torch.tensor(labels)) if method == "projection" else (images,)
    made.discriminator(*inputs).square().sum().backward()
    for key, parameter in (*made.generator.named_parameters(), *made.discriminator.named_parameters()):
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
    assert made.conditioning == Conditioning(method=method, classes=CLASSES)

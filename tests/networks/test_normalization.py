"""Spectral normalisation: the norm of every weight, its gradient, its precision, its start."""

from copy import deepcopy

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from harness.networks import NETWORKS, Conditioning, Pair
from harness.networks.normalization import norm_layers, spectral
from harness.seeding import generator, initial_weights

SHAPE = (1, 16, 16)
METHODS = [None, "projection", "auxiliary"]
LABELS = torch.tensor([0, 1, 2, 1])
OPTIONS = {"mlp": {"discriminator_widths": (32, 16)}, "dcgan": {"discriminator_width": 8}}

networks = pytest.mark.parametrize("name", OPTIONS)
methods = pytest.mark.parametrize("method", METHODS)


def build(name: str, method: str | None = None, seed: int = 0, normalization: str = "spectral") -> Pair:
    conditioning = Conditioning(method=method, classes=3) if method else None
    with initial_weights(seed):
        return NETWORKS[name](
            SHAPE, **OPTIONS[name], discriminator_normalization=normalization, conditioning=conditioning
        )


def images(count: int = 4) -> Tensor:
    return torch.rand(count, *SHAPE, generator=generator(0, "test")) * 2 - 1


def judge(pair: Pair, x: Tensor) -> Tensor:
    projected = pair.conditioning is not None and pair.conditioning.method == "projection"
    logits: Tensor = pair.discriminator(x, LABELS) if projected else pair.discriminator(x)
    return logits


def weighted(network: nn.Module) -> list[nn.Module]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding)]


@networks
@methods
def test_every_weight_has_norm_one(name: str, method: str | None) -> None:
    pair = build(name, method)
    for _ in range(100):
        judge(pair, images())
    layers = weighted(pair.discriminator.eval())
    assert len(layers) == 3 + (method == "projection")
    for layer in layers:
        norm = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
        assert norm.item() == pytest.approx(1, abs=1e-2)


def test_a_network_of_such_layers_is_1_lipschitz() -> None:
    """Miyato et al. 2018, section 2.1: the norm of a composition is at most the product of the norms."""
    pair = build("mlp")
    for _ in range(100):
        judge(pair, images())
    judged, x, y = pair.discriminator.eval(), images(200), images(400)[200:]
    ratio = (judged(x) - judged(y)).abs() / (x - y).flatten(1).norm(dim=1)
    assert 0 < ratio.max() <= 1
    gradient = torch.autograd.grad(judged(x.requires_grad_()).sum(), x)[0].flatten(1).norm(dim=1)
    assert 0 < gradient.max() <= 1 + 1e-2


def test_the_gradient_is_that_of_the_paper() -> None:
    """Miyato et al. 2018, eq. 12: (E[δ hᵀ] - λ u vᵀ) / σ, λ the mean of δᵀ W h."""
    layer = spectral(nn.Linear(6, 4, bias=False))
    for _ in range(100):
        layer(torch.zeros(1, 6))
    layer.eval()
    x, delta = torch.randn(9, 10, generator=generator(0, "test")).split((6, 4), dim=1)
    (layer(x) * delta).sum().backward()
    parameter = layer.parametrizations.weight.original
    u, singular, v = torch.linalg.svd(parameter.detach(), full_matrices=False)
    plain, normalised = delta.T @ x, parameter.detach() / singular[0]
    expected = (plain - (plain * normalised).sum() * torch.outer(u[:, 0], v[0])) / singular[0]
    torch.testing.assert_close(parameter.grad, expected, rtol=1e-4, atol=1e-5)


@networks
@methods
def test_every_parameter_learns_through_a_gradient_penalty_too(name: str, method: str | None) -> None:
    pair, x = build(name, method), images().requires_grad_()
    scores = judge(pair, x)
    (slope,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
    (slope.square().sum() + scores.square().sum()).backward()
    for key, parameter in pair.discriminator.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.any(), key


@networks
@methods
def test_the_parameters_start_as_without_it(name: str, method: str | None) -> None:
    for layer, other in zip(
        weighted(build(name, method).discriminator),
        weighted(build(name, method, normalization="none").discriminator),
        strict=True,
    ):
        assert torch.equal(layer.parametrizations.weight.original, other.weight)


@networks
@methods
def test_its_start_is_a_function_of_the_seed_and_it_survives_copies_and_files(
    name: str, method: str | None
) -> None:
    first, again, other = (build(name, method, seed) for seed in (0, 0, 1))
    states = [pair.discriminator.state_dict() for pair in (first, again, other)]
    vectors = [key for key in states[0] if key.endswith(("_u", "_v"))]
    assert len(vectors) == 2 * len(weighted(first.discriminator))
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert not all(torch.equal(states[0][key], states[2][key]) for key in vectors if key.endswith("_u"))

    other.discriminator.load_state_dict(load(save(states[0])))
    copied = deepcopy(first)
    expected = judge(first, images())  # moves the vectors of the first alone
    for pair in (other, copied):
        assert not torch.equal(pair.discriminator.state_dict()[vectors[0]], states[0][vectors[0]])
        assert torch.equal(judge(pair, images()), expected)


def test_the_norm_is_found_in_fp32_whatever_autocast_says() -> None:
    pair, seen = build("dcgan", "projection"), []
    norms = [layer.parametrizations.weight[0] for layer in weighted(pair.discriminator)]
    for norm in norms:
        norm.parametrization.register_forward_hook(
            lambda module, arguments, weight: seen.append((torch.is_autocast_enabled("cpu"), weight.dtype))
        )
    with torch.autocast("cpu", torch.bfloat16):
        scores = judge(pair, images())
        assert torch.is_autocast_enabled("cpu")
    assert seen == [(False, torch.float32)] * len(norms)
    scores.float().sum().backward()
    exact = judge(build("dcgan", "projection"), images())
    torch.testing.assert_close(scores.float(), exact, rtol=0.05, atol=0.05)


@networks
def test_one_pass_judges_both_halves_by_the_same_weights(name: str) -> None:
    pair, x = build(name), images()
    assert pair.rowwise
    real, fake = pair.discriminator(torch.cat((x, x))).split(len(x))
    torch.testing.assert_close(real, fake)
    judged = pair.discriminator.eval()
    torch.testing.assert_close(judged(torch.cat((x, -x))), torch.cat((judged(x), judged(-x))))


@networks
def test_only_training_moves_the_estimate(name: str) -> None:
    pair = build(name)
    before = deepcopy(pair.discriminator.state_dict())
    pair.discriminator.eval()(images())
    assert all(torch.equal(before[key], tensor) for key, tensor in pair.discriminator.state_dict().items())
    pair.discriminator.train()(images())
    moved = [
        key for key, value in pair.discriminator.state_dict().items() if not torch.equal(before[key], value)
    ]
    assert {key.rpartition(".")[2] for key in moved} == {"_u", "_v"}


@pytest.mark.parametrize("normalization", ["batch", "layer"])
@pytest.mark.parametrize("size", [None, 4])
def test_activations_are_normalised_to_mean_0_and_variance_1(normalization: str, size: int | None) -> None:
    (layer,) = norm_layers(normalization, 6, size)
    x = torch.randn(50, 6, *([size] * 2 if size else []), generator=generator(0, "test")) * 3 + 1
    groups = layer(x).movedim(0 if normalization == "layer" else 1, 0).flatten(1)
    torch.testing.assert_close(groups.mean(1), torch.zeros(len(groups)), rtol=0, atol=1e-5)
    torch.testing.assert_close(groups.var(1, correction=0), torch.ones(len(groups)), rtol=1e-3, atol=0)
    assert sum(parameter.numel() for parameter in layer.parameters()) == 2 * (
        6 * size**2 if size and normalization == "layer" else 6
    )


@pytest.mark.parametrize("normalization", ["none", "spectral"])
def test_some_leave_the_activations_alone(normalization: str) -> None:
    assert norm_layers(normalization, 6, 4) == []

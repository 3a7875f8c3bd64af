"""Layers that are told a class: class-conditional batch normalisation, and the heads of discriminators."""

import pytest
import torch
from networks.counted import normal
from torch import Tensor, nn
from torch.nn.functional import one_hot

from harness.networks import Conditioning
from harness.networks.conditional import ClassBatchNorm, ClassSequential, Head, split_latent
from harness.seeding import generator

LABELS = torch.tensor([0, 2, 1, 2, 0, 0, 2])
CLASSES, FEATURES = 3, 5
SHAPES = [(7, FEATURES), (7, FEATURES, 4, 3)]


def told() -> Tensor:
    return one_hot(LABELS, CLASSES).float()


def trained() -> ClassBatchNorm:
    """One whose gains, biases and running statistics are anywhere."""
    norm = ClassBatchNorm(FEATURES, CLASSES)
    for tensor in (norm.gain.data, norm.bias.data, norm.running_mean):
        tensor.copy_(torch.randn(tensor.shape, generator=generator(tensor.numel(), "test")))
    norm.running_var.copy_(normal(FEATURES).square() + 0.5)
    return norm


def plain(norm: ClassBatchNorm, label: int, shape: tuple[int, ...]) -> nn.BatchNorm1d | nn.BatchNorm2d:
    """The batch norm with the gains and biases of one class, and the same running statistics."""
    oracle = nn.BatchNorm1d(FEATURES) if len(shape) == 2 else nn.BatchNorm2d(FEATURES)
    state = {"weight": norm.gain[label], "bias": norm.bias[label]}
    state |= {"running_mean": norm.running_mean, "running_var": norm.running_var}
    oracle.load_state_dict(state, strict=False)
    return oracle.train(norm.training)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_row_is_normalised_over_the_batch_and_scaled_by_its_class(
    shape: tuple[int, ...], training: bool
) -> None:
    norm, x = trained().train(training), normal(*shape) * 3 + 1
    oracles = [plain(norm, label, shape) for label in range(CLASSES)]
    expected = torch.stack([oracles[label](x)[i] for i, label in enumerate(LABELS.tolist())])
    oracle = plain(norm, 0, shape)
    oracle(x)
    torch.testing.assert_close(norm(x, told()), expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(norm.running_mean, oracle.running_mean)
    torch.testing.assert_close(norm.running_var, oracle.running_var)


@pytest.mark.parametrize("shape", SHAPES)
def test_it_starts_as_plain_batch_norm(shape: tuple[int, ...]) -> None:
    norm, x = ClassBatchNorm(FEATURES, CLASSES), normal(*shape)
    oracle = nn.BatchNorm1d(FEATURES) if len(shape) == 2 else nn.BatchNorm2d(FEATURES)
    torch.testing.assert_close(norm(x, told()), oracle(x))


@pytest.mark.parametrize("shape", SHAPES)
def test_under_bf16_its_statistics_and_gradients_stay_fp32(shape: tuple[int, ...]) -> None:
    norm, x = trained(), normal(*shape)
    expected = trained()(x, told())
    with torch.autocast("cpu", torch.bfloat16):
        found = norm(x.bfloat16(), told())
    # bf16 keeps 8 bits of x, of the gain and of their product
    torch.testing.assert_close(found.float(), expected, rtol=0.02, atol=0.03)
    found.float().square().sum().backward()
    assert {tensor.dtype for tensor in norm.state_dict().values()} == {torch.float32}
    assert all(tensor.grad.dtype == torch.float32 for tensor in norm.parameters())


def test_only_the_classes_of_the_batch_learn() -> None:
    norm = trained()
    norm(normal(2, FEATURES), one_hot(torch.tensor([2, 0]), CLASSES).float()).square().sum().backward()
    for parameter in norm.parameters():
        assert parameter.grad is not None
        assert parameter.grad.abs().sum(1).bool().tolist() == [True, False, True]


def test_a_sequence_tells_the_class_to_those_that_normalise_by_it() -> None:
    first, norm, last = nn.Linear(4, FEATURES), trained(), nn.ReLU()
    x = normal(7, 4)
    expected = last(norm.eval()(first(x), told()))
    assert torch.equal(ClassSequential(first, norm, last)(x, told()), expected)


def test_the_noise_comes_before_the_class() -> None:
    noise, classes = split_latent(torch.cat((normal(7, 6), told()), 1), 6)
    assert torch.equal(noise, normal(7, 6))
    assert torch.equal(classes, told())


def test_projection_is_the_formula() -> None:
    head, features = Head(FEATURES, Conditioning(method="projection", classes=CLASSES)), normal(7, FEATURES)
    assert head.embedding is not None
    w, b, v = head.linear.weight[0], head.linear.bias[0], head.embedding.weight
    expected = [features[i] @ w + b + v[label] @ features[i] for i, label in enumerate(LABELS.tolist())]
    torch.testing.assert_close(head(features, LABELS), torch.stack(expected))


def test_auxiliary_gives_the_logit_and_one_of_each_class() -> None:
    head, features = Head(FEATURES, Conditioning(method="auxiliary", classes=CLASSES)), normal(7, FEATURES)
    assert torch.equal(head(features), head.linear(features))
    assert head(features).shape == (7, 1 + CLASSES)


def test_unconditional_is_one_logit() -> None:
    head, features = Head(FEATURES, None), normal(7, FEATURES)
    assert torch.equal(head(features), head.linear(features)[:, 0])

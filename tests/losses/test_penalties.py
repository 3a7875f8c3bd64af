"""Penalties: known values on simple discriminators, and what holds for each of the table."""

import pytest
import torch
from torch import Tensor, nn

from harness.errors import ConfigError
from harness.losses import PENALTIES
from harness.losses.consistency import shifted
from harness.losses.gradient import dragan_term, gradient_penalty_term, r1_term, r2_term
from harness.losses.loss import no_term
from harness.options import keyword_arguments

WITH_TERM = [name for name, entry in PENALTIES.items() if entry().term is not no_term]
every_term = pytest.mark.parametrize("name", WITH_TERM)


class Quadratic(nn.Module):
    """D(x) = a/2 |x|^2 + b.x: its gradient a x + b is known."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(0.7))
        self.b = nn.Parameter(torch.tensor([0.3, -0.2, 0.5, 0.1]))

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        return 0.5 * self.a * x.square().sum(1) + x @ self.b

    def slope(self, x: Tensor) -> Tensor:
        return self.a * x.flatten(1) + self.b


def smooth() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 1), nn.Flatten(0))


def gradients(term: Tensor, network: nn.Module) -> list[Tensor]:
    found = torch.autograd.grad(term, list(network.parameters()), allow_unused=True)
    return [
        torch.zeros_like(parameter) if gradient is None else gradient
        for gradient, parameter in zip(found, network.parameters(), strict=True)
    ]


def test_only_clipping_has_no_term() -> None:
    assert set(PENALTIES) - set(WITH_TERM) == {"weight_clipping"}


def test_r1_and_r2_of_a_known_gradient() -> None:
    network, (real, fake) = Quadratic(), torch.randn(2, 64, 1, 2, 2)
    for term, images in ((r1_term, real), (r2_term, fake)):
        expected = 0.5 * network.slope(images).square().sum(1).mean()
        torch.testing.assert_close(term(network, real, fake), expected)


def test_gradient_penalty_of_known_gradients() -> None:
    network, x = Quadratic(), torch.randn(64, 1, 2, 2)
    # Between equal images there is only one point, so the random position does not matter.
    norm = network.slope(x).norm(dim=1)
    torch.testing.assert_close(gradient_penalty_term(network, x, x), (norm - 1).square().mean())


def test_dragan_of_known_gradients() -> None:
    network, x = Quadratic(), torch.randn(64, 1, 2, 2)
    torch.manual_seed(5)
    found = dragan_term(network, x, x)
    torch.manual_seed(5)
    around = x + 0.5 * x.std(correction=0) * torch.rand_like(x)
    torch.testing.assert_close(found, (network.slope(around).norm(dim=1) - 1).square().mean())
    linear = nn.Sequential(nn.Flatten(), nn.Linear(4, 1), nn.Flatten(0))
    slope = linear[1].weight.norm()
    torch.testing.assert_close(dragan_term(linear, x, x), (slope - 1).square())


def test_consistency_of_a_ramp_is_the_size_of_its_slope() -> None:
    """D reads one pixel of a ramp of slope 1, and so changes by the shift: -1, 0 or 1 along the columns."""
    ramp = torch.arange(9.0).expand(3000, 1, 5, 9)
    torch.manual_seed(0)
    found = PENALTIES["consistency"](weight=1.0, shift=1).term(lambda x: x[:, 0, 2, 4], ramp, ramp)
    assert found.item() == pytest.approx(2 / 3, abs=0.03)


def test_consistency_of_a_discriminator_that_does_not_mind_is_0() -> None:
    torch.manual_seed(0)
    images = torch.randn(8, 1, 5, 5)
    mirror = PENALTIES["consistency"](shift=0, flip=True)
    assert mirror.term(lambda x: x.mean((1, 2, 3)), images, images).item() == pytest.approx(0, abs=1e-10)
    assert mirror.term(lambda x: x[:, 0, 0, 0], images, images) > 0.1
    assert mirror.images_only


def test_shifts_are_all_the_windows_of_the_reflected_image() -> None:
    torch.manual_seed(0)
    image = torch.arange(30.0).view(1, 2, 3, 5)
    padded = nn.functional.pad(image, (2, 2, 2, 2), mode="reflect")[0]
    windows = {tuple(padded[:, i : i + 3, j : j + 5].flatten().tolist()) for i in range(5) for j in range(5)}
    found = shifted(image.repeat(1000, 1, 1, 1), 2)
    assert found.shape == (1000, 2, 3, 5)
    assert {tuple(one.flatten().tolist()) for one in found} == windows


def test_consistency_with_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="without shift or flip"):
        PENALTIES["consistency"](shift=0)


@every_term
def test_gradients_match_finite_differences(name: str) -> None:
    network = smooth().double()
    real, fake = torch.randn(2, 6, 1, 2, 2, dtype=torch.float64)

    def term() -> Tensor:
        torch.manual_seed(1)  # the same draw at every call
        return PENALTIES[name]().term(network, real, fake)

    for parameter, slope in zip(network.parameters(), gradients(term(), network), strict=True):
        flat, slopes = parameter.data.view(-1), slope.view(-1)
        for i in range(0, len(flat), 3):
            kept = flat[i].item()
            ends = []
            for step in (1e-6, -1e-6):
                flat[i] = kept + step
                ends.append(term().item())
            flat[i] = kept
            assert slopes[i].item() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", ["r1", "r2", "gradient_penalty"])
def test_gradients_match_a_plain_recomputation(name: str) -> None:
    """By the Jacobian of a function of one image, without any of the package's code."""
    network = smooth()
    real, fake = torch.randn(2, 6, 1, 2, 2)
    torch.manual_seed(1)
    found = gradients(PENALTIES[name](weight=3.0).term(network, real, fake), network)
    torch.manual_seed(1)
    position = torch.rand(6, 1, 1, 1)
    points = {"r1": real, "r2": fake, "gradient_penalty": (1 - position) * real + position * fake}[name]
    total = torch.zeros(())
    for point in points:
        slope = torch.autograd.functional.jacobian(
            lambda x: network(x[None])[0], point, create_graph=True
        ).norm()
        total = total + ((slope - 1) ** 2 if name == "gradient_penalty" else slope**2 / 2)
    for mine, plain in zip(found, gradients(3.0 * total / len(points), network), strict=True):
        torch.testing.assert_close(mine, plain, rtol=1e-4, atol=1e-6)


@every_term
def test_single_precision_inside_autocast(name: str) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 64), nn.SiLU(), nn.Linear(64, 1), nn.Flatten(0))
    real, fake = torch.randn(2, 16, 1, 2, 2).bfloat16()
    term = PENALTIES[name]().term
    torch.manual_seed(1)
    exact = term(network, real.float(), fake.float())
    torch.manual_seed(1)
    with torch.autocast("cpu", torch.bfloat16):
        found = term(network, real, fake)
    assert found.dtype == torch.float32
    assert found.item() == exact.item()


@every_term
def test_the_mean_gradient_of_lazy_penalties_is_that_of_eager_ones(name: str) -> None:
    network, k = smooth(), 4
    real, fake = torch.randn(2, 6, 1, 2, 2)
    entry = PENALTIES[name]

    def mean_gradient(every: int) -> list[Tensor]:
        penalty = entry(**keyword_arguments(entry, {"every": every}))
        assert penalty.every == every
        total = torch.zeros(())
        for update in range(k):
            torch.manual_seed(1)
            if update % penalty.every == 0:
                total = total + penalty.every * penalty.term(network, real, fake)
        return gradients(total / k, network)

    for lazy, eager in zip(mean_gradient(k), mean_gradient(1), strict=True):
        torch.testing.assert_close(lazy, eager)


@every_term
def test_the_weight_scales_the_term(name: str) -> None:
    network, (real, fake) = smooth(), torch.randn(2, 6, 1, 2, 2)
    entry = PENALTIES[name]

    def term(weight: int) -> Tensor:
        torch.manual_seed(1)
        return entry(**keyword_arguments(entry, {"weight": weight})).term(network, real, fake)

    torch.testing.assert_close(term(10), 10 * term(1))


@every_term
def test_a_judge_that_knows_the_classes_of_one_batch_is_enough(name: str) -> None:
    network, (real, fake) = smooth(), torch.randn(2, 6, 1, 2, 2)
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    embedding = nn.Embedding(3, 4)

    def judge(images: Tensor) -> Tensor:
        return network(images) + (embedding(labels) * images.flatten(1)).sum(1)

    PENALTIES[name]().term(judge, real, fake).backward()
    assert embedding.weight.grad is not None
    assert embedding.weight.grad.abs().sum() > 0


def test_weight_clipping_clamps_in_place() -> None:
    network = nn.Linear(50, 50)
    PENALTIES["weight_clipping"](bound=0.02).project(network)
    assert all(parameter.abs().max() <= 0.02 for parameter in network.parameters())

"""Losses and penalties against their papers' formulas and optima."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from harness.losses import LOSSES, PENALTIES, value
from harness.losses.penalties import gradient_penalty_term, r1_term
from harness.options import keyword_arguments

logits = st.lists(st.floats(-20, 20), min_size=4, max_size=4).map(
    lambda x: torch.tensor(x, dtype=torch.float64)
)


def test_value_at_known_discriminators() -> None:
    zero = torch.zeros(8, dtype=torch.float64)
    assert value(zero, zero).item() == pytest.approx(-math.log(4), abs=1e-12)
    real, fake = torch.tensor([math.log(9.0)]).double(), torch.tensor([math.log(0.25)]).double()
    assert value(real, fake).item() == pytest.approx(-0.328504066972, abs=1e-7)


@given(logits, logits)
def test_minimax_players_share_one_value(real: Tensor, fake: Tensor) -> None:
    loss = LOSSES["minimax"]()
    probability = real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean()
    assert loss.discriminator(real, fake).item() == pytest.approx(-probability.item(), rel=1e-6)
    # Up to the part that G cannot change, the generator minimises exactly what D maximises.
    assert loss.generator(fake).item() == pytest.approx(
        value(real, fake).item() - value(real, fake * 0 - 800).item()
    )


@given(logits)
def test_non_saturating_keeps_its_gradient_where_minimax_loses_it(fake: Tensor) -> None:
    def slope(name: str, at: Tensor) -> Tensor:
        at = at.clone().requires_grad_()
        LOSSES[name]().generator(at).backward()
        assert at.grad is not None
        return at.grad * len(at)

    torch.testing.assert_close(slope("minimax", fake), -fake.sigmoid(), rtol=1e-6, atol=1e-12)
    torch.testing.assert_close(slope("non_saturating", fake), fake.sigmoid() - 1, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
def test_logits_far_out_stay_finite(name: str) -> None:
    far = torch.tensor([1e4, -1e4])
    loss = LOSSES[name]()
    assert torch.isfinite(loss.discriminator(-far, far))
    assert torch.isfinite(loss.generator(far))


@given(logits, logits)
def test_formulas(real: Tensor, fake: Tensor) -> None:
    least, critic, hinge = (LOSSES[name]() for name in ("least_squares", "wasserstein", "hinge"))
    expected = 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()
    torch.testing.assert_close(least.discriminator(real, fake), expected)
    torch.testing.assert_close(least.generator(fake), 0.5 * ((fake - 1) ** 2).mean())
    torch.testing.assert_close(critic.discriminator(real, fake), fake.mean() - real.mean())
    torch.testing.assert_close(critic.generator(fake), -fake.mean())
    expected = (1 - real).clamp(min=0).mean() + (1 + fake).clamp(min=0).mean()
    torch.testing.assert_close(hinge.discriminator(real, fake), expected)
    torch.testing.assert_close(hinge.generator(fake), -fake.mean())


@pytest.mark.parametrize(
    ("name", "best"),
    [
        # At one point x with densities p and q, each discriminator's optimum is known in closed form.
        ("minimax", lambda p, q: math.log(p / q)),
        ("non_saturating", lambda p, q: math.log(p / q)),
        ("least_squares", lambda p, q: p / (p + q)),
        ("hinge", lambda p, q: 1.0 if p > q else -1.0),
    ],
)
@pytest.mark.parametrize(("p", "q"), [(0.8, 0.2), (0.3, 0.6)])
def test_optimal_discriminator(name: str, best: object, p: float, q: float) -> None:
    loss = LOSSES[name]()
    output = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    descent = torch.optim.Adam([output], 0.02)
    # The loss of D is a real part plus a generated part: weigh each by its density.
    far = torch.full((1,), -1e9 if name == "hinge" else 0.0, dtype=torch.float64)
    for _ in range(3000):
        real_part = loss.discriminator(output, far)
        fake_part = loss.discriminator(-far, output)
        descent.zero_grad()
        (p * real_part + q * fake_part).backward()
        descent.step()
    assert output.item() == pytest.approx(best(p, q), abs=0.03)  # type: ignore[operator]


class Quadratic(nn.Module):
    """D(x) = a/2 |x|^2 + b.x: its gradient a x + b is known."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(0.7, dtype=torch.float32))
        self.b = nn.Parameter(torch.tensor([0.3, -0.2, 0.5, 0.1]))

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        return 0.5 * self.a * x.square().sum(1) + x @ self.b


def test_r1_of_a_known_gradient() -> None:
    network, real = Quadratic(), torch.randn(64, 1, 2, 2)
    expected = 0.5 * (network.a * real.flatten(1) + network.b).square().sum(1).mean()
    torch.testing.assert_close(r1_term(network, real), expected)


def test_gradient_penalty_of_known_gradients() -> None:
    network = Quadratic()
    x = torch.randn(64, 1, 2, 2)
    # Between equal images there is only one point, so the random position does not matter.
    norm = (network.a * x.flatten(1) + network.b).norm(dim=1)
    torch.testing.assert_close(gradient_penalty_term(network, x, x), (norm - 1).square().mean())


@pytest.mark.parametrize("name", ["r1", "gradient_penalty"])
def test_penalty_gradients_match_finite_differences(name: str) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 1), nn.Flatten(0)).double()
    real, fake = torch.randn(2, 6, 1, 2, 2, dtype=torch.float64)

    def term() -> Tensor:
        torch.manual_seed(1)  # the same positions between real and fake at every call
        return PENALTIES[name]().term(network, real, fake)

    term().backward()
    for parameter in network.parameters():
        if parameter.grad is None:
            continue
        flat, slopes = parameter.data.view(-1), parameter.grad.view(-1)
        for i in range(0, len(flat), 3):
            kept = flat[i].item()
            ends = []
            for step in (1e-6, -1e-6):
                flat[i] = kept + step
                ends.append(term().item())
            flat[i] = kept
            assert slopes[i].item() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-7)


def test_penalties_are_single_precision_inside_autocast() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 64), nn.SiLU(), nn.Linear(64, 1), nn.Flatten(0))
    real = torch.randn(16, 1, 2, 2)
    exact = r1_term(network, real)
    with torch.autocast("cpu", torch.bfloat16):
        assert r1_term(network, real).item() == exact.item()


def test_weight_clipping_clamps_in_place() -> None:
    network = nn.Linear(50, 50)
    PENALTIES["weight_clipping"](bound=0.02).project(network)
    assert all(parameter.abs().max() <= 0.02 for parameter in network.parameters())


def test_a_penalty_weight_scales_the_term() -> None:
    network, real = Quadratic(), torch.randn(8, 1, 2, 2)
    entry = PENALTIES["r1"]
    small = entry(**keyword_arguments(entry, {"weight": 1})).term(network, real, real)
    large = entry(**keyword_arguments(entry, {"weight": 10})).term(network, real, real)
    torch.testing.assert_close(large, 10 * small)

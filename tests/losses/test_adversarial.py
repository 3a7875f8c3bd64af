"""Losses of D against G, against their papers' formulas and optima."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from harness.losses import LOSSES, Loss, value

logits = st.lists(st.floats(-20, 20), min_size=4, max_size=4).map(
    lambda x: torch.tensor(x, dtype=torch.float64)
)
density = st.floats(0.05, 1.0)


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
    assert loss.generator(real, fake).item() == pytest.approx(
        value(real, fake).item() - value(real, fake * 0 - 800).item()
    )


@given(logits)
def test_non_saturating_keeps_its_gradient_where_minimax_loses_it(fake: Tensor) -> None:
    def slope(name: str, at: Tensor) -> Tensor:
        at = at.clone().requires_grad_()
        LOSSES[name]().generator(at.detach(), at).backward()
        assert at.grad is not None
        return at.grad * len(at)

    torch.testing.assert_close(slope("minimax", fake), -fake.sigmoid(), rtol=1e-6, atol=1e-12)
    torch.testing.assert_close(slope("non_saturating", fake), fake.sigmoid() - 1, rtol=1e-6, atol=1e-9)


@given(logits, logits)
def test_formulas(real: Tensor, fake: Tensor) -> None:
    least, critic, hinge = (LOSSES[name]() for name in ("least_squares", "wasserstein", "hinge"))
    expected = 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()
    torch.testing.assert_close(least.discriminator(real, fake), expected)
    torch.testing.assert_close(least.generator(real, fake), 0.5 * ((fake - 1) ** 2).mean())
    torch.testing.assert_close(critic.discriminator(real, fake), fake.mean() - real.mean())
    torch.testing.assert_close(critic.generator(real, fake), -fake.mean())
    expected = (1 - real).clamp(min=0).mean() + (1 + fake).clamp(min=0).mean()
    torch.testing.assert_close(hinge.discriminator(real, fake), expected)
    torch.testing.assert_close(hinge.generator(real, fake), -fake.mean())


def at_one_point(loss: Loss, p: float, q: float, logit: Tensor) -> Tensor:
    """What D minimises at one point of densities p and q, up to a constant."""
    still = torch.zeros_like(logit)
    return p * loss.discriminator(logit, still) + q * loss.discriminator(still, logit)


def best_logit(p: float, q: float) -> float:
    return math.log(p / q)


BEST: dict[str, Callable[[float, float], float]] = {
    "least_squares": lambda p, q: p / (p + q),
    "hinge": lambda p, q: 1.0 if p > q else -1.0,
    "f_kl": lambda p, q: 1 + math.log(p / q),
    "f_pearson": lambda p, q: 2 * (p / q - 1),
    "f_hellinger": lambda p, q: 0.5 * math.log(p / q),
    **{name: best_logit for name, loss in LOSSES.items() if loss().probabilistic},
}


def test_the_best_logit_is_known_but_for_critics() -> None:
    assert LOSSES.keys() - BEST.keys() == {"wasserstein", "relativistic_paired", "relativistic_average"}


@pytest.mark.parametrize("name", list(BEST))
@given(p=density, q=density, other=st.floats(-8, 8))
def test_no_logit_is_better_than_the_one_of_theory(name: str, p: float, q: float, other: float) -> None:
    loss, best = LOSSES[name](), BEST[name](p, q)
    logit, rival = (torch.tensor([v], dtype=torch.float64) for v in (best, other))
    least, found = at_one_point(loss, p, q, logit), at_one_point(loss, p, q, rival)
    assert least <= found + 1e-9 * (1 + found.abs())


@pytest.mark.parametrize("name", [name for name in BEST if name != "hinge"])
@given(p=density, q=density)
def test_the_discriminator_is_at_rest_at_the_logit_of_theory(name: str, p: float, q: float) -> None:
    logit = torch.tensor([BEST[name](p, q)], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(at_one_point(LOSSES[name](), p, q, logit), logit)
    assert abs(slope.item()) < 1e-9


@pytest.mark.parametrize(
    "name", [name for name in LOSSES if name not in {"f_kl", "f_reverse_kl", "f_hellinger"}]
)
def test_logits_far_out_stay_finite(name: str) -> None:
    loss = LOSSES[name]()
    real, fake = (torch.tensor(x, requires_grad=True) for x in ([1e4, -1e4], [-1e4, 1e4]))
    for objective in (loss.discriminator, loss.generator):
        found = objective(real, fake)
        slopes = torch.autograd.grad(found, (real, fake), allow_unused=True)
        assert found.isfinite()
        assert all(slope.isfinite().all() for slope in slopes if slope is not None)


@pytest.mark.parametrize("name", list(LOSSES))
@given(real=logits, fake=logits)
def test_only_relativistic_generators_read_real_logits(name: str, real: Tensor, fake: Tensor) -> None:
    loss = LOSSES[name]()
    assert loss.relativistic == bool(loss.generator(real, fake) != loss.generator(real - 1, fake))

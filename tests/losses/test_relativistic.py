"""Relativistic losses: their symmetries, and the critics they are content with."""

import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from harness.losses import LOSSES

RELATIVISTIC = [name for name, loss in LOSSES.items() if loss().relativistic]
scores = st.lists(st.floats(-20, 20), min_size=4, max_size=4).map(
    lambda x: torch.tensor(x, dtype=torch.float64)
)
share = st.floats(0.05, 0.95)


def test_there_are_two() -> None:
    assert RELATIVISTIC == ["relativistic_paired", "relativistic_average"]


@given(scores, scores)
def test_formulas(real: Tensor, fake: Tensor) -> None:
    paired, average = (LOSSES[name]() for name in RELATIVISTIC)
    expected = -(real - fake).sigmoid().log().mean()
    torch.testing.assert_close(paired.discriminator(real, fake), expected)
    ahead, behind = (real - fake.mean()).sigmoid(), (fake - real.mean()).sigmoid()
    expected = -ahead.log().mean() - torch.log1p(-behind).mean()
    assume(expected.isfinite() and behind.max() < 1 - 1e-9)
    torch.testing.assert_close(average.discriminator(real, fake), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", RELATIVISTIC)
@given(real=scores, fake=scores, constant=st.floats(-50, 50))
def test_a_constant_in_all_logits_changes_nothing(
    name: str, real: Tensor, fake: Tensor, constant: float
) -> None:
    loss = LOSSES[name]()
    for objective in (loss.discriminator, loss.generator):
        torch.testing.assert_close(objective(real + constant, fake + constant), objective(real, fake))


@pytest.mark.parametrize("name", RELATIVISTIC)
@given(real=scores, fake=scores)
def test_swapping_the_batches_swaps_the_players(name: str, real: Tensor, fake: Tensor) -> None:
    loss = LOSSES[name]()
    assert loss.generator(real, fake) == loss.discriminator(fake, real)


@given(scores, scores)
def test_paired_slopes_of_the_two_sides_are_opposite(real: Tensor, fake: Tensor) -> None:
    real, fake = real.requires_grad_(), fake.requires_grad_()
    of_real, of_fake = torch.autograd.grad(
        LOSSES["relativistic_paired"]().discriminator(real, fake), (real, fake)
    )
    torch.testing.assert_close(of_real, -of_fake)


def pairs(critic: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of all pairs of atoms, as if both sides were uniform on them."""
    return critic.repeat_interleave(len(critic)), critic.repeat(len(critic))


@pytest.mark.parametrize(
    ("name", "least"), [("relativistic_paired", math.log(2)), ("relativistic_average", math.log(4))]
)
@given(critic=scores)
def test_between_equal_distributions_only_a_constant_critic_is_best(
    name: str, least: float, critic: Tensor
) -> None:
    loss = LOSSES[name]()
    found = loss.discriminator(*pairs(critic)).item()
    assert loss.discriminator(*pairs(critic * 0)).item() == pytest.approx(least, abs=1e-12)
    spread = float(critic.max() - critic.min())
    assert found >= least - 1e-12
    assert found > least or spread < 1e-6


@given(p=share, q=share, other=st.floats(-10, 10))
def test_the_best_paired_critic_of_two_atoms(p: float, q: float, other: float) -> None:
    """P(a) = p, Q(a) = q: the best C(a) - C(b) is logit p - logit q."""

    def objective(difference: float) -> float:
        real = torch.tensor([difference, 0.0], dtype=torch.float64)
        loss = LOSSES["relativistic_paired"]().discriminator
        ahead, behind = (loss(real[i : i + 1], real[j : j + 1]).item() for i, j in ((0, 1), (1, 0)))
        return p * (1 - q) * ahead + (1 - p) * q * behind

    best = math.log(p / (1 - p)) - math.log(q / (1 - q))
    assert objective(best) <= objective(other) + 1e-12

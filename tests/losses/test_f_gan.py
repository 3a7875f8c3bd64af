"""f-GAN: the bound is tight at the logit of theory and nowhere else, for Gaussians of known divergences."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from harness.divergences import grid, quadrature
from harness.losses import LOSSES, value
from harness.losses.f_gan import (
    GAN,
    HELLINGER,
    JENSEN_SHANNON,
    KL,
    PEARSON,
    REVERSE_KL,
    FDivergence,
)

DIVERGENCES = {
    "f_kl": KL,
    "f_reverse_kl": REVERSE_KL,
    "f_pearson": PEARSON,
    "f_hellinger": HELLINGER,
    "f_jensen_shannon": JENSEN_SHANNON,
    "f_gan": GAN,
}
LINE = grid([-20, 20])
X, WEIGHTS = torch.from_numpy(LINE.points[:, 0].copy()), torch.from_numpy(LINE.weights.copy())
OFFSET = 0.7
"""Of the mean of q from that of p, both of standard deviation 1."""


def log_normal(x: Tensor, mu: float | Tensor) -> Tensor:
    return -0.5 * (x - mu) ** 2 - 0.5 * math.log(math.tau)


def jsd(mu: float) -> float:
    def density(at: float) -> Callable[[np.ndarray], np.ndarray]:
        return lambda points: log_normal(torch.from_numpy(points[:, 0]), at).numpy()

    return quadrature.js_divergence(density(0.0), density(mu), LINE)


EXACT: dict[str, Callable[[float], float]] = {
    "f_kl": lambda mu: mu**2 / 2,
    "f_reverse_kl": lambda mu: mu**2 / 2,
    "f_pearson": lambda mu: math.exp(mu**2) - 1,
    "f_hellinger": lambda mu: 2 - 2 * math.exp(-(mu**2) / 8),
    "f_jensen_shannon": lambda mu: 2 * jsd(mu),
    "f_gan": lambda mu: 2 * jsd(mu) - math.log(4),
}
BEST: dict[str, Callable[[Tensor], Tensor]] = {
    # f'(u) through the inverse of the activation, of log u = log p/q.
    "f_kl": lambda log_u: log_u + 1,
    "f_reverse_kl": lambda log_u: log_u,
    "f_pearson": lambda log_u: 2 * torch.expm1(log_u),
    "f_hellinger": lambda log_u: log_u / 2,
    "f_jensen_shannon": lambda log_u: log_u,
    "f_gan": lambda log_u: log_u,
}
CONJUGATES: dict[str, Callable[[Tensor], Tensor]] = {
    "f_kl": lambda t: torch.exp(t - 1),
    "f_reverse_kl": lambda t: -1 - torch.log(-t),
    "f_pearson": lambda t: t**2 / 4 + t,
    "f_hellinger": lambda t: t / (1 - t),
    "f_jensen_shannon": lambda t: -torch.log(2 - torch.exp(t)),
    "f_gan": lambda t: -torch.log(1 - torch.exp(t)),
}
every_divergence = pytest.mark.parametrize("name", list(DIVERGENCES))


def integral(density: Tensor, values: Tensor) -> Tensor:
    return (WEIGHTS * density * values).sum()


def bound(divergence: FDivergence, logit: Tensor, mu: float | Tensor) -> Tensor:
    p, q = log_normal(X, 0.0).exp(), log_normal(X, mu).exp()
    return integral(p, divergence.activation(logit)) - integral(q, divergence.conjugate(logit))


def best(name: str, mu: float) -> Tensor:
    return BEST[name](log_normal(X, 0.0) - log_normal(X, mu))


def test_these_are_all() -> None:
    assert {name for name in LOSSES if name.startswith("f_")} == DIVERGENCES.keys()


@every_divergence
def test_the_conjugate_is_that_of_table_6(name: str) -> None:
    v = torch.linspace(-5, 5, 101, dtype=torch.float64)
    t = DIVERGENCES[name].activation(v)
    torch.testing.assert_close(DIVERGENCES[name].conjugate(v), CONJUGATES[name](t), rtol=1e-9, atol=1e-9)


@every_divergence
@pytest.mark.parametrize("mu", [0.0, 0.3, OFFSET, 1.5])
def test_at_the_best_logit_the_bound_is_the_divergence(name: str, mu: float) -> None:
    assert bound(DIVERGENCES[name], best(name, mu), mu).item() == pytest.approx(EXACT[name](mu), abs=1e-9)


@every_divergence
@settings(max_examples=30)
@given(size=st.floats(-1, 1), frequency=st.floats(0, 3), phase=st.floats(0, 3))
def test_any_other_logit_gives_less(name: str, size: float, frequency: float, phase: float) -> None:
    other = best(name, OFFSET) + size * torch.cos(frequency * X + phase)
    assert bound(DIVERGENCES[name], other, OFFSET).item() <= EXACT[name](OFFSET) + 1e-9
    if abs(size) > 0.1:
        assert bound(DIVERGENCES[name], best(name, OFFSET) + size, OFFSET).item() < EXACT[name](OFFSET) - 1e-4


@every_divergence
def test_losses_are_the_bound_of_a_batch(name: str) -> None:
    real, fake = torch.linspace(-2, 3, 6).double(), torch.linspace(-4, 1, 6).double()
    divergence = DIVERGENCES[name]
    loss, alternative = LOSSES[name](), LOSSES[name](generator="alternative")
    expected = divergence.activation(real).mean() - divergence.conjugate(fake).mean()
    torch.testing.assert_close(loss.discriminator(real, fake), -expected)
    torch.testing.assert_close(alternative.discriminator(real, fake), -expected)
    torch.testing.assert_close(loss.generator(real, fake), -divergence.conjugate(fake).mean())
    torch.testing.assert_close(alternative.generator(real, fake), -divergence.activation(fake).mean())


def generator_slope(name: str, generator: Literal["divergence", "alternative"]) -> float:
    """d/dmu of what G minimises against the discriminator that is best at OFFSET."""
    loss, logit = LOSSES[name](generator=generator), best(name, OFFSET)
    mu = torch.tensor(OFFSET, dtype=torch.float64, requires_grad=True)
    at_each_point = torch.stack([loss.generator(v[None], v[None]) for v in logit])
    integral(log_normal(X, mu).exp(), at_each_point).backward()
    assert mu.grad is not None
    return mu.grad.item()


@every_divergence
def test_the_generator_goes_down_the_divergence(name: str) -> None:
    step = 1e-4
    expected = (EXACT[name](OFFSET + step) - EXACT[name](OFFSET - step)) / (2 * step)
    assert generator_slope(name, "divergence") == pytest.approx(expected, abs=1e-6)


def test_the_alternative_of_kl_goes_down_kl_the_other_way() -> None:
    """The width of q is moved, since KL is the same both ways between Gaussians of one width."""
    mu, sigma = 0.0, torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    log_p = log_normal(X, mu)
    log_q = log_normal(X / sigma.detach(), mu) - sigma.detach().log()
    logit = BEST["f_kl"](log_p - log_q)
    slopes = {}
    for objective, values in {"divergence": KL.conjugate(logit), "alternative": KL.activation(logit)}.items():
        moving = (log_normal(X / sigma, mu) - sigma.log()).exp()
        (slope,) = torch.autograd.grad(integral(moving, -values), sigma)
        slopes[objective] = slope.item()
    # KL(p||q) = log s + 1/(2 s^2) - 1/2 and KL(q||p) = s^2/2 - log s - 1/2
    assert slopes["divergence"] == pytest.approx(1 / 1.5 - 1 / 1.5**3, abs=1e-7)
    assert slopes["alternative"] == pytest.approx(1.5 - 1 / 1.5, abs=1e-7)


def test_the_gan_divergence_is_the_original_game() -> None:
    real, fake = torch.linspace(-3, 3, 7).double(), torch.linspace(-5, 2, 7).double()
    torch.testing.assert_close(GAN.bound(real, fake), value(real, fake))
    for generator, name in (("divergence", "minimax"), ("alternative", "non_saturating")):
        found, known = LOSSES["f_gan"](generator=generator), LOSSES[name]()
        torch.testing.assert_close(found.generator(real, fake), known.generator(real, fake))
    torch.testing.assert_close(JENSEN_SHANNON.bound(real, fake), GAN.bound(real, fake) + math.log(4))


@every_divergence
def test_logits_of_80_are_finite_in_single_precision(name: str) -> None:
    for generator in ("divergence", "alternative"):
        loss = LOSSES[name](generator=generator)
        for sign in (-1.0, 1.0):
            far = torch.full((4,), sign * 80.0, requires_grad=True)
            for found in (loss.discriminator(far, -far), loss.generator(far, far)):
                (slope,) = torch.autograd.grad(found, far)
                assert found.isfinite()
                assert slope.isfinite().all()

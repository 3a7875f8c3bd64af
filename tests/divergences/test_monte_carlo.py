"""Monte Carlo against quadrature and closed forms, within its own standard errors."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from divergences.densities import RING, Array, mixture, normal
from harness.divergences import Estimate, grid, log_ratio, monte_carlo, quadrature
from harness.errors import HarnessError

LOG_2, LOG_4 = math.log(2), math.log(4)
LINE = grid([-40, 40], panels=64)


def assert_near(found: Estimate, truth: float) -> None:
    assert abs(found.value - truth) <= 4 * found.standard_error + 1e-12


@settings(max_examples=25)
@given(st.floats(-3, 3), st.floats(0.5, 2), st.integers(0, 2**32))
def test_agrees_with_quadrature(mu: float, sigma: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y = random.normal(size=(4000, 1)), mu + sigma * random.normal(size=(3000, 1))
    p, q = normal(0), normal(mu, sigma=sigma)
    at_x, at_y = log_ratio(p(x), q(x)), log_ratio(p(y), q(y))
    assert_near(monte_carlo.entropy(p(x)), quadrature.entropy(p, LINE))
    assert_near(monte_carlo.cross_entropy(q(x)), quadrature.cross_entropy(p, q, LINE))
    assert_near(monte_carlo.kl_divergence(at_x), quadrature.kl_divergence(p, q, LINE))
    assert_near(monte_carlo.kl_divergence(-at_y), quadrature.kl_divergence(q, p, LINE))
    assert_near(monte_carlo.js_divergence(at_x, at_y), quadrature.js_divergence(p, q, LINE))
    assert_near(monte_carlo.criterion(at_x, at_y), quadrature.criterion(p, q, LINE))
    assert_near(
        monte_carlo.value_function(x[:, 0] / 2, y[:, 0] / 2),
        quadrature.value_function(lambda z: z[:, 0] / 2, p, q, LINE),
    )


@pytest.mark.parametrize("dimension", [1, 64, 784])
def test_any_dimension(dimension: int) -> None:
    random = np.random.default_rng(dimension)
    shift = np.full(dimension, 2 / math.sqrt(dimension))
    x, y = random.normal(size=(2000, dimension)), random.normal(size=(3000, dimension)) + shift
    p, q = normal(*np.zeros(dimension)), normal(*shift)
    at_x, at_y = log_ratio(p(x), q(x)), log_ratio(p(y), q(y))
    assert_near(monte_carlo.js_divergence(at_x, at_y), 0.336830820347)
    assert_near(monte_carlo.kl_divergence(at_x), 2)
    assert_near(monte_carlo.entropy(p(x)), dimension * math.log(math.tau * math.e) / 2)


def test_ring() -> None:
    random = np.random.default_rng(0)
    x, y = (
        np.array(RING)[random.integers(modes, size=5000)] + 0.1 * random.normal(size=(5000, 2))
        for modes in (8, 6)
    )
    p, q = mixture(RING, sigma=0.1), mixture(RING[:6], sigma=0.1)
    found = monte_carlo.js_divergence(log_ratio(p(x), q(x)), log_ratio(p(y), q(y)))
    assert_near(found, 0.095602588947)


@pytest.mark.parametrize("statistic", ["jsd", "kl", "value"])
def test_the_standard_error_is_the_spread_over_draws(statistic: str) -> None:
    random = np.random.default_rng(1)
    p, q = normal(0), normal(1)

    def estimate() -> Estimate:
        x, y = random.normal(size=(400, 1)), 1 + random.normal(size=(200, 1))
        if statistic == "kl":
            return monte_carlo.kl_divergence(log_ratio(p(x), q(x)))
        function = monte_carlo.js_divergence if statistic == "jsd" else monte_carlo.value_function
        return function(log_ratio(p(x), q(x)), log_ratio(p(y), q(y)))

    found = [estimate() for _ in range(400)]
    spread = np.std([one.value for one in found], ddof=1)
    assert np.mean([one.standard_error for one in found]) == pytest.approx(spread, rel=0.12)


def test_terms_by_hand() -> None:
    at_x, at_y = np.array([0.0, 1.0, 3.0]), np.array([-2.0, 0.5])
    a = np.log(2 / (1 + np.exp(-at_x)))
    b = np.log(2 / (1 + np.exp(at_y)))
    jsd = monte_carlo.js_divergence(at_x, at_y)
    error = math.sqrt(a.var(ddof=1) / 3 + b.var(ddof=1) / 2)
    assert jsd.value == pytest.approx((a.mean() + b.mean()) / 2, rel=1e-14)
    assert jsd.standard_error == pytest.approx(error / 2, rel=1e-14)
    criterion, value = monte_carlo.criterion(at_x, at_y), monte_carlo.value_function(at_x, at_y)
    assert criterion.value == pytest.approx(2 * jsd.value - LOG_4, rel=1e-14)
    assert (value.value, value.standard_error) == (
        pytest.approx(criterion.value, rel=1e-14),
        pytest.approx(criterion.standard_error, rel=1e-14),
    )
    assert criterion.standard_error == pytest.approx(error, rel=1e-14)
    bits = monte_carlo.js_divergence(at_x, at_y, base=2)
    assert (bits.value, bits.standard_error) == (
        pytest.approx(jsd.value / LOG_2),
        pytest.approx(jsd.standard_error / LOG_2),
    )


def test_known_values_of_constant_discriminators() -> None:
    zero = np.zeros(5)
    assert monte_carlo.value_function(zero, zero) == Estimate(pytest.approx(-LOG_4), 0)
    found = monte_carlo.value_function(np.full(5, math.log(9)), np.full(5, math.log(0.25)))
    assert found.value == pytest.approx(-0.328504066972, abs=1e-10)
    assert monte_carlo.js_divergence(zero, zero).value == pytest.approx(0, abs=1e-15)


def test_logits_that_no_sigmoid_survives() -> None:
    far = np.full(3, 1e4)
    assert monte_carlo.js_divergence(far, -far) == Estimate(LOG_2, 0)
    assert monte_carlo.value_function(-far, far).value == -2e4
    assert monte_carlo.js_divergence(np.full(3, np.inf), np.full(3, -np.inf)) == Estimate(LOG_2, 0)


def test_infinite_values_have_no_standard_error() -> None:
    assert monte_carlo.kl_divergence([1.0, np.inf]) == Estimate(math.inf, math.inf)
    assert monte_carlo.cross_entropy([1.0, -np.inf], base=2) == Estimate(math.inf, math.inf)
    assert monte_carlo.value_function([0.0, -np.inf], [0.0, 0.0]) == Estimate(-math.inf, math.inf)


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: monte_carlo.entropy([0.0, -np.inf]), "log p at x: 1 of 2 samples cannot be"),
        (lambda: monte_carlo.kl_divergence([-np.inf, 0.0]), "draw x from p and y from q"),
        (lambda: monte_carlo.js_divergence([0.0, 0.0], [np.inf, 0.0]), "log ratio at y: 1 of 2 samples"),
        (lambda: monte_carlo.entropy([np.nan, 0.0]), "log p at x: 1 of 2 numbers are NaN"),
        (lambda: monte_carlo.entropy([0.0]), "2 samples or more"),
        (lambda: monte_carlo.entropy([[0.0, 1.0]]), r"not \(1, 2\)"),
        (lambda: monte_carlo.entropy([0.0, 1.0], base=1), "base must be above 1"),
    ],
)
def test_refuses(compute: Callable[[], Estimate], message: str) -> None:
    with pytest.raises(HarnessError, match=message):
        compute()


@pytest.mark.parametrize(
    ("log_p", "log_q", "ratio"),
    [
        ([0.0, 1.0], [1.0, -1.0], [-1.0, 2.0]),
        ([-np.inf, 0.0, -np.inf], [0.0, -np.inf, -np.inf], [-np.inf, np.inf, 0.0]),
    ],
)
def test_log_ratio(log_p: ArrayLike, log_q: ArrayLike, ratio: Array) -> None:
    assert log_ratio(log_p, log_q).tolist() == ratio


def test_log_ratio_refuses_unlike_shapes() -> None:
    with pytest.raises(HarnessError, match=r"log p has shape \(1,\) and log q \(2,\)"):
        log_ratio([0.0], [0.0, 1.0])

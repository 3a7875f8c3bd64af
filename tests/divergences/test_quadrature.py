"""Divergences of densities against closed forms, to 1e-10."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divergences.densities import RING, Array, mixture, normal, uniform
from harness import divergences
from harness.divergences import Grid, LogDensity, grid, log_ratio, quadrature
from harness.errors import HarnessError

LOG_2, LOG_4 = math.log(2), math.log(4)
LINE = grid([-30, 30])


def exactly(value: float) -> object:
    return pytest.approx(value, rel=0, abs=1e-10)


@pytest.mark.parametrize(
    ("mu", "jsd"),
    [
        (0.0, 0.0),
        (0.5, 0.0303113005208),
        (1.0, 0.111421482185),
        (2.0, 0.336830820347),
        (3.0, 0.526777306521),
        (4.0, 0.632720193737),
        (6.0, 0.689297933029),
        (8.0, 0.693053645483),
    ],
)
def test_shifted_gaussians(mu: float, jsd: float) -> None:
    p, q = normal(0.0), normal(mu)
    assert quadrature.js_divergence(p, q, LINE) == exactly(jsd)
    assert quadrature.js_divergence(q, p, LINE) == exactly(jsd)
    assert quadrature.criterion(p, q, LINE) == exactly(2 * jsd - LOG_4)
    assert quadrature.kl_divergence(p, q, LINE) == exactly(mu**2 / 2)
    assert quadrature.cross_entropy(p, q, LINE) == exactly((math.log(math.tau) + 1 + mu**2) / 2)


@pytest.mark.parametrize(
    ("mu", "sigma", "jsd"), [(0, 2, 0.0927333816664), (0, 0.5, 0.0927333816664), (1, 2, 0.128174973054)]
)
def test_gaussians_of_unlike_scale(mu: float, sigma: float, jsd: float) -> None:
    p, q = normal(0), normal(mu, sigma=sigma)
    assert quadrature.js_divergence(p, q, LINE) == exactly(jsd)
    forward = math.log(sigma) + (1 + mu**2) / (2 * sigma**2) - 0.5
    assert quadrature.kl_divergence(p, q, LINE) == exactly(forward)
    assert quadrature.kl_divergence(q, p, LINE) == exactly((sigma**2 + mu**2 - 1) / 2 - math.log(sigma))
    assert quadrature.entropy(q, LINE) == exactly(math.log(sigma * math.sqrt(math.tau * math.e)))


@pytest.mark.parametrize("base", [2, 10])
def test_bases(base: float) -> None:
    p, q, unit = normal(0), normal(2), math.log(base)
    assert quadrature.js_divergence(p, q, LINE, base=base) == exactly(0.336830820347 / unit)
    assert quadrature.kl_divergence(p, q, LINE, base=base) == exactly(2 / unit)
    assert quadrature.entropy(p, LINE, base=base) == exactly(math.log(math.tau * math.e) / 2 / unit)
    assert quadrature.cross_entropy(p, q, LINE, base=base) == exactly((math.log(math.tau) + 5) / 2 / unit)


@pytest.mark.parametrize("c", [0.1, 0.25, 0.5, 0.9, 1.0, 1.5, 7.0])
def test_shifted_uniforms(c: float) -> None:
    p, q = uniform(0, 1), uniform(c, 1 + c)
    edges = grid(sorted({0, c, 1, 1 + c}))
    assert quadrature.js_divergence(p, q, edges) == exactly(min(c, 1) * LOG_2)
    assert quadrature.criterion(p, q, edges) == exactly(2 * min(c, 1) * LOG_2 - LOG_4)
    assert quadrature.kl_divergence(p, q, edges) == math.inf
    assert quadrature.cross_entropy(p, q, edges) == math.inf


@pytest.mark.parametrize(
    ("width", "jsd"),
    [(0.5, 0.215761554339), (0.9, 0.0359737566501), (0.25, 0.380395665849), (0.1, 0.525597327018)],
)
def test_narrower_uniform(width: float, jsd: float) -> None:
    p, q = uniform(0, 1), uniform(0, width)
    edges = grid([0, width, 1])
    assert quadrature.js_divergence(p, q, edges) == exactly(jsd)
    assert quadrature.kl_divergence(q, p, edges) == exactly(-math.log(width))
    assert quadrature.entropy(q, edges) == exactly(math.log(width))


def test_mixtures() -> None:
    even, uneven = mixture([[-2], [2]]), mixture([[-2], [2]], [0.8, 0.2])
    assert quadrature.js_divergence(even, uneven, LINE) == exactly(0.0470129490913)
    assert quadrature.js_divergence(even, normal(-2), LINE) == exactly(0.194699635308)


@pytest.mark.parametrize("mu", [0.5, 2.0])
def test_plane_of_gaussians_knows_only_the_distance(mu: float) -> None:
    plane = grid([-9, 12], [-9, 12])
    p, q = normal(0, 0), normal(mu * 0.6, mu * 0.8)
    assert quadrature.js_divergence(p, q, plane) == exactly(
        quadrature.js_divergence(normal(0), normal(mu), LINE)
    )
    assert quadrature.kl_divergence(p, q, plane) == exactly(mu**2 / 2)
    assert quadrature.entropy(p, plane) == exactly(math.log(math.tau * math.e))


def test_rings() -> None:
    plane = grid([-3, 3], [-3, 3], panels=30)
    ring = mixture(RING, sigma=0.1)
    weighted = mixture(RING, np.arange(1, 9) / 36, sigma=0.1)
    assert quadrature.js_divergence(ring, weighted, plane) == exactly(0.0382620383569)
    assert quadrature.js_divergence(ring, mixture(RING[:6], sigma=0.1), plane) == exactly(0.095602588947)
    wider = quadrature.js_divergence(ring, mixture(RING, sigma=0.15), plane)
    assert wider == pytest.approx(0.0712, abs=5e-5)
    # Modes 15 sigma apart: the same as one mode against one.
    one = quadrature.js_divergence(normal(0, 0, sigma=2), normal(0, 0, sigma=3), grid([-24, 24], [-24, 24]))
    assert wider == exactly(one)


@settings(max_examples=30)
@given(st.floats(-3, 3), st.floats(0.4, 2.5), st.floats(-2, 2), st.floats(-2, 2))
def test_no_discriminator_beats_the_optimal_one(mu: float, sigma: float, slope: float, offset: float) -> None:
    p, q = normal(0), normal(mu, sigma=sigma)
    best = quadrature.value_function(lambda x: log_ratio(p(x), q(x)), p, q, LINE)
    assert best == exactly(quadrature.criterion(p, q, LINE))
    other = quadrature.value_function(lambda x: slope * x[:, 0] + offset, p, q, LINE)
    assert other <= best + 1e-12
    assert quadrature.value_function(lambda x: np.zeros(len(x)), p, q, LINE) == exactly(-LOG_4)


def test_a_stale_discriminator_falls_below_the_coin() -> None:
    p, q = normal(0), normal(1)
    for mu, value in ((2, -1.4240), (3, -2.4376)):
        stale = normal(mu)
        found = quadrature.value_function(lambda x, stale=stale: log_ratio(p(x), stale(x)), p, q, LINE)
        assert found == pytest.approx(value, abs=5e-5)


def test_infinite_logits() -> None:
    p, q, edges = uniform(0, 1), uniform(1, 2), grid([0, 1, 2])
    assert quadrature.value_function(lambda x: log_ratio(p(x), q(x)), p, q, edges) == 0
    assert quadrature.value_function(lambda x: np.full(len(x), np.inf), p, q, edges) == -math.inf


def test_densities_that_underflow_keep_their_divergence() -> None:
    found = quadrature.kl_divergence(normal(0), normal(0, sigma=0.01), grid([-30, -0.1, 0.1, 30]))
    assert found == pytest.approx(math.log(0.01) + 5000 - 0.5, rel=1e-12)


def test_the_discrete_functions_see_a_density_as_masses() -> None:
    coarse = np.linspace(-8, 10, 2001)
    p, q = (np.exp(density(coarse[:, None])) for density in (normal(0), normal(2)))
    assert divergences.js_divergence(p / p.sum(), q / q.sum()) == exactly(0.336830820347)


def test_grid_integrates() -> None:
    box = grid([0, 1, 3], [-1, 1], panels=2)
    assert box.points.shape == (4 * 16 * 2 * 16, 2)
    assert box.weights.sum() == exactly(6)
    assert box.weights @ (box.points[:, 0] ** 3 * box.points[:, 1] ** 2) == exactly(81 / 4 * 2 / 3)
    assert (box.weights > 0).all()


@pytest.mark.parametrize(
    ("log_density", "where", "message"),
    [
        (normal(0), grid([-3, 3]), r"p has mass 0.9973\d* on the grid, not 1; widen the bounds"),
        (uniform(0.1, 1), grid([0, 1]), "p has mass 0.9989.*name the points where it jumps as edges"),
        (normal(0, sigma=1e-4), LINE, "p has mass .* refine the panels"),
        (lambda x: np.full(len(x), np.inf), LINE, "p has mass inf"),
        (lambda x: np.full(len(x), np.nan), LINE, "log p: 512 of 512 numbers are NaN"),
        (lambda x: x, LINE, r"log p gave shape \(512, 1\) for \(512, 1\) points"),
        (lambda x: 0.0, LINE, r"log p gave shape \(\)"),
    ],
)
def test_refuses_densities(log_density: LogDensity, where: Grid, message: str) -> None:
    with pytest.raises(HarnessError, match=message):
        quadrature.entropy(log_density, where)


def test_names_the_side() -> None:
    with pytest.raises(HarnessError, match="q has mass"):
        quadrature.js_divergence(normal(0), normal(40), LINE)


@pytest.mark.parametrize("edges", [[0], [], [1, 0], [0, 0, 1], [0, math.inf], [0, math.nan], [[0, 1]]])
def test_refuses_axes(edges: Sequence[float]) -> None:
    with pytest.raises(HarnessError, match="an axis needs 2 or more finite bounds, ascending"):
        grid(edges)


def test_refuses_grids() -> None:
    with pytest.raises(HarnessError, match="1 or 2 axes, not 3; beyond that use monte_carlo"):
        grid([0, 1], [0, 1], [0, 1])
    with pytest.raises(HarnessError, match="1 or 2 axes, not 0"):
        grid()
    with pytest.raises(HarnessError, match="panels must be at least 1"):
        grid([0, 1], panels=0)


def test_functions_of_points_see_float64_rows() -> None:
    seen: list[Array] = []

    def watching(x: Array) -> Array:
        seen.append(x)
        return normal(0, 0)(x)

    quadrature.entropy(watching, grid([-8, 8], [-8, 8], panels=8))
    assert (seen[0].shape, seen[0].dtype) == ((128 * 128, 2), np.float64)

"""Closed forms of discrete entropies and divergences, and what is refused as no distribution."""

import math

import numpy as np
import pytest
import scipy.spatial.distance
import scipy.stats
from numpy.typing import ArrayLike

from harness.divergences import (
    criterion,
    cross_entropy,
    entropy,
    js_divergence,
    kl_divergence,
    optimal_discriminator,
    value_function,
)
from harness.errors import HarnessError

LOG_2, LOG_4 = math.log(2), math.log(4)
SKEWED, EVEN = (0.9, 0.1), (0.5, 0.5)


def exactly(value: float) -> object:
    return pytest.approx(value, rel=0, abs=1e-10)


def test_two_outcomes() -> None:
    assert entropy(SKEWED) == exactly(0.325082973391)
    assert entropy(EVEN) == exactly(LOG_2)
    assert cross_entropy(SKEWED, EVEN) == exactly(LOG_2)
    assert kl_divergence(SKEWED, EVEN) == exactly(0.368064207168)
    assert kl_divergence(EVEN, SKEWED) == exactly(0.510825623766)
    assert js_divergence(SKEWED, EVEN) == exactly(0.101749225079)
    assert criterion(SKEWED, EVEN) == exactly(-1.182795910960)


def test_three_outcomes() -> None:
    p, q = (0.5, 0.25, 0.25), (0.25, 0.25, 0.5)
    assert js_divergence(p, q) == exactly(0.042474759199)
    assert criterion(p, q) == exactly(-1.301344842722)
    p, q = (0.7, 0.2, 0.1), (0.1, 0.3, 0.6)
    assert kl_divergence(p, q) == pytest.approx(1.101868136, abs=1e-9)
    assert kl_divergence(q, p) == pytest.approx(1.002104199, abs=1e-9)
    assert js_divergence(p, q) == exactly(0.230645487904)


def test_zeros() -> None:
    p, q = (0.5, 0.5, 0.0), (0.0, 0.5, 0.5)
    assert kl_divergence(p, q) == kl_divergence(q, p) == cross_entropy(p, q) == math.inf
    assert js_divergence(p, q) == exactly(0.346573590280)
    assert kl_divergence((1, 0), EVEN) == exactly(LOG_2)  # q > 0 = p is no obstacle
    assert entropy((1.0, 0.0)) == 0
    assert math.copysign(1, entropy((1.0,))) == 1


@pytest.mark.parametrize(
    ("of", "kept", "jsd"),
    [
        (8, 7, 0.0454065780782),
        (8, 6, 0.095602588947),
        (8, 4, 0.215761554339),
        (8, 2, 0.380395665849),
        (8, 1, 0.496929126648),
        (10, 9, 0.0359737566501),
        (25, 24, 0.0140670394126),
        (25, 20, 0.0748817616224),
        (1000, 999, 0.000346698652816),
    ],
)
def test_uniform_over_modes_against_uniform_over_some_of_them(of: int, kept: int, jsd: float) -> None:
    a = kept / of
    p, q = np.full(of, 1 / of), np.r_[np.full(kept, 1 / kept), np.zeros(of - kept)]
    formula = (a * math.log(2 * a / (1 + a)) + (1 - a) * LOG_2 + math.log(2 / (1 + a))) / 2
    assert js_divergence(p, q) == exactly(jsd)
    assert js_divergence(p, q) == exactly(formula)
    assert kl_divergence(q, p) == exactly(math.log(of / kept))


@pytest.mark.parametrize(
    ("share", "jsd"),
    [
        (0.01, 0.00347829876974),
        (0.05, 0.0176492274646),
        (0.1, 0.0359737566501),
        (0.25, 0.095602588947),
        (0.5, 0.215761554339),
        (1, LOG_2),
    ],
)
def test_a_share_of_the_fakes_lies_elsewhere(share: float, jsd: float) -> None:
    assert js_divergence((1, 0), (1 - share, share)) == exactly(jsd)
    assert js_divergence((0.3, 0.7, 0), (0.3 * (1 - share), 0.7 * (1 - share), share)) == exactly(jsd)


def test_ring_of_eight_with_unequal_weights() -> None:
    assert js_divergence(np.full(8, 1 / 8), np.arange(1, 9) / 36) == exactly(0.0382620383569)


@pytest.mark.parametrize(
    ("base", "unit"), [(math.e, 1.0), (2, LOG_2), (10, math.log(10)), (1.5, math.log(1.5))]
)
def test_bases(base: float, unit: float) -> None:
    p, q = (0.7, 0.2, 0.1), (0.1, 0.3, 0.6)
    assert entropy(p, base=base) == exactly(entropy(p) / unit)
    assert cross_entropy(p, q, base=base) == exactly(cross_entropy(p, q) / unit)
    assert kl_divergence(p, q, base=base) == exactly(kl_divergence(p, q) / unit)
    assert js_divergence(p, q, base=base) == exactly(js_divergence(p, q) / unit)
    assert entropy(np.full(1000, 1e-3), base=10) == exactly(3)
    assert js_divergence((1, 0), (0, 1), base=2) == 1
    assert entropy(p, base=base) == exactly(scipy.stats.entropy(p, base=base))
    distance = scipy.spatial.distance.jensenshannon(p, q, base=base)
    assert js_divergence(p, q, base=base) == exactly(distance**2)


@pytest.mark.parametrize("base", [1, 0.5, 0, -2, math.nan, math.inf])
def test_refuses_bases(base: float) -> None:
    with pytest.raises(ValueError, match="base must be above 1"):
        entropy(EVEN, base=base)


def test_optimal_discriminator_and_its_value() -> None:
    p, q = np.array([0.5, 0.5, 0, 0]), np.array([0, 0.125, 0.875, 0])
    d = optimal_discriminator(p, q)
    assert d.tolist() == [1, 0.8, 0, 0.5]
    assert value_function(d, p, q) == exactly(criterion(p, q))
    assert value_function(0.5, p, q) == exactly(-LOG_4)
    assert value_function((0.9, 0.2), (1, 0), (0, 1)) == exactly(-0.328504066972)
    assert value_function((1, 0), (1, 0), (0, 1)) == criterion((1, 0), (0, 1)) == 0
    assert value_function((0, 0), (1, 0), (0, 1)) == -math.inf
    assert value_function((1, 1), (1, 0), (0, 1)) == -math.inf
    assert (optimal_discriminator(q, q) == 0.5).all()
    assert criterion(q, q) == -LOG_4


@pytest.mark.parametrize("tiny", [5e-324, 1e-308, 1e-20])
def test_the_smallest_masses_neither_overflow_nor_vanish(tiny: float) -> None:
    p, q = (1.0, tiny), (tiny, 1.0)
    assert kl_divergence(p, q) == pytest.approx(-math.log(tiny))
    assert js_divergence(p, q) == exactly(LOG_2)
    assert js_divergence((1, tiny, 0), (1, 0, tiny)) == exactly(0)
    assert optimal_discriminator(p, q)[1] == tiny


def test_histograms_of_any_shape_and_any_array_like() -> None:
    p, q = np.full((2, 3), 1 / 6), np.array([[1, 0, 0], [0, 0, 0]])
    assert js_divergence(p, q) == exactly(js_divergence(p.ravel(), q.ravel()))
    assert optimal_discriminator(p, q).shape == (2, 3)
    assert value_function(np.full((2, 3), 0.5), p, q) == exactly(-LOG_4)
    assert entropy(p[:, ::-1].T.tolist()) == exactly(math.log(6))


NOT_DISTRIBUTIONS: list[tuple[ArrayLike, str]] = [
    ((1.5, -0.5), "p has a negative mass, -0.5"),
    ((math.nan, 1.0), "p: 1 of 2 numbers are NaN"),
    ((math.inf, 0.0), "p sums to inf"),
    ((0.5, 0.5 + 2e-9), "p sums to 1.000000002, not to 1; divide it by its sum"),
    ((0.0, 0.0), "p sums to 0"),
    ((3, 7), "p sums to 10"),
    ((), "p must hold at least one mass"),
    (1.0, "p must hold at least one mass"),
    (("a", "b"), "p must be an array of real numbers"),
    ([[0.5], [0.25, 0.25]], "p must be an array of real numbers"),
]


@pytest.mark.parametrize(("p", "message"), NOT_DISTRIBUTIONS)
def test_refuses_what_is_no_distribution(p: ArrayLike, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        entropy(p)
    assert isinstance(refused.value, HarnessError)
    for function in (cross_entropy, kl_divergence, js_divergence, optimal_discriminator, criterion):
        with pytest.raises(HarnessError, match=message):
            function(p, p)
    with pytest.raises(HarnessError, match=message):
        value_function(0.5, p, p)


def test_names_the_side() -> None:
    with pytest.raises(HarnessError, match="q sums to 2"):
        kl_divergence(EVEN, (1, 1))


def test_accepts_rounding() -> None:
    assert entropy((0.5, 0.5 + 5e-10)) == pytest.approx(LOG_2)
    assert entropy(np.full(10, 0.1)) == exactly(math.log(10))


def test_refuses_unlike_shapes() -> None:
    with pytest.raises(HarnessError, match=r"p has shape \(2,\) and q \(1, 2\)"):
        js_divergence(EVEN, (EVEN,))
    with pytest.raises(HarnessError, match=r"D has shape \(3,\) and p \(2,\)"):
        value_function((0.1, 0.2, 0.3), EVEN, EVEN)


@pytest.mark.parametrize("d", [(-0.1, 0.5), (0.5, 1.1), (math.inf, 0.5)])
def test_refuses_discriminators_that_are_no_probabilities(d: ArrayLike) -> None:
    with pytest.raises(HarnessError, match=r"D must lie in \[0, 1\]"):
        value_function(d, EVEN, EVEN)


def test_refuses_a_discriminator_of_nan() -> None:
    with pytest.raises(HarnessError, match="D: 1 of 2 numbers are NaN"):
        value_function((math.nan, 0.5), EVEN, EVEN)

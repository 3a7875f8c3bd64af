"""What holds for every pair of distributions."""

import math
from typing import Any

import numpy as np
import pytest
import scipy.spatial.distance
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.divergences import (
    criterion,
    cross_entropy,
    entropy,
    js_divergence,
    kl_divergence,
    optimal_discriminator,
    value_function,
)

LOG_2, LOG_4 = math.log(2), math.log(4)
Array = NDArray[np.float64]
Pair = tuple[Array, Array]


def near(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-12)


def shares(size: int) -> st.SearchStrategy[Array]:
    """Masses of `size` outcomes, zeros among them; the others are large enough for a D* below 1."""
    masses = st.just(0.0) | st.floats(1e-6, 1.0)
    vectors = st.lists(masses, min_size=size, max_size=size).filter(any)
    return vectors.map(lambda values: np.array(values) / sum(values))


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    size = draw(st.integers(1, 12))
    return draw(shares(size)), draw(shares(size))


@given(pairs())
def test_bounds_and_symmetry(pair: Pair) -> None:
    p, q = pair
    assert kl_divergence(p, q) >= 0
    assert 0 <= js_divergence(p, q) <= LOG_2
    assert js_divergence(p, q) == near(js_divergence(q, p))
    assert -LOG_4 <= criterion(p, q) <= 0
    assert 0 <= entropy(p) <= math.log(len(p)) + 1e-12


@given(pairs())
def test_kl_is_zero_only_at_equality(pair: Pair) -> None:
    p, q = pair
    assert kl_divergence(p, p) == js_divergence(p, p) == 0
    assert kl_divergence(p, q) >= np.abs(p - q).sum() ** 2 / 2 - 1e-12  # Pinsker's inequality


@given(st.floats(0.001, 0.45))
def test_kl_is_not_symmetric(share: float) -> None:
    uneven, even = (share, 1 - share), (0.5, 0.5)
    assert kl_divergence(uneven, even) < kl_divergence(even, uneven)


@given(pairs())
def test_identities(pair: Pair) -> None:
    p, q = pair
    m = (p + q) / 2
    assert js_divergence(p, q) == near((kl_divergence(p, m) + kl_divergence(q, m)) / 2)
    assert js_divergence(p, q) == near(entropy(m) - (entropy(p) + entropy(q)) / 2)
    assert criterion(p, q) == near(2 * js_divergence(p, q) - LOG_4)
    assert criterion(p, q) == near(kl_divergence(p, m) + kl_divergence(q, m) - LOG_4)
    assert cross_entropy(p, q) == near(entropy(p) + kl_divergence(p, q))


@given(pairs(), st.data())
def test_no_discriminator_beats_the_optimal_one(pair: Pair, data: st.DataObject) -> None:
    p, q = pair
    best = optimal_discriminator(p, q)
    assert value_function(best, p, q) == near(criterion(p, q))
    other = data.draw(st.lists(st.floats(0, 1), min_size=len(p), max_size=len(p)))
    assert value_function(other, p, q) <= value_function(best, p, q) + 1e-12
    # Not even one that moves a little.
    step = data.draw(st.floats(-1e-3, 1e-3))
    moved = np.clip(best + step, 0, 1)
    assert value_function(moved, p, q) <= value_function(best, p, q) + 1e-12


@given(pairs())
def test_at_equality_the_optimal_discriminator_is_a_coin(pair: Pair) -> None:
    p, _ = pair
    assert (optimal_discriminator(p, p) == 0.5).all()
    assert criterion(p, p) == -LOG_4
    assert value_function(0.5, p, p) == near(-LOG_4)


@given(pairs(), st.integers(0, 50))
def test_disjoint_supports_give_log_2_wherever_they_lie(pair: Pair, gap: int) -> None:
    p, q = pair
    nothing, between = np.zeros(len(p)), np.zeros(gap)
    p, q = np.r_[p, between, nothing], np.r_[nothing, between, q]
    assert js_divergence(p, q) == near(LOG_2)
    assert criterion(p, q) == near(0)
    assert kl_divergence(p, q) == math.inf


@given(pairs(), st.data())
def test_merging_outcomes_never_raises_a_divergence(pair: Pair, data: st.DataObject) -> None:
    p, q = pair
    bins = data.draw(st.lists(st.integers(0, 4), min_size=len(p), max_size=len(p)))
    merged_p, merged_q = np.bincount(bins, p), np.bincount(bins, q)
    assert kl_divergence(merged_p, merged_q) <= kl_divergence(p, q) + 1e-12
    assert js_divergence(merged_p, merged_q) <= js_divergence(p, q) + 1e-12


@given(pairs(), st.randoms())
def test_the_order_of_outcomes_means_nothing(pair: Pair, random: Any) -> None:
    p, q = pair
    order = list(range(len(p)))
    random.shuffle(order)
    assert js_divergence(p[order], q[order]) == near(js_divergence(p, q))
    assert kl_divergence(p[order], q[order]) == near(kl_divergence(p, q))


@given(pairs(), st.sampled_from([math.e, 2.0, 10.0]))
def test_equals_scipy(pair: Pair, base: float) -> None:
    p, q = pair
    assert entropy(p, base=base) == near(scipy.stats.entropy(p, base=base))
    assert kl_divergence(p, q, base=base) == near(scipy.stats.entropy(p, q, base=base))
    # scipy's square root turns rounding of 1e-16 into a distance of 1e-8; m² brings it back.
    distance = scipy.spatial.distance.jensenshannon(p, q, base=base)
    assert js_divergence(p, q, base=base) == near(0 if np.isnan(distance) else distance**2)

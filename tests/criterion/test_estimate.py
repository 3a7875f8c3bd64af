"""C(G) from samples: near the exact values, above them by chance alone, deterministic, honest when blind."""

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from criterion.populations import LOG_2, RING_WIDER, SHIFTED, normal, ring, share_kept
from harness.criterion import CriterionEstimate, estimate_criterion
from harness.data.digits import digits
from harness.data.mnist import mnist
from harness.errors import MetricError

N = 2_000


@cache
def shifted(mu: float, width: int = 1, n: int = N) -> CriterionEstimate:
    """Two Gaussians `mu` apart along the diagonal: the JSD of `SHIFTED` in any dimension."""
    return estimate_criterion(normal(1, n, width), normal(2, n, width) + mu / math.sqrt(width), seed=0)


@cache
def equal(width: int) -> CriterionEstimate:
    return estimate_criterion(normal(1, N, width), normal(2, N, width), seed=0)


def standard_error(found: CriterionEstimate) -> float:
    return (found.jsd_high - found.jsd_low) / 3.92


def assert_bound(found: CriterionEstimate, jsd: float, below: float) -> None:
    """Not above the truth by more than chance, not far below it."""
    assert jsd - below <= found.jsd_raw <= jsd + 3.5 * standard_error(found) + 1e-4


@pytest.mark.parametrize("mu", SHIFTED)
def test_two_gaussians(mu: float) -> None:
    found = shifted(mu)
    assert_bound(found, SHIFTED[mu], below=3 * standard_error(found) + 0.004)
    assert found.jsd_low <= found.jsd <= found.jsd_high
    for c, j in ((found.value, found.jsd), (found.low, found.jsd_low), (found.high, found.jsd_high)):
        assert c == pytest.approx(2 * j - 2 * LOG_2, abs=1e-15)
    assert not found.saturated
    assert found.beats_chance
    assert (found.num_real, found.num_fake) == (N, N)
    assert found.seconds > 0


@pytest.mark.parametrize("modes", [7, 4, 1])
def test_ring_with_modes_missing(modes: int) -> None:
    found = estimate_criterion(ring(3, N), ring(4, N, modes), seed=0)
    assert_bound(found, share_kept(modes / 8), below=0.015)


def test_modes_that_are_too_wide_which_a_network_does_not_see() -> None:
    found = estimate_criterion(ring(3, N), ring(4, N, sigma=0.15), seed=0)
    assert_bound(found, RING_WIDER, below=0.02)
    assert found.probes["perceptron"] < 0.6 * found.probes["clusters"]


@pytest.mark.parametrize("width", [1, 64])
def test_equal_distributions(width: int) -> None:
    found = equal(width)
    assert -0.01 < found.jsd_raw < 0.004
    assert found.jsd_low == 0
    assert found.low == -2 * LOG_2
    # An interval of no width would claim to know that nothing is there; so many samples cannot.
    assert found.jsd_high >= 8.5 / N


@pytest.mark.parametrize("n", [100, N])
def test_disjoint_supports_saturate(n: int) -> None:
    found = estimate_criterion(normal(1, n, 3), normal(2, n, 3) + 50, seed=0)
    assert found.saturated
    assert 0.96 * LOG_2 <= found.jsd <= LOG_2
    assert found.value <= 0
    assert found.error_rate == 0
    # Nobody is judged wrongly: by Fano's inequality that proves more the more samples there were.
    assert found.certified > (0.85 if n == 100 else 0.98) * LOG_2
    if n == N:
        assert found.jsd >= 0.99 * LOG_2


def test_no_probe_is_above_the_truth_but_by_chance() -> None:
    """Theorem 1: V(D, G) <= C(G) for any D, so every probe's own held-out value is a bound too."""
    for mu in (0.5, 1, 2):
        found = shifted(mu)
        assert len(found.probes) >= 9
        for name, jsd in found.probes.items():
            assert jsd <= SHIFTED[mu] + 3.5 * standard_error(found) + 1e-4, name


def test_the_stack_is_hardly_worse_than_its_best_probe() -> None:
    for found in (shifted(0.5), shifted(2), shifted(1, 64)):
        assert found.jsd_raw > max(found.probes.values()) - 0.007


def test_learning_curve_reaches_nearer_to_the_truth() -> None:
    """In 64 dimensions a shift has 64 numbers to be learnt, and the bound lacks about 65 / 4n."""
    found = shifted(1, 64)
    assert found.jsd_raw < SHIFTED[1] - 0.003
    assert abs(found.extrapolated - SHIFTED[1]) < abs(found.jsd_raw - SHIFTED[1])


def test_features_bound_samples_from_below() -> None:
    """Data processing inequality: what a map forgets cannot be told apart any more."""
    real, fake = normal(1, N, 2), normal(2, N, 2) + 1
    whole = estimate_criterion(real, fake, seed=0)
    part = estimate_criterion(real[:, :1], fake[:, :1], seed=0)
    assert part.jsd_raw < whole.jsd_raw


def test_real_digits_with_a_share_of_noise() -> None:
    images = digits(Path()).train.images
    real, fake = images[:500], images[500:].clone()
    noisy = 125
    source = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 17, fake[:noisy].shape, generator=source)
    fake[:noisy] = (noise.double() * 255 / 16).round().to(torch.uint8)
    found = estimate_criterion(real, fake, seed=0)
    assert_bound(found, share_kept(1 - noisy / 500), below=0.02)


def test_mnist_against_itself_with_digits_missing(mnist_root: Path) -> None:
    """Real images whose JSD is known: 2 of 10 digits are never generated."""
    train = mnist(mnist_root).train
    real = train.images[:4000]
    kept = train.labels[4000:] >= 2
    fake = train.images[4000:][kept][:4000]
    share = float((train.labels[:4000] >= 2).double().mean())
    found = estimate_criterion(real, fake, seed=0)
    assert_bound(found, share_kept(share), below=0.025)
    assert found.probes["convolutional"] > found.probes["discriminant"]


def digits_like(seed: int, n: int, bright: float) -> np.ndarray:
    """uint8 (n, 1, 8, 8) with a constant border."""
    images = np.zeros((n, 1, 8, 8), np.uint8)
    images[:, :, 1:7, 1:7] = np.random.default_rng(seed).integers(0, int(256 * bright), (n, 1, 6, 6))
    return images


def test_uint8_images_with_constant_pixels_as_arrays_or_tensors() -> None:
    real, fake = digits_like(0, 500, 1.0), digits_like(1, 400, 0.5)
    real.setflags(write=False)
    found = estimate_criterion(real, fake, seed=0)
    assert found.num_real == found.num_fake == 400
    assert found.jsd > 0.9 * LOG_2
    again = estimate_criterion(torch.from_numpy(real.copy()), torch.from_numpy(fake), seed=0)
    assert again.jsd_raw == found.jsd_raw


def test_far_from_the_origin_digits_are_not_lost() -> None:
    """Samples near 1e7, where float32 has steps of 1."""
    real, fake = normal(1, 600, 2), normal(2, 600, 2) + 1.5
    near = estimate_criterion(real, fake, seed=0)
    far = estimate_criterion(real + 1e7, fake + 1e7, seed=0)
    assert far.jsd_raw == pytest.approx(near.jsd_raw, abs=0.03)


def test_few_samples_stay_within_bounds() -> None:
    for seed in range(3):
        found = estimate_criterion(normal(seed, 40, 8), normal(seed + 9, 40, 8), seed=seed)
        assert 0 <= found.jsd_low <= found.jsd <= found.jsd_high <= LOG_2
        assert found.jsd_raw > -0.3


def test_same_seed_same_value_and_no_global_randomness() -> None:
    real, fake = normal(1, 200, 4), normal(2, 200, 4) + 0.5

    def values(seed: int) -> tuple[float, ...]:
        found = estimate_criterion(real, fake, seed=seed)
        return found.jsd_raw, found.jsd_low, found.extrapolated, *found.probes.values()

    torch.manual_seed(7)
    np.random.seed(7)
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = values(3)
    assert torch.equal(torch.get_rng_state(), state)
    assert (np.random.get_state()[1] == numpy_state).all()
    torch.manual_seed(8)
    assert values(3) == first
    assert values(4) != first


def test_order_of_rows_does_not_matter() -> None:
    real, fake = digits_like(0, 90, 1.0), digits_like(1, 70, 0.9)
    real[10:30] = real[0]
    first, second = (estimate_criterion(a, b, seed=1) for a, b in ((real, fake), (real[::-1], fake[::-1])))
    assert first.jsd_raw == second.jsd_raw


def test_the_same_samples_on_both_sides_leak_nothing() -> None:
    real = normal(0, 300, 6)
    found = estimate_criterion(real, real.flip(0), seed=0)
    assert -0.02 < found.jsd_raw <= 0
    assert found.jsd == 0


def test_a_generator_that_repeats_a_few_images_is_found_out() -> None:
    real = digits_like(0, 400, 1.0)
    found = estimate_criterion(real, digits_like(1, 5, 1.0).repeat(80, 0), seed=0)
    assert found.jsd > 0.5 * LOG_2


def test_works_where_gradients_are_switched_off() -> None:
    real, fake = normal(1, 100, 4), normal(2, 100, 4) + 1
    expected = estimate_criterion(real, fake, seed=0).jsd_raw
    with torch.no_grad():
        assert estimate_criterion(real, fake, seed=0).jsd_raw == expected
    with torch.inference_mode():
        assert estimate_criterion(real + 0, fake + 0, seed=0).jsd_raw == expected


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (torch.zeros(39, 2), torch.zeros(50, 2), "39 real samples"),
        (torch.zeros(50, 2), torch.zeros(50, 3), "one shape"),
        (torch.zeros(50), torch.zeros(50), "shape"),
        (torch.zeros(50, 2), torch.full((50, 2), math.nan), "50 of 50 fake"),
        (torch.zeros(50, 2), torch.zeros(50, 2).index_fill(0, torch.tensor([4]), math.inf), "1 of 50 fake"),
        (torch.zeros(50, 2, dtype=torch.uint8), torch.zeros(50, 2), "same grid"),
    ],
)
def test_refuses(real: Tensor, fake: Tensor, message: str) -> None:
    with pytest.raises(MetricError, match=message):
        estimate_criterion(real, fake, seed=0)

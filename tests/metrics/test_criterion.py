"""C(G) from samples: near the exact values, above them by chance alone, deterministic, honest when blind."""

import math
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from harness.errors import MetricError
from harness.metrics.criterion import CriterionEstimate, criterion, estimate_criterion
from harness.metrics.discriminator import calibration
from harness.metrics.inputs import MetricInputs, Sample

LOG_2 = math.log(2)


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def ring(seed: int, n: int, modes: int) -> Tensor:
    """n samples of the first `modes` of 8 Gaussians (sigma .1) on a circle of radius 2."""
    source = torch.Generator().manual_seed(seed)
    angle = torch.randint(modes, (n,), generator=source) * (math.tau / 8)
    return 2 * torch.stack([angle.cos(), angle.sin()], 1) + 0.1 * torch.randn(n, 2, generator=source)


@cache
def shifted(mu: float, n: int = 10_000) -> CriterionEstimate:
    return estimate_criterion(normal(1, n, 1), normal(2, n, 1) + mu, seed=0)


def assert_bound(found: CriterionEstimate, jsd: float, below: float = 0.02) -> None:
    """Not above the truth by more than chance, not far below it."""
    standard_error = (found.jsd_high - found.jsd_low) / 3.92
    assert found.jsd_raw <= jsd + 3.5 * standard_error + 1e-4
    assert found.jsd_raw >= jsd - below


@pytest.mark.parametrize(
    ("mu", "jsd"), [(0.5, 0.0303113005208), (1, 0.111421482185), (2, 0.336830820347), (4, 0.632720193737)]
)
def test_two_gaussians(mu: float, jsd: float) -> None:
    found = shifted(mu)
    assert_bound(found, jsd)
    assert found.jsd_low <= found.jsd <= found.jsd_high
    for c, j in ((found.value, found.jsd), (found.low, found.jsd_low), (found.high, found.jsd_high)):
        assert c == pytest.approx(2 * j - 2 * LOG_2, abs=1e-15)
    assert not found.saturated
    assert (found.num_real, found.num_fake) == (10_000, 10_000)
    assert found.seconds > 0


def test_ring_with_two_of_eight_modes_dropped() -> None:
    assert_bound(estimate_criterion(ring(3, 10_000, 8), ring(4, 10_000, 6), seed=0), 0.095602588947)


@pytest.mark.parametrize("width", [1, 64])
def test_equal_distributions(width: int) -> None:
    found = estimate_criterion(normal(1, 3000, width), normal(2, 3000, width), seed=0)
    assert -0.02 < found.jsd_raw < 0.01
    assert -2 * LOG_2 <= found.low <= found.value <= found.high <= -2 * LOG_2 + 0.02


@pytest.mark.parametrize("n", [100, 2000])
def test_disjoint_supports_saturate(n: int) -> None:
    found = estimate_criterion(normal(1, n, 3), normal(2, n, 3) + 50, seed=0)
    assert found.saturated
    assert 0.985 * LOG_2 <= found.jsd <= LOG_2
    assert found.value <= 0
    if n == 2000:
        assert found.jsd >= 0.99 * LOG_2


def test_few_samples_stay_within_bounds() -> None:
    for seed in range(5):
        found = estimate_criterion(normal(seed, 20, 8), normal(seed + 9, 20, 8), seed=seed)
        assert 0 <= found.jsd_low <= found.jsd_high <= LOG_2
        assert 0 <= found.jsd <= LOG_2
        assert found.jsd_raw > -math.log(28)


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


def test_a_pixel_that_only_the_test_part_has_lit_does_no_harm() -> None:
    real, fake = digits_like(0, 400, 1.0), digits_like(1, 400, 1.0)
    real[:2, 0, 0, 0] = 255
    assert -0.05 < estimate_criterion(real, fake, seed=0).jsd_raw < 0.02


def test_same_seed_same_value_and_no_global_randomness() -> None:
    real, fake = normal(1, 200, 4), normal(2, 200, 4) + 0.5

    def values(seed: int) -> tuple[float, ...]:
        found = estimate_criterion(real, fake, seed=seed)
        return found.jsd_raw, found.jsd_low, found.jsd_high

    torch.manual_seed(7)
    state = torch.get_rng_state()
    first = values(3)
    assert torch.equal(torch.get_rng_state(), state)
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
    assert found.jsd_raw == pytest.approx(0, abs=1e-12)


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


def test_calibration_recovers_the_map() -> None:
    """Logits of N(0,1) vs N(1,1) are ½ - x; a network that says 3 (½ - x) + 2 is mended."""
    real, fake = (3 * (0.5 - normal(seed, 20_000)) + 2 for seed in (1, 2))
    slope, offset = calibration(real.numpy(), (fake - 3).numpy())
    assert slope == pytest.approx(1 / 3, abs=0.02)
    assert offset == pytest.approx(-2 / 3, abs=0.04)


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (torch.zeros(19, 2), torch.zeros(50, 2), "19 real samples"),
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


def test_entry_compares_held_out_with_fake_and_says_when_blind() -> None:
    def sample(images: np.ndarray) -> Sample:
        return Sample(torch.from_numpy(images), torch.zeros(len(images), 2), None)

    dark, light = sample(digits_like(0, 200, 0.2)), sample(digits_like(1, 200, 1.0))
    apart = criterion().compute(MetricInputs(reference=light, held_out=dark, fake=light, seed=5))
    expected = estimate_criterion(dark.images, light.images, seed=5)
    assert apart.values["criterion"] == expected.value
    assert set(apart.values) == {
        f"{key}{end}" for key in ("criterion", "jsd") for end in ("", "_low", "_high")
    }
    assert any("saturated" in note for note in apart.notes)
    blind = criterion().compute(MetricInputs(reference=dark, held_out=light, fake=light, seed=5))
    assert any("did not reliably beat chance" in note for note in blind.notes)
    assert blind.values["criterion"] == pytest.approx(-2 * LOG_2, abs=1e-12)

"""C(G) as a metric: held-out against generated, in images and in features, and what it says when blind."""

import math

import numpy as np
import pytest
import torch

from harness.criterion import estimate_criterion
from harness.metrics.criterion import criterion, criterion_features
from harness.metrics.inputs import MetricInputs, Sample

LOG_2 = math.log(2)


def sample(seed: int, n: int, bright: float) -> Sample:
    """uint8 noise (n, 1, 8, 8) with a constant border; its features are the means of two halves."""
    pixels = np.zeros((n, 1, 8, 8), np.uint8)
    pixels[:, :, 1:7, 1:7] = np.random.default_rng(seed).integers(0, int(256 * bright), (n, 1, 6, 6))
    images = torch.from_numpy(pixels)
    return Sample(images, images.float().unflatten(3, (2, 4)).mean((1, 2, 4)), None)


def test_compares_held_out_images_with_generated_ones() -> None:
    dark, light = sample(0, 200, 0.2), sample(1, 200, 1.0)
    apart = criterion().compute(MetricInputs(reference=light, validation=dark, fake=light, seed=5))
    expected = estimate_criterion(dark.images, light.images, seed=5)
    assert apart.values["criterion"] == expected.value
    assert apart.values["jsd_extrapolated"] == expected.extrapolated
    ends = {f"{key}{end}" for key in ("criterion", "jsd") for end in ("", "_low", "_high")}
    assert set(apart.values) == ends | {"jsd_extrapolated"}


def test_compares_features_and_is_not_above_the_images() -> None:
    near, far = sample(0, 300, 0.8), sample(1, 300, 1.0)
    inputs = MetricInputs(reference=near, validation=near, fake=far, seed=5)
    features = criterion_features().compute(inputs).values
    assert features["criterion_features"] == estimate_criterion(near.features, far.features, seed=5).value
    assert features["jsd_features"] <= criterion().compute(inputs).values["jsd"] + 0.05


def test_says_that_it_is_saturated_and_what_is_proved_all_the_same() -> None:
    dark, light = sample(0, 200, 0.1), sample(1, 200, 1.0)
    (note,) = criterion().compute(MetricInputs(light, dark, light)).notes
    assert "saturated" in note
    assert "prove JSD >= 0.6" in note


def test_says_that_it_is_blind_and_down_to_what() -> None:
    light = sample(1, 200, 1.0)
    blind = criterion().compute(MetricInputs(light, sample(0, 200, 1.0), light, seed=5))
    (note,) = blind.notes
    assert "reliably beat chance" in note
    assert "200 samples show a JSD down to about 0.043" in note
    assert blind.values["criterion"] == pytest.approx(-2 * LOG_2, abs=0.05)
    assert blind.values["criterion_low"] == pytest.approx(-2 * LOG_2, abs=1e-12)
    assert blind.values["jsd_high"] >= 8.5 / 200

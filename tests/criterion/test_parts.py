"""The pieces of the estimate: folds that do not leak, calibration, stacking, the verdict."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from criterion.populations import LOG_2, normal
from harness.criterion.folds import FOLDS, Fold, Logits, folds
from harness.criterion.logistic import fitted_weights, log_losses
from harness.criterion.probes import PROBES, Task
from harness.criterion.stack import calibrated, stacked
from harness.criterion.verdict import certified, verdict

Floats = np.ndarray


def numbered(n: int) -> list[Fold]:
    """Folds of samples that carry their own number."""
    x = np.arange(n, dtype=np.float32)[:, None]
    return list(folds(x, x + n, (1,)))


@given(n=st.integers(40, 400))
def test_every_sample_is_judged_once_and_by_what_never_saw_it(n: int) -> None:
    parts = numbered(n)
    assert len(parts) == FOLDS
    judged = np.concatenate([fold.test.x[:, 0] for fold in parts])
    assert sorted(judged) == list(range(2 * n))
    for fold in parts:
        seen = [set(part.x[:, 0]) for part in (fold.train, fold.validation, fold.test)]
        assert not seen[0] & seen[1]
        assert not seen[2] & (seen[0] | seen[1])
        assert sum(map(len, seen)) == 2 * n
        for part in (fold.train, fold.validation, fold.test):
            assert part.y.sum() * 2 == len(part)  # as many real samples as generated ones
            assert ((part.x[:, 0] < n) == (part.y == 1)).all()


def test_half_a_fold_judges_the_same_samples() -> None:
    fold = numbered(200)[0]
    half = fold.halved()
    assert len(half.train) == len(fold.train) // 2
    assert half.train.y.mean() == 0.5
    assert half.test is fold.test


def test_components_are_whitened_on_the_training_part() -> None:
    rng = np.random.default_rng(0)
    mix = rng.standard_normal((6, 6)).astype(np.float32)
    x, y = rng.standard_normal((2, 3000, 6)).astype(np.float32) @ mix
    fold = next(folds(x, y, (6,)))
    covariance = np.cov(fold.components.train.x.T, bias=True)
    assert np.allclose(covariance, np.eye(6), atol=1e-2)
    assert np.allclose(np.cov(fold.components.test.x.T), np.eye(6), atol=0.2)


def test_constant_columns_have_no_component() -> None:
    x = np.concatenate([normal(0, 100, 2).float().numpy(), np.ones((100, 1), np.float32)], axis=1)
    fold = next(folds(x, x.copy(), (3,)))
    assert fold.components.train.x.shape[1] == 2
    assert np.isfinite(fold.standardised.train.x).all()


def test_calibration_recovers_the_map() -> None:
    """Logits of N(0,1) vs N(1,1) are ½ - x; a network that says 3 (½ - x) + 2 is mended."""
    real, fake = normal(1, 20_000).numpy(), normal(2, 20_000).numpy() + 1
    y = np.repeat([1.0, 0.0], 20_000)
    true = 0.5 - np.concatenate([real, fake])
    found = calibrated(Logits(3 * true + 2, 3 * true + 2), y)
    slope, offset = np.polyfit(true, found.test, 1)
    assert slope == pytest.approx(1, abs=0.03)
    assert offset == pytest.approx(0, abs=0.04)


def test_a_logit_that_is_worse_than_a_coin_is_silenced_not_turned_round() -> None:
    y = np.repeat([1.0, 0.0], 50)
    found = calibrated(Logits(np.where(y == 1, -1.0, 1.0), np.ones(7)), y)
    assert (found.test == 0).all()


def test_stacking_two_halves_of_the_truth() -> None:
    """Logits of independent coordinates add up."""
    n = 4000
    y = np.repeat([1.0, 0.0], n)
    points = np.concatenate([normal(1, n, 2).numpy(), normal(2, n, 2).numpy() + 1])
    parts = [Logits(0.5 - points[:, i], 0.5 - points[:, i]) for i in (0, 1)]
    found = stacked([[part] for part in parts], y)
    assert np.allclose(found, 1 - points.sum(1), atol=0.35)


def test_a_stack_of_noise_says_next_to_nothing() -> None:
    """Ten probes of two settings each, all of them random: on new samples they must cost hardly anything."""
    y = np.repeat([1.0, 0.0], 300)
    lost = []
    for seed in range(20):
        parts = [Logits(*normal(100 * seed + i, 2, 600).numpy() * 0.3) for i in range(20)]
        found = stacked([parts[i : i + 2] for i in range(0, 20, 2)], y)
        lost.append(log_losses(found, y).mean() - LOG_2)
    assert np.mean(lost) < 0.004
    assert np.mean([log_losses(part.test, y).mean() - LOG_2 for part in parts]) > 0.008


@given(st.lists(st.floats(-12, 12), min_size=4, max_size=30), st.floats(-12, 12))
def test_verdict_is_the_mean_of_log_losses_within_its_interval(logits: list[float], other: float) -> None:
    real, fake = np.array(logits), np.array([other, *logits[1:]])
    found = verdict(real, fake)
    y = np.repeat([1.0, 0.0], len(logits))
    assert found.raw == pytest.approx(LOG_2 - log_losses(np.concatenate([real, fake]), y).mean(), abs=1e-12)
    assert 0 <= found.low <= found.high <= LOG_2
    assert 0 <= found.error_rate <= 1


def test_coin_and_certainty() -> None:
    n = 10_000
    coin = verdict(np.zeros(n), np.zeros(n))
    assert (coin.raw, coin.low) == (0, 0)
    assert coin.high == pytest.approx(8.5 / n)
    assert coin.error_rate == 0.5
    sure = verdict(np.full(n, 12.0), np.full(n, -12.0))
    assert sure.raw == pytest.approx(LOG_2, abs=1e-5)
    assert sure.error_rate == 0


def test_fano_bound() -> None:
    assert certified(0.0, 20_000) == pytest.approx(0.6917, abs=5e-4)
    assert certified(0.5, 20_000) == 0
    assert certified(1.0, 20) == 0
    # The worst error rate it allows for is the one at which so few errors happen 5 % of the time.
    count, errors = 500, 20
    low, high = 0.0, 0.5
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if binom.cdf(errors, count, middle) > 0.05 else (low, middle)
    entropy = -low * math.log(low) - (1 - low) * math.log(1 - low)
    assert certified(errors / count, count) == pytest.approx(LOG_2 - entropy, abs=1e-9)


def test_logistic_regression_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    features = rng.standard_normal((300, 4))
    y = (features @ [1.0, -2, 0.5, 0] + rng.logistic(size=300) > 0).astype(float)
    theirs = LogisticRegression(C=1 / 3.0, fit_intercept=False, tol=1e-10).fit(features, y).coef_[0]
    ours = fitted_weights(features, y, ridge=3.0, centre=np.zeros(4))
    assert np.allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("name", list(PROBES))
@pytest.mark.parametrize("shape", [(1,), (2,), (60,), (1, 8, 8), (3, 10, 9)])
def test_every_probe_takes_every_shape_and_few_samples(name: str, shape: tuple[int, ...]) -> None:
    width = math.prod(shape)
    x = normal(1, 60, width).float().numpy()
    y = normal(2, 60, width).float().numpy() + 0.5
    fold = next(folds(x, y, shape))
    first = PROBES[name](Task(fold, 5, "cpu"))
    again = PROBES[name](Task(fold, 5, "cpu"))
    images_only, wide_only = name == "convolutional", name == "whitened_perceptron"
    assert bool(first) == (not (images_only and len(shape) != 3) and not (wide_only and width <= 48))
    for one, other in zip(first, again, strict=True):
        assert one.validation.shape == (len(fold.validation),)
        assert one.test.shape == (len(fold.test),)
        assert np.isfinite(one.validation).all()
        assert np.isfinite(one.test).all()
        assert (one.test == other.test).all()

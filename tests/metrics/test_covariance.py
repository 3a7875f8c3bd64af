"""Moments, factors and symmetric products, beside the plain formulas."""

import pytest
import torch
from torch import Tensor

from harness.metrics import covariance
from harness.metrics.covariance import Gaussian, congruence, moments

F64 = torch.float64


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def mixed(seed: int, n: int, width: int) -> Tensor:
    return normal(seed, n, width) @ normal(seed + 1, width, width) + 100


@pytest.mark.parametrize(("block", "strip"), [(4096, 256), (7, 3), (100, 1)])
def test_moments_are_the_unbiased_ones_whatever_the_blocks(
    monkeypatch: pytest.MonkeyPatch, block: int, strip: int
) -> None:
    monkeypatch.setattr(covariance, "BLOCK", block)
    monkeypatch.setattr(covariance, "STRIP", strip)
    x = mixed(0, 90, 11)
    mean, cov = moments(x)
    assert torch.allclose(mean, x.mean(0), rtol=1e-12)
    assert torch.allclose(cov, torch.cov(x.T), rtol=1e-11)
    assert torch.equal(cov, cov.T)


def test_moments_of_float32_features_are_float64() -> None:
    x = mixed(0, 5000, 7).float()
    mean, cov = moments(x)
    assert mean.dtype == cov.dtype == F64
    assert torch.allclose(cov, torch.cov(x.double().T), rtol=1e-12)


@pytest.mark.parametrize("strip", [256, 4, 1])
def test_congruence_fills_the_lower_triangle(monkeypatch: pytest.MonkeyPatch, strip: int) -> None:
    monkeypatch.setattr(covariance, "STRIP", strip)
    upper, symmetric = normal(0, 13, 13).triu(), torch.cov(normal(1, 13, 50))
    assert torch.allclose(
        congruence(upper, symmetric).tril(), (upper @ symmetric @ upper.T).tril(), rtol=1e-12
    )


@pytest.mark.parametrize(("n", "triangular"), [(60, True), (12, True), (8, False), (2, False)])
def test_factor_of_samples_gives_back_their_covariance(n: int, triangular: bool) -> None:
    x = mixed(0, n, 8)
    found = Gaussian.of(x)
    assert found.triangular == triangular
    assert torch.allclose(found.factor.T @ found.factor, torch.cov(x.T), rtol=1e-9, atol=1e-9)
    assert float(found.total_variance) == pytest.approx(float(x.var(0).sum()), rel=1e-12)


def test_factor_of_a_singular_covariance_has_its_rank() -> None:
    x = mixed(0, 200, 5) @ normal(7, 5, 12)
    x = torch.cat([x, torch.full((200, 1), 3.0, dtype=F64)], 1)  # a feature that never moves
    found = Gaussian.of(x)
    assert not found.triangular
    assert found.factor.shape == (5, 13)
    assert torch.allclose(found.factor.T @ found.factor, torch.cov(x.T), rtol=1e-9, atol=1e-9)

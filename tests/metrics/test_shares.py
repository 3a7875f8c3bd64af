"""Shares and KL of counts: closed forms, the chi-square of equal shares, errors that are the spread."""

import math

import pytest
import torch
from scipy.stats import binom
from torch import Tensor

from harness.metrics.shares import kl_of_counts, share_error

F64 = torch.float64


def shares(*values: float) -> Tensor:
    return torch.tensor(values, dtype=F64)


def draws(p: Tensor, n: int, times: int) -> list[Tensor]:
    source = torch.Generator().manual_seed(0)
    picked = torch.multinomial(p, n * times, replacement=True, generator=source).view(times, n)
    return [row.bincount(minlength=len(p)) for row in picked]


@pytest.mark.parametrize(
    ("counts", "q", "expected"),
    [
        ([5, 5], shares(0.5, 0.5), 0),
        ([4, 0], shares(0.5, 0.5), math.log(2)),
        ([7, 0, 7, 0, 0, 0], torch.full((6,), 1 / 6, dtype=F64), math.log(3)),
        ([3, 1], shares(0.5, 0.5), 0.75 * math.log(1.5) + 0.25 * math.log(0.5)),
        ([1, 1], shares(0.9, 0.1), 0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(5)),  # the other way: .368
    ],
)
def test_closed_forms(counts: list[int], q: Tensor, expected: float) -> None:
    assert kl_of_counts(torch.tensor(counts), q)[0] == pytest.approx(expected, abs=1e-12)


def test_equal_shares_give_the_chi_square() -> None:
    """2n KL has mean k - 1 and variance 2 (k - 1)."""
    k, n = 9, 500
    q = torch.full((k,), 1 / k, dtype=F64)
    found = [kl_of_counts(counts, q) for counts in draws(q, n, 1000)]
    scaled = torch.tensor([2 * n * value for value, _ in found], dtype=F64)
    assert float(scaled.mean()) == pytest.approx(k - 1, abs=4 * (2 * (k - 1) / 1000) ** 0.5)
    claimed = torch.tensor([error for _, error in found], dtype=F64).square().mean().sqrt()
    assert 0.95 <= 2 * n * float(claimed) / float(scaled.std()) <= 2**0.5 * 1.1


def test_shares_hit_exactly_still_have_the_error_of_the_chi_square() -> None:
    """2n KL = 0 by luck; its standard deviation over draws is (2 (k - 1))^½ all the same."""
    value, error = kl_of_counts(torch.full((9,), 20), torch.full((9,), 1 / 9, dtype=F64))
    assert value == pytest.approx(0, abs=1e-12)
    assert 2 * 180 * error == pytest.approx(4, rel=1e-9)


@pytest.mark.parametrize("m", [None, 300])
def test_error_is_the_spread_where_the_shares_differ(m: int | None) -> None:
    p, q, n = shares(0.5, 0.3, 0.2, 0.0), shares(0.2, 0.2, 0.3, 0.3), 400
    real = [None if m is None else each for each in draws(q, m or 1, 600)]
    found = [
        kl_of_counts(counts, q if other is None else other.double() / other.sum(), m)
        for counts, other in zip(draws(p, n, 600), real, strict=True)
    ]
    values = torch.tensor([value for value, _ in found], dtype=F64)
    claimed = torch.tensor([error for _, error in found], dtype=F64).square().mean().sqrt()
    assert 0.88 <= float(claimed) / float(values.std()) <= 1.15


def test_error_of_a_share_covers_it_where_the_plain_formula_does_not() -> None:
    """95 % intervals of 40 samples: the plain ones of a share of .02 miss it more often than not."""
    n, share = 40, 0.02
    hits = torch.arange(n + 1)
    weights = torch.from_numpy(binom.pmf(hits.numpy(), n, share))

    def covered(error: Tensor, centre: Tensor) -> float:
        return float(weights[(centre - share).abs() <= 1.96 * error].sum())

    observed = hits / n
    ours = torch.tensor([share_error(float(each), n) for each in observed])
    assert covered((observed * (1 - observed) / n).sqrt(), observed) < 0.6
    assert covered(ours, observed) > 0.93
    assert share_error(0.3, 10_000) == pytest.approx(math.sqrt(0.21 / 10_000), rel=1e-3)

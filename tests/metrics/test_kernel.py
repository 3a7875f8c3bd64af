"""KID: closed forms, the peer's number, and a standard error that says how far the value would move."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchmetrics.image.kid import KernelInceptionDistance

from harness.errors import MetricError
from harness.metrics.kernel import kernel_distance

F64 = torch.float64


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def rows(*values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values, dtype=F64)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (rows((0,), (1,)), rows((1,), (2,)), 19 / 2),
        (rows((0,), (1,)), rows((0,), (1,)), -7 / 2),
        (rows((1, 0), (0, 1)), rows((1, 1), (-1, 1)), -25 / 8),
        (rows((0, 0), (1, 0), (0, 1)), rows((2, 0), (0, 2)), -14 / 3),
    ],
)
def test_closed_forms(a: Tensor, b: Tensor, expected: float) -> None:
    found = kernel_distance(a, b)
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.standard_error is None


class Identity(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance`")
def test_equals_torchmetrics_with_one_subset_of_all() -> None:
    a, b = normal(0, 300, 16) * 1.2 + 0.3, normal(1, 300, 16)
    peer = KernelInceptionDistance(feature=Identity(), subsets=1, subset_size=300).set_dtype(F64)
    peer.update(a, real=True)
    peer.update(b, real=False)
    assert kernel_distance(a, b).value == pytest.approx(float(peer.compute()[0]), rel=1e-6)


def plain(a: Tensor, b: Tensor) -> float:
    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.T / x.shape[1] + 1) ** 3

    n, m = len(a), len(b)
    aa, bb = kernel(a, a).fill_diagonal_(0).sum(), kernel(b, b).fill_diagonal_(0).sum()
    return float(aa / (n * (n - 1)) + bb / (m * (m - 1)) - 2 * kernel(a, b).mean())


def test_standard_error_is_the_jackknife_done_the_long_way() -> None:
    a, b = normal(0, 9, 3), normal(1, 7, 3) + 0.5
    without_a = torch.tensor([plain(torch.cat([a[:i], a[i + 1 :]]), b) for i in range(9)], dtype=F64)
    without_b = torch.tensor([plain(a, torch.cat([b[:i], b[i + 1 :]])) for i in range(7)], dtype=F64)
    variance = 8 * without_a.var(unbiased=False) + 6 * without_b.var(unbiased=False)
    found = kernel_distance(a, b)
    assert found.value == pytest.approx(plain(a, b), rel=1e-12)
    assert found.standard_error == pytest.approx(float(variance.sqrt()), rel=1e-10)


@pytest.mark.parametrize(
    ("n", "m", "shift", "low", "high"),
    [(80, 80, 1.0, 0.85, 1.2), (120, 40, 0.8, 0.85, 1.25), (80, 80, 0, 1, 1.8)],
)
def test_standard_error_is_the_spread_over_new_samples(
    n: int, m: int, shift: float, low: float, high: float
) -> None:
    """Right where the distributions differ; where they are equal, up to 2^½ too high and never too low."""
    found = [kernel_distance(normal(2 * i, n, 4), normal(2 * i + 1, m, 4) + shift) for i in range(500)]
    spread = float(torch.tensor([each.value for each in found]).std())
    claimed = [each.standard_error for each in found if each.standard_error is not None]
    assert low <= (sum(s * s for s in claimed) / len(claimed)) ** 0.5 / spread <= high


def test_unbiased_where_the_distributions_are_equal() -> None:
    values = torch.tensor(
        [kernel_distance(normal(2 * i, 30, 3), normal(2 * i + 1, 50, 3)).value for i in range(400)]
    )
    assert abs(float(values.mean())) < 4 * float(values.std()) / 20


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(3, 40), m=st.integers(3, 40), block=st.integers(1, 50))
def test_neither_tiles_nor_order_nor_rotation_matter(seed: int, n: int, m: int, block: int) -> None:
    a, b = normal(seed, n, 5), normal(seed + 1, m, 5) + 0.5
    found = kernel_distance(a, b)
    rotation = torch.linalg.qr(normal(seed, 5, 5)).Q
    for other in (
        kernel_distance(a, b, block=block),
        kernel_distance(b, a),
        kernel_distance(a.flip(0), b.flip(0)),
        kernel_distance(a @ rotation, b @ rotation),
    ):
        assert other.value == pytest.approx(found.value, rel=1e-9, abs=1e-10)
        assert other.standard_error == pytest.approx(found.standard_error, rel=1e-7, abs=1e-8)


def test_refuses() -> None:
    with pytest.raises(MetricError, match="1 of 4 real rows"):
        kernel_distance(torch.zeros(4, 2).index_fill(0, torch.tensor([0]), torch.nan), torch.zeros(4, 2))
    with pytest.raises(MetricError, match="too few"):
        kernel_distance(torch.zeros(4, 2), torch.zeros(1, 2))
    with pytest.raises(MetricError, match="too large"):
        kernel_distance(normal(0, 4, 2) * 1e60, normal(1, 4, 2) * 1e60)

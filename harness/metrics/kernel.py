"""Kernel distance of two feature sets: KID (Bińkowski et al. 2018), with a standard error that is one.

KID is the unbiased MMD² (Gretton et al. 2012, eq. 3) under k(x, y) = (x·y / width + 1)³:

    U = sum_{i≠j} k(x_i, x_j) / n(n-1) + sum_{i≠j} k(y_i, y_j) / m(m-1) - 2 sum_ij k(x_i, y_j) / nm

taken here over all samples rather than over random subsets of 1,000: the same expectation, the least variance
of all estimators that use these samples, and no random choice. It may be negative.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from harness.columns import Column
from harness.metrics import checks
from harness.metrics.inputs import Metric, MetricInputs, Values

BLOCK = 512
"""Side of the tiles of the kernel matrix: 2 MiB in float64, which a core's cache holds."""


@dataclass(frozen=True)
class KernelDistance:
    """KID and its standard error (None below 3 samples a side, where no row can be left out)."""

    value: float
    standard_error: float | None


def kid() -> Metric:
    """Unbiased kernel MMD² of reference and fake features (Binkowski et al. 2018)."""
    return Metric((Column("kid", "KID", "lower"),), _compute)


def _compute(inputs: MetricInputs) -> Values:
    found = kernel_distance(inputs.neighbourhood.features, inputs.fake.features)
    values = {"kid": found.value}
    if found.standard_error is not None:
        values["kid_se"] = found.standard_error
    return Values(values)


def kernel_distance(features_a: Tensor, features_b: Tensor, *, block: int = BLOCK) -> KernelDistance:
    """KID of features (n, width) and (m, width), n, m >= 2.

    The standard error is the delete-one jackknife of the two-sample U-statistic (Arvesen 1969): every row is
    left out once, in closed form from the row sums of the kernel matrices, so it costs nothing beside them.
    It measures how far the value would move with other samples of the same two distributions. The spread over
    subsets that is usually printed beside KID does not: it shrinks with neither n nor m but with the size of
    a subset, and the subsets share their samples. Where the distributions are equal U is degenerate and the
    jackknife reads about 2^½ too high (it is never too low in expectation: Efron and Stein 1981).
    """
    x, y = checks.pair("kid", features_a, features_b, at_least=2)
    n, m = len(x), len(y)
    within_x, within_y = _within(x, block), _within(y, block)
    across_x, across_y = _across(x, y, block)
    total_x, total_y, total_xy = within_x.sum(), within_y.sum(), across_x.sum()
    mean_x, mean_y = total_x / (n * (n - 1)), total_y / (m * (m - 1))
    value = checks.finite("kid", float(mean_x + mean_y - 2 * total_xy / (n * m)))
    if min(n, m) < 3:
        return KernelDistance(value, None)
    without_x = (total_x - 2 * within_x) / ((n - 1) * (n - 2)) - 2 * (total_xy - across_x) / ((n - 1) * m)
    without_y = (total_y - 2 * within_y) / ((m - 1) * (m - 2)) - 2 * (total_xy - across_y) / ((m - 1) * n)
    variance = (n - 1) * without_x.var(unbiased=False) + (m - 1) * without_y.var(unbiased=False)
    return KernelDistance(value, checks.finite("kid", float(variance.sqrt())))


def _left(x: Tensor) -> Tensor:
    # (x / width, 1)·(y, 1) = x·y / width + 1: the constant costs a column, not a pass over the tile.
    scaled = x.double() / x.shape[1]
    return torch.cat([scaled, scaled.new_ones(len(x), 1)], dim=1)


def _right(y: Tensor) -> Tensor:
    wide = y.double()
    return torch.cat([wide, wide.new_ones(len(y), 1)], dim=1)


def _within(x: Tensor, block: int) -> Tensor:
    """sum_{j≠i} k(x_i, x_j) for every i (n): each tile of the upper triangle serves its rows and columns."""
    sums = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    for rows in checks.slices(len(x), block):
        left = _left(x[rows])
        for columns in checks.slices(len(x), block):
            if columns.start < rows.start:
                continue
            tile = (left @ _right(x[columns]).T).pow_(3)
            if columns == rows:
                sums[rows] += tile.fill_diagonal_(0).sum(1)
            else:
                sums[rows] += tile.sum(1)
                sums[columns] += tile.sum(0)
    return sums


def _across(x: Tensor, y: Tensor, block: int) -> tuple[Tensor, Tensor]:
    """sum_j k(x_i, y_j) for every i (n), and sum_i k(x_i, y_j) for every j (m)."""
    sums_x = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    sums_y = torch.zeros(len(y), dtype=torch.float64, device=x.device)
    for rows in checks.slices(len(x), block):
        left = _left(x[rows])
        for columns in checks.slices(len(y), block):
            tile = (left @ _right(y[columns]).T).pow_(3)
            sums_x[rows] += tile.sum(1)
            sums_y[columns] += tile.sum(0)
    return sums_x, sums_y

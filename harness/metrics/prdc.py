"""Precision and recall of manifolds (Kynkäänniemi et al. 2019, eq. 1-3), density and coverage (Naeem et al.
2020, eq. 4-6), on balls around every sample that reach its k-th nearest neighbour of the same set.

With r_i the radius of real sample x_i among the real, s_j that of fake sample y_j among the fake, and strict
comparisons as in the authors' code:

    precision = mean_j any_i |x_i - y_j| < r_i        recall   = mean_i any_j |x_i - y_j| < s_j
    density   = sum_ij [|x_i - y_j| < r_i] / (k m)    coverage = mean_i any_j |x_i - y_j| < r_i

Strict comparisons make ties matter, and sets that share images tie at every radius. Distances from a matrix
product round differently in every tile, so pairs within the rounding of a radius are computed again as a sum
of squared differences: the answer is that of the plain formula, whatever the size of a tile.
"""

from dataclasses import asdict, dataclass
from math import inf
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from harness.errors import MetricError
from harness.metrics import checks
from harness.metrics.inputs import Column, Metric, MetricInputs, Values

BLOCK = 1024
"""Side of the tiles of the distance matrix: 8 MiB in float64, whatever the number of samples."""

AGAIN = 1 << 22
"""Numbers held at once while pairs are computed again."""


@dataclass(frozen=True)
class Manifold:
    """All in [0, 1] but density, which exceeds 1 where fake samples crowd around real ones."""

    precision: float
    recall: float
    density: float
    coverage: float


def prdc(*, neighbours: Annotated[int, Field(ge=1)] = 5) -> Metric:
    """Precision, recall, density, coverage (Naeem et al. 2020)."""

    def compute(inputs: MetricInputs) -> Values:
        found = manifold_scores(inputs.neighbourhood.features, inputs.fake.features, neighbours=neighbours)
        return Values(asdict(found))

    names = ("precision", "recall", "density", "coverage")
    return Metric(tuple(Column(name, name.capitalize(), "higher") for name in names), compute)


def manifold_scores(real: Tensor, fake: Tensor, *, neighbours: int = 5, block: int = BLOCK) -> Manifold:
    """The four values of features (n, width) and (m, width), n and m above `neighbours`."""
    if neighbours < 1:
        raise MetricError(f"prdc: neighbours must be at least 1, not {neighbours}")
    x, y = checks.pair("prdc", real, fake, at_least=neighbours + 1)
    radii_x, radii_y = squared_radii(x, neighbours, block), squared_radii(y, neighbours, block)
    n, m = len(x), len(y)
    in_real = torch.zeros(m, dtype=torch.bool, device=x.device)
    in_fake, covered = (torch.zeros(n, dtype=torch.bool, device=x.device) for _ in range(2))
    inside = 0
    centre = x.mean(0, dtype=torch.float64)
    for rows in checks.slices(n, block):
        for columns in checks.slices(m, block):
            squared, slack = _tile(x[rows], y[columns], centre)
            over = _minus(squared, radii_x[rows, None], slack, x[rows], y[columns])
            inside += int((over < 0).sum())
            covered[rows] |= over.amin(1) < 0
            in_real[columns] |= over.amin(0) < 0
            over = _minus(squared, radii_y[None, columns], slack, x[rows], y[columns])
            in_fake[rows] |= over.amin(1) < 0
    precision, recall, coverage = (float(mask.double().mean()) for mask in (in_real, in_fake, covered))
    return Manifold(precision, recall, inside / (neighbours * m), coverage)


def squared_radii(x: Tensor, neighbours: int, block: int = BLOCK) -> Tensor:
    """Squared distance (n) of every row of `x` (n, width) to its k-th nearest other row, float64.

    Each tile of the upper triangle serves its rows and its columns; the neighbours found are measured again.
    """
    centre = x.mean(0, dtype=torch.float64)
    nearest = torch.full((len(x), neighbours), inf, dtype=torch.float64, device=x.device)
    index = torch.zeros(len(x), neighbours, dtype=torch.int64, device=x.device)
    for rows in checks.slices(len(x), block):
        for columns in checks.slices(len(x), block):
            if columns.start < rows.start:
                continue
            squared, _ = _tile(x[rows], x[columns], centre)
            if columns == rows:
                squared.fill_diagonal_(inf)
            else:
                _keep_nearest(nearest[columns], index[columns], squared.T, rows.start)
            _keep_nearest(nearest[rows], index[rows], squared, columns.start)
    radii = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    for column in index.T:
        for rows in checks.slices(len(x), max(1, AGAIN // x.shape[1])):
            radii[rows] = torch.maximum(radii[rows], _measured(x[rows], x[column[rows]]))
    return radii


def _keep_nearest(nearest: Tensor, index: Tensor, squared: Tensor, offset: int) -> None:
    """Merge the columns of `squared` (rows, columns), numbered from `offset`, into the k nearest so far."""
    width = min(nearest.shape[1], squared.shape[1])
    values, columns = squared.topk(width, dim=1, largest=False, sorted=False)
    values, columns = torch.cat([nearest, values], 1), torch.cat([index, columns + offset], 1)
    best, picked = values.topk(nearest.shape[1], dim=1, largest=False, sorted=False)
    nearest.copy_(best)
    index.copy_(columns.gather(1, picked))


def _tile(x: Tensor, y: Tensor, centre: Tensor) -> tuple[Tensor, float]:
    """Squared distances (n, m) by |x|² + |y|² - 2 x·y, and a bound of their rounding error.

    A dot product of `width` terms errs by at most width eps |x||y| (Higham 2002, §3.1); centring keeps the
    norms, and so the bound, near the size of the distances.
    """
    x, y = x.double() - centre, y.double() - centre
    norms_x, norms_y = x.square().sum(1), y.square().sum(1)
    squared = torch.addmm(norms_y, x, y.T, alpha=-2).add_(norms_x[:, None])
    eps = torch.finfo(torch.float64).eps
    return squared, 4 * (x.shape[1] + 4) * eps * float(norms_x.max() + norms_y.max())


def _minus(squared: Tensor, radii: Tensor, slack: float, x: Tensor, y: Tensor) -> Tensor:
    """`squared` - `radii` (n, m), with the sign of the plain formula also where they nearly tie."""
    over = squared - radii
    if float(over.abs().amin()) > slack:
        return over
    rows, columns = (over.abs() <= slack).nonzero(as_tuple=True)
    radii = radii.expand_as(squared)
    for part in checks.slices(len(rows), max(1, AGAIN // x.shape[1])):
        i, j = rows[part], columns[part]
        over[i, j] = _measured(x[i], y[j]) - radii[i, j]
    return over


def _measured(x: Tensor, y: Tensor) -> Tensor:
    """Squared distances (n) of paired rows: 0 for equal rows, and the same both ways round."""
    return (x.double() - y.double()).square().sum(1)

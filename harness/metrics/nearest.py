"""Distances to nearest neighbours, tile by tile: exact to the last tie, and never as a whole matrix.

Sets that share images tie at every radius, and strict comparisons make ties matter. Distances from a matrix
product round differently in every tile, so pairs within the rounding of what they are compared with are
computed again as a sum of squared differences: the answer is that of the plain formula, whatever the size of
a tile. Everything is float64 and on the device of its input.
"""

from math import inf

import torch
from torch import Tensor

from harness.metrics import checks

BLOCK = 1024
"""Side of the tiles of the distance matrix: 8 MiB in float64, whatever the number of samples."""

AGAIN = 1 << 22
"""Numbers held at once while pairs are computed again."""


def nearest(x: Tensor, y: Tensor, block: int = BLOCK) -> tuple[Tensor, Tensor]:
    """For every row of `x` (n, width) its nearest row of `y` (m, width), m >= 1: the squared distance (n),
    float64, and the number of that row (n), the lowest where several rows are equally near."""
    centre = y.mean(0, dtype=torch.float64)
    best = torch.full((len(x),), inf, dtype=torch.float64, device=x.device)
    index = torch.zeros(len(x), dtype=torch.int64, device=x.device)
    for columns in checks.slices(len(y), block):
        for rows in checks.slices(len(x), block):
            squared, slack = tile(x[rows], y[columns], centre)
            limit = torch.minimum(best[rows], squared.amin(1) + slack) + slack
            i, j = (squared <= limit[:, None]).nonzero(as_tuple=True)
            for part in checks.slices(len(i), max(1, AGAIN // x.shape[1])):
                _keep_first(best[rows], index[rows], x[rows], y[columns], i[part], j[part], columns.start)
    return best, index


def _keep_first(best: Tensor, index: Tensor, x: Tensor, y: Tensor, i: Tensor, j: Tensor, offset: int) -> None:
    """Merge the pairs (i, j) into the nearest so far; they come in the order of rows of `y`, so that only a
    strictly nearer one replaces what there is."""
    squared = measured(x[i], y[j])
    found = torch.full_like(best, inf).scatter_reduce_(0, i, squared, "amin")
    least = squared == found[i]
    first = torch.full_like(index, len(y)).scatter_reduce_(0, i[least], j[least], "amin")
    nearer = found < best
    best.copy_(torch.where(nearer, found, best))
    index.copy_(torch.where(nearer, first + offset, index))


def squared_radii(x: Tensor, neighbours: int, block: int = BLOCK) -> Tensor:
    """Squared distance (n) of every row of `x` (n, width) to its k-th nearest other row, float64.

    Each tile of the upper triangle serves its rows and its columns; the neighbours found are measured again.
    """
    centre = x.mean(0, dtype=torch.float64)
    nearest_so_far = torch.full((len(x), neighbours), inf, dtype=torch.float64, device=x.device)
    index = torch.zeros(len(x), neighbours, dtype=torch.int64, device=x.device)
    for rows in checks.slices(len(x), block):
        for columns in checks.slices(len(x), block):
            if columns.start < rows.start:
                continue
            squared, _ = tile(x[rows], x[columns], centre)
            if columns == rows:
                squared.fill_diagonal_(inf)
            else:
                _keep_nearest(nearest_so_far[columns], index[columns], squared.T, rows.start)
            _keep_nearest(nearest_so_far[rows], index[rows], squared, columns.start)
    radii = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    for column in index.T:
        for rows in checks.slices(len(x), max(1, AGAIN // x.shape[1])):
            radii[rows] = torch.maximum(radii[rows], measured(x[rows], x[column[rows]]))
    return radii


def _keep_nearest(nearest_so_far: Tensor, index: Tensor, squared: Tensor, offset: int) -> None:
    """Merge the columns of `squared` (rows, columns), numbered from `offset`, into the k nearest so far."""
    width = min(nearest_so_far.shape[1], squared.shape[1])
    values, columns = squared.topk(width, dim=1, largest=False, sorted=False)
    values, columns = torch.cat([nearest_so_far, values], 1), torch.cat([index, columns + offset], 1)
    best, picked = values.topk(nearest_so_far.shape[1], dim=1, largest=False, sorted=False)
    nearest_so_far.copy_(best)
    index.copy_(columns.gather(1, picked))


def tile(x: Tensor, y: Tensor, centre: Tensor) -> tuple[Tensor, float]:
    """Squared distances (n, m) by |x|² + |y|² - 2 x·y, and a bound of their rounding error.

    A dot product of `width` terms errs by at most width eps |x||y| (Higham 2002, §3.1); centring keeps the
    norms, and so the bound, near the size of the distances.
    """
    x, y = x.double() - centre, y.double() - centre
    norms_x, norms_y = x.square().sum(1), y.square().sum(1)
    squared = torch.addmm(norms_y, x, y.T, alpha=-2).add_(norms_x[:, None])
    eps = torch.finfo(torch.float64).eps
    return squared, 4 * (x.shape[1] + 4) * eps * float(norms_x.max() + norms_y.max())


def minus(squared: Tensor, radii: Tensor, slack: float, x: Tensor, y: Tensor) -> Tensor:
    """`squared` - `radii` (n, m) of a tile, with the sign of the plain formula also where they nearly tie."""
    over = squared - radii
    if float(over.abs().amin()) > slack:
        return over
    rows, columns = (over.abs() <= slack).nonzero(as_tuple=True)
    radii = radii.expand_as(squared)
    for part in checks.slices(len(rows), max(1, AGAIN // x.shape[1])):
        i, j = rows[part], columns[part]
        over[i, j] = measured(x[i], y[j]) - radii[i, j]
    return over


def measured(x: Tensor, y: Tensor) -> Tensor:
    """Squared distances (n) of paired rows: 0 for equal rows, and the same both ways round."""
    return (x.double() - y.double()).square().sum(1)

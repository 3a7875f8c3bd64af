"""Precision and recall of manifolds (Kynkäänniemi et al. 2019, eq. 1-3), density and coverage (Naeem et al.
2020, eq. 4-6), on balls around every sample that reach its k-th nearest neighbour of the same set.

With r_i the radius of real sample x_i among the real, s_j that of fake sample y_j among the fake, and strict
comparisons as in the authors' code:

    precision = mean_j any_i |x_i - y_j| < r_i        recall   = mean_i any_j |x_i - y_j| < s_j
    density   = sum_ij [|x_i - y_j| < r_i] / (k m)    coverage = mean_i any_j |x_i - y_j| < r_i

The standard errors are those of other fake samples of the same generator beside the same real ones, the
question when generators are compared. Given the real samples their balls are fixed, so precision and density
are means of independent values. Coverage is not, but leaving y_j out uncovers just the samples that y_j alone
covers: the delete-one jackknife, in closed form. It is not too low in expectation (Efron and Stein 1981), but
too high: 1.1 times where coverage is .5, 1.5 times where it is .92. Recall gets none: its balls move with
every fake sample, and what is cheap, its binomial spread over the real samples, leaves that out.
"""

from dataclasses import asdict, dataclass
from math import sqrt
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from harness.columns import Column
from harness.errors import MetricError
from harness.metrics import checks
from harness.metrics.inputs import Metric, MetricInputs, Values
from harness.metrics.nearest import BLOCK, minus, nearest, squared_radii, tile
from harness.metrics.shares import share_error


@dataclass(frozen=True)
class Manifold:
    """All in [0, 1] but density, which exceeds 1 where fake samples crowd around real ones; and the standard
    errors, over fake samples, of those that have one."""

    precision: float
    recall: float
    density: float
    coverage: float
    precision_se: float
    density_se: float
    coverage_se: float


def prdc(*, neighbours: Annotated[int, Field(ge=1)] = 5) -> Metric:
    """Precision, recall, density, coverage (Naeem et al. 2020)."""

    def compute(inputs: MetricInputs) -> Values:
        found = manifold_scores(inputs.neighbourhood.features, inputs.fake.features, neighbours=neighbours)
        return Values(asdict(found))

    names = ("precision", "recall", "density", "coverage")
    return Metric(tuple(Column(name, name.capitalize(), "higher") for name in names), compute)


def manifold_scores(real: Tensor, fake: Tensor, *, neighbours: int = 5, block: int = BLOCK) -> Manifold:
    """The four values of features (n, width) and (m, width), n and m above `neighbours`."""
    _refuse_no_neighbours("prdc", neighbours)
    x, y = checks.pair("prdc", real, fake, at_least=neighbours + 1)
    radii_x, radii_y = squared_radii(x, neighbours, block), squared_radii(y, neighbours, block)
    n, m = len(x), len(y)
    in_fake = torch.zeros(n, dtype=torch.bool, device=x.device)
    # Fake samples in each real ball, the last one met there, and the real balls around each fake sample.
    by_real, last_met = (torch.zeros(n, dtype=torch.int64, device=x.device) for _ in range(2))
    by_fake = torch.zeros(m, dtype=torch.int64, device=x.device)
    centre = x.mean(0, dtype=torch.float64)
    for rows in checks.slices(n, block):
        for columns in checks.slices(m, block):
            squared, slack = tile(x[rows], y[columns], centre)
            over = minus(squared, radii_x[rows, None], slack, x[rows], y[columns])
            inside = over < 0
            by_real[rows] += inside.sum(1)
            by_fake[columns] += inside.sum(0)
            least, where = over.min(1)
            last_met[rows] = torch.where(least < 0, where + columns.start, last_met[rows])
            over = minus(squared, radii_y[None, columns], slack, x[rows], y[columns])
            in_fake[rows] |= over.amin(1) < 0
    crowding = by_fake.double() / neighbours
    precision, recall, coverage = (
        float(mask.double().mean()) for mask in (by_fake > 0, in_fake, by_real > 0)
    )
    alone = (
        last_met[by_real == 1].bincount(minlength=m).double() / n
    )  # coverage lost without each fake sample
    return Manifold(
        precision,
        recall,
        density=float(crowding.mean()),
        coverage=coverage,
        precision_se=share_error(precision, m),
        density_se=float(crowding.std()) / sqrt(m),
        coverage_se=sqrt((m - 1) * float(alone.var(unbiased=False))),
    )


def coverage(name: str, real: Tensor, fake: Tensor, *, neighbours: int = 5, block: int = BLOCK) -> float:
    """Coverage alone, of features (n, width) and (m, width), n above `neighbours`, m >= 1: a third of the
    work, and no fake sample needs neighbours. `name` of the metric is for messages."""
    _refuse_no_neighbours(name, neighbours)
    x, y = checks.pair(name, real, fake)
    x = checks.matrix(name, "real", x, at_least=neighbours + 1)
    squared, _ = nearest(x, y, block)
    return float((squared < squared_radii(x, neighbours, block)).double().mean())


def _refuse_no_neighbours(name: str, neighbours: int) -> None:
    if neighbours < 1:
        raise MetricError(f"{name}: neighbours must be at least 1, not {neighbours}")

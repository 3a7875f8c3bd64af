"""A 95 % interval of FID by the bootstrap (Efron 1979), centred so that FID's bias does not shift it.

A sample drawn with replacement acts like a smaller one: its FID has the bias of the sample and once more as
much. The percentiles of resampled FIDs lie above the value, often all of them. So only their spread is used,
around their own mean (the basic interval of Davison and Hinkley 1997, eq. 5.6, after their bias correction):

    [value - (q.975 - mean), value - (q.025 - mean)].

What it covers is the expectation of FID at these sample counts, which is what a FID at a stated count is
compared by. It is not an interval of the distance of the distributions: see fid_infinity for its bias.
"""

from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from harness.columns import Column
from harness.metrics import checks
from harness.metrics.covariance import Gaussian
from harness.metrics.frechet import distance, too_few
from harness.metrics.inputs import Metric, MetricInputs, Values
from harness.metrics.ordering import in_order_of_content
from harness.seeding import generator

NAME = "fid_bootstrap"


@dataclass(frozen=True)
class Interval:
    """FID of the samples and its 95 % interval, in squared feature units: 0 <= low <= value <= high."""

    value: float
    low: float
    high: float


def fid_bootstrap(
    *, replicates: Annotated[int, Field(ge=20, description="how often both sides are resampled")] = 200
) -> Metric:
    """FID with a bootstrap interval over the images of both sides (Efron 1979)."""

    def compute(inputs: MetricInputs) -> Values:
        real, fake = inputs.reference.features, inputs.fake.features
        found = bootstrap(real, fake, replicates=replicates, seed=inputs.seed)
        values = {NAME: found.value, f"{NAME}_low": found.low, f"{NAME}_high": found.high}
        reason = too_few(len(real), len(fake), real.shape[1])
        return Values(values, unreliable={NAME: reason} if reason else {})

    return Metric((Column(NAME, "FID (bootstrap)", "lower"),), compute)


def bootstrap(real: Tensor, fake: Tensor, *, replicates: int = 200, seed: int = 0) -> Interval:
    """The interval of features (n, width) and (m, width), n, m >= 2.

    Every replicate is a whole FID: 200 of 10,000 samples take seconds at 64 features, and about nine
    minutes of one core at 2,048, where `fid_se` says much the same. Where the distributions are equal the
    gradient of FID vanishes and the replicates spread wider than FID does: the interval is too long there.
    Heavy tails shorten it, as they do every bootstrap's. The same samples in any order and the same seed
    give the same interval.
    """
    x, y = checks.pair(NAME, real, fake, at_least=2)
    x, y = in_order_of_content(x), in_order_of_content(y)
    value = distance(Gaussian.of(x), Gaussian.of(y))
    source = generator(seed, NAME)
    found = torch.tensor(
        [
            distance(Gaussian.of(_resampled(x, source)), Gaussian.of(_resampled(y, source)))
            for _ in range(replicates)
        ],
        dtype=torch.float64,
    )
    around = found - found.mean()
    low, high = (value - float(around.quantile(q)) for q in (0.975, 0.025))
    # One replicate far out can pull the mean past a quantile.
    return Interval(value, max(0.0, min(low, value)), max(high, value))


def _resampled(rows: Tensor, source: torch.Generator) -> Tensor:
    return rows[torch.randint(len(rows), (len(rows),), generator=source).to(rows.device)]

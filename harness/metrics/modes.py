"""Which modes of a known distribution of points are generated, and how often (PacGAN, Lin et al. 2018, §4.1).

As in the authors' code: a point counts for its nearest mode if its Euclidean distance from the centre is less
than 3 standard deviations sigma, and is then of high quality; a mode is found if one point counts for it. The
reverse KL is KL(p_g || p_data) over modes, p_g the shares of the points *that count*, p_data those of the
modes: a lost mode adds nothing by itself, but its mass goes to the others, so that m modes out of k, all of
them alike, read log k/m.
"""

from dataclasses import dataclass
from math import log
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from harness.columns import Column
from harness.errors import MetricError
from harness.metrics import checks
from harness.metrics.inputs import Metric, MetricInputs, Modes, Values
from harness.metrics.nearest import nearest
from harness.metrics.shares import kl_of_counts, share_error

NAME = "modes"


@dataclass(frozen=True)
class ModeCoverage:
    """counts: int64 (k,), the points that count for each mode; high_quality: their share of all points.

    kl: in nats, with `kl_se` its standard error; too high by about (k - 1) / 2n for n points that count. Both
    are None where no point counts.
    """

    counts: Tensor
    high_quality: float
    high_quality_se: float
    kl: float | None
    kl_se: float | None

    @property
    def found(self) -> int:
        return int((self.counts > 0).sum())


def modes(*, sigmas: Annotated[float, Field(gt=0)] = 3.0) -> Metric:
    """Modes found, high-quality share and reverse KL over modes, where modes are known (Lin et al. 2018)."""

    def compute(inputs: MetricInputs) -> Values:
        if inputs.modes is None:
            raise MetricError(
                f"{NAME}: the modes of the data are not known; remove it from evaluation.metrics,"
                " class_balance counts the classes of images"
            )
        return _values(inputs.fake.images.flatten(1), inputs.modes, sigmas)

    columns = (
        Column("modes", "Modes", "higher"),
        Column("high_quality", "High quality", "higher"),
        Column("mode_kl", "Mode KL", "lower"),
    )
    return Metric(columns, compute, needs=frozenset({"modes", "images"}))


def _values(points: Tensor, known: Modes, sigmas: float) -> Values:
    found = mode_coverage(points, known, sigmas=sigmas)
    values = {
        "modes": float(found.found),
        "high_quality": found.high_quality,
        "high_quality_se": found.high_quality_se,
    }
    of_data = high_quality_of_data(points.shape[1], sigmas)
    notes = []
    if of_data < 0.9:
        notes.append(
            f"High quality: in {points.shape[1]} dimensions only {100 * of_data:.3g} % of the data's own"
            f" points are within {sigmas:g} standard deviations; raise the option sigmas of metric {NAME}"
        )
    unreliable = {}
    if found.kl is None or found.kl_se is None:
        # KL is not defined; what is written is its upper limit, so that nothing looks worse than this.
        values["mode_kl"] = -log(float(known.shares.min()))
        unreliable["mode_kl"] = (
            "no generated point is near a mode: KL is not defined, its upper limit is given"
        )
    else:
        values |= {"mode_kl": found.kl, "mode_kl_se": found.kl_se}
    return Values(values, tuple(notes), {"high_quality/data": of_data}, unreliable)


def mode_coverage(points: Tensor, known: Modes, *, sigmas: float = 3.0) -> ModeCoverage:
    """Of points (n, dim), n >= 2, in the coordinates of the modes."""
    points = checks.matrix(NAME, "fake", points, at_least=2).double()
    centres = known.centres.double().to(points.device)
    if points.shape[1] != centres.shape[1]:
        raise MetricError(
            f"{NAME}: points have {points.shape[1]} coordinates, and the modes {centres.shape[1]}"
        )
    squared, index = nearest(points, centres)
    counted = index[squared.sqrt() < sigmas * known.sigma].cpu()
    counts = counted.bincount(minlength=len(centres))
    share = len(counted) / len(points)
    kl, kl_se = kl_of_counts(counts, known.shares.cpu()) if len(counted) else (None, None)
    return ModeCoverage(counts, share, share_error(share, len(points)), kl, kl_se)


def high_quality_of_data(dim: int, sigmas: float) -> float:
    """Share of a Gaussian in `dim` dimensions within `sigmas` standard deviations: P(chi²_dim < sigmas²)."""
    half = torch.tensor([dim / 2, sigmas**2 / 2], dtype=torch.float64)
    return float(torch.special.gammainc(half[0], half[1]))

"""Parzen-window log-likelihood, the measure of the first GAN's table 1 (Goodfellow et al. 2014, section 5).

Every generated image is the centre of an isotropic Gaussian, in pixels from 0 to 1 (d of them); a real image
x then has

    log p(x) = log 1/n sum_i exp(-|x - c_i|² / 2σ²) - d log(σ √2π)        nats

The protocol is that of the paper's own script: σ is the one of ten between 0.1 and 1, evenly spaced in their
logarithm, that makes the first 1,000 validation images likeliest; reported is the mean over the test images,
with its standard error over test images (not over seeds). Generated images are rounded to grey levels first,
as for every metric here; that costs about a tenth of a nat.

It is here to stand beside the numbers of its time. It prefers centroids of k-means to true samples (Theis et
al. 2016, table 1), and it grows with the number of centres, so never compare it across counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, pi
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from harness.columns import Column
from harness.errors import ConfigError, MetricError
from harness.metrics import checks
from harness.metrics.inputs import Metric, MetricInputs, Values

BLOCK = 1024
"""Side of the tiles of the distance matrix: 8 MiB in float64, whatever the number of centres."""

Sigma = Annotated[float, Field(gt=0, description="in pixels from 0 to 1")]


@dataclass(frozen=True)
class ParzenScore:
    """Mean log-likelihood of points in nats, its standard error over them, and the σ it stands on."""

    mean: float
    standard_error: float
    sigma: float


def parzen(
    *,
    smallest_sigma: Sigma = 0.1,
    largest_sigma: Sigma = 1.0,
    sigmas: Annotated[int, Field(ge=1, description="how many are tried")] = 10,
    selection: Annotated[int, Field(ge=1, description="validation images that choose sigma")] = 1000,
) -> Metric:
    """Parzen-window log-likelihood of test images, in nats (Goodfellow et al. 2014, table 1)."""
    if smallest_sigma > largest_sigma:
        raise ConfigError(f"parzen: smallest_sigma {smallest_sigma} is above largest_sigma {largest_sigma}")
    ratio = (largest_sigma / smallest_sigma) ** (1 / max(1, sigmas - 1))
    tried = [smallest_sigma * ratio**index for index in range(sigmas)]

    def compute(inputs: MetricInputs) -> Values:
        chooser, judged = inputs.validation.first(selection), inputs.test
        if judged is None:  # a search keeps off the test split: σ is chosen on one half, judged on the other
            half = min(selection, len(inputs.validation) // 2)
            chooser, judged = inputs.validation.first(half), inputs.validation.after(half)
        centres = pixels("fake", inputs.fake.images, at_least=2)
        found = parzen_score(
            centres, pixels("validation", chooser.images), pixels("real", judged.images), tried
        )
        values = {"parzen": found.mean, "parzen_se": found.standard_error}
        return Values(values, _notes(found, tried, len(centres)))

    return Metric(
        (Column("parzen", "Parzen LL", "higher"),),
        compute,
        control="train",
        needs=frozenset({"images", "held_out"}),
    )


def parzen_score(centres: Tensor, validation: Tensor, points: Tensor, sigmas: Sequence[float]) -> ParzenScore:
    """The score of centres (n, d) on points (m, d), with the σ that makes `validation` (k, d) likeliest."""
    chosen = log_likelihoods(centres, validation, sigmas).mean(1).argmax()
    sigma = sigmas[int(chosen)]
    found = log_likelihoods(centres, points, [sigma])[0]
    error = float(found.std(unbiased=False)) / len(found) ** 0.5
    return ParzenScore(checks.finite("parzen", float(found.mean())), error, sigma)


def log_likelihoods(
    centres: Tensor, points: Tensor, sigmas: Sequence[float], *, block: int = BLOCK
) -> Tensor:
    """log p of points (m, d) under Gaussians of each width at centres (n, d): float64 (len(sigmas), m), nats.

    Distances come from a matrix product, once for all widths. The centres' mean is taken off both sides
    before, which keeps the norms, and so the rounding, near the size of the distances.
    """
    y, x = checks.pair("parzen", points, centres)
    if not sigmas or min(sigmas) <= 0:
        raise MetricError(f"parzen: every sigma must be above 0, not {list(sigmas)}")
    middle = x.mean(0, dtype=torch.float64)
    sums = torch.full((len(sigmas), len(y)), -torch.inf, dtype=torch.float64, device=y.device)
    for rows in checks.slices(len(y), block):
        point = y[rows].double() - middle
        norms = point.square().sum(1, keepdim=True)
        for columns in checks.slices(len(x), block):
            centre = x[columns].double() - middle
            squared = torch.addmm(norms, point, centre.T, alpha=-2).add_(centre.square().sum(1)).clamp_(min=0)
            for index, sigma in enumerate(sigmas):
                here = (squared * (-0.5 / sigma**2)).logsumexp(1)
                sums[index, rows] = torch.logaddexp(sums[index, rows], here)
    norm = [log(len(x)) + x.shape[1] * (log(sigma) + 0.5 * log(2 * pi)) for sigma in sigmas]
    return sums - sums.new_tensor(norm)[:, None]


def pixels(name: str, images: Tensor, *, at_least: int = 1) -> Tensor:
    """Images (n, ...), uint8, as rows (n, d) of 0..1 in float64; points, which are floats, as they are.
    Refused where too few or not finite."""
    rows = checks.matrix("parzen", name, images.flatten(1), at_least=at_least)
    return rows.double() if images.is_floating_point() else rows.double().div_(255)


def _notes(found: ParzenScore, tried: Sequence[float], count: int) -> tuple[str, ...]:
    notes = [
        f"Parzen LL: sigma {found.sigma:.4g}, {count:,} centres; compare only values of equally many centres."
        " Its floor has train images as centres"
    ]
    if len(tried) > 1 and found.sigma in (tried[0], tried[-1]):
        end = "smallest" if found.sigma == tried[0] else "largest"
        notes.append(
            f"Parzen LL: sigma {found.sigma:.4g} is the {end} that was tried, a better one may lie beyond;"
            f" move {end}_sigma"
        )
    return tuple(notes)

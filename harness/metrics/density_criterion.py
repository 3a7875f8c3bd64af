"""C(G) where the density of the data is known: only p_g has to be estimated.

With D = p / (p + q), p the exact density of the data and q a kernel density of some generated points, the
value V(D, G) on real points and on other generated points is an unbiased estimate of a lower bound of C(G)
(Goodfellow et al. 2014, theorem 1), whatever q is. q is `kernel_density`, with p itself among its components:
where the generator is right, no kernel is in the way.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log

import numpy as np
import torch
from torch import Tensor

from harness.columns import Column
from harness.criterion import SATURATED
from harness.divergences import Estimate, monte_carlo
from harness.errors import MetricError
from harness.metrics import checks
from harness.metrics.inputs import Metric, MetricInputs, Values
from harness.metrics.kernel_density import Kernels, fit_weights, flushed_denormals, stacked
from harness.seeding import generator

NAME = "density_criterion"

MOST = 10_000
"""Points of a side that are used; the cost is quadratic in them."""

FEWEST = 20
FOLDS = 5
NORMAL_95 = 1.959963984540054
LogDensity = Callable[[Tensor], Tensor]


def density_criterion() -> Metric:
    """C(G) with the exact density of the data, against a kernel density of generated points."""
    columns = (
        Column("criterion_density", "C(G), p_data known", "lower"),
        Column("jsd_density", "JSD, p_data known", "lower"),
    )
    return Metric(columns, _compute, needs=frozenset({"density", "images"}))


def _compute(inputs: MetricInputs) -> Values:
    if inputs.log_density is None:
        raise MetricError(
            f"{NAME}: the density of the data is not known; remove it from evaluation.metrics, criterion"
            " estimates C(G) from samples alone"
        )
    real, fake = inputs.held_out.images.flatten(1), inputs.fake.images.flatten(1)
    found = estimate_jsd(real, fake, inputs.log_density, seed=inputs.seed)
    half = NORMAL_95 * found.standard_error
    low, jsd, high = (
        min(max(value, 0.0), log(2)) for value in (found.value - half, found.value, found.value + half)
    )
    notes = []
    if jsd > SATURATED:
        notes.append(
            "C(G), p_data known: saturated, JSD is above .95 log 2: real and generated points hardly overlap,"
            " and the value no longer says how far apart they are"
        )
    if low <= 0:
        notes.append(
            "C(G), p_data known: the generated points could not be told from the density of the data: the"
            " bound cannot tell this from a perfect generator, and its interval does not say that it is one"
        )
    if (dim := real.shape[1]) > 3:
        notes.append(f"C(G), p_data known: a kernel density in {dim} dimensions makes the bound a loose one")
    jsd_values = {"jsd_density": jsd, "jsd_density_low": low, "jsd_density_high": high}
    names = {key: key.replace("jsd", "criterion") for key in jsd_values}
    return Values(
        {names[key]: 2 * value - log(4) for key, value in jsd_values.items()} | jsd_values, tuple(notes)
    )


def estimate_jsd(real: Tensor, fake: Tensor, log_density: LogDensity, *, seed: int) -> Estimate:
    """A lower bound of JSD(p_data, p_g) in nats from real and fake points (n, dim) and (m, dim).

    Unclamped, so below 0 by chance where p_g is p_data. The standard error is that of the bound for the
    densities that were fitted. At most 10,000 points a side are used, drawn with `seed`; the same points in
    any order and the same seed give the same value. At 10,000 points in one or two dimensions it lies
    0 to .006 below the JSD with the exact p_g on the same points.
    """
    x, y = checks.pair(NAME, real, fake, at_least=FEWEST)
    # Apart: in one order the n-th smallest point of either side would fall into one fold, and they are alike.
    x, y = _shuffled(x, "real", seed)[:MOST].double(), _shuffled(y, "fake", seed)[:MOST].double()
    with flushed_denormals():
        at_x, at_y = (torch.cat(side).numpy() for side in zip(*_log_ratios(x, y, log_density), strict=True))
    return monte_carlo.js_divergence(at_x, at_y)


@dataclass(frozen=True)
class _Side:
    """Points (n, dim) in FOLDS parts, and the log density of the data at them."""

    points: tuple[Tensor, ...]
    log_p: tuple[Tensor, ...]

    @classmethod
    def of(cls, points: Tensor, log_density: LogDensity) -> "_Side":
        return cls(points.tensor_split(FOLDS), log_density(points).cpu().double().tensor_split(FOLDS))


def _log_ratios(x: Tensor, y: Tensor, log_density: LogDensity) -> Iterator[tuple[Tensor, Tensor]]:
    """log p/q at real and at fake points, fold by fold; a fold's fake points had no part in its q."""
    real, fake = _Side.of(x, log_density), _Side.of(y, log_density)
    for judged in range(FOLDS):
        chooser = (judged + 1) % FOLDS  # the fold that chooses the weights, on kernels of those left
        kept = [part for fold, part in enumerate(fake.points) if fold not in {judged, chooser}]
        weights = fit_weights(Kernels.on(torch.cat(kept)), fake.points[chooser], fake.log_p[chooser])
        kernels = Kernels.on(torch.cat([*kept, fake.points[chooser]]))
        at_x, at_y = (
            side.log_p[judged] - stacked(kernels, weights, side.points[judged], side.log_p[judged])
            for side in (real, fake)
        )
        yield at_x, at_y


def _shuffled(points: Tensor, side: str, seed: int) -> Tensor:
    """(n, dim) on the CPU, in an order that depends on points and seed, not on the order they come in."""
    points = points.cpu()
    order = torch.from_numpy(np.lexsort(points.numpy().T))
    return points[order][torch.randperm(len(points), generator=generator(seed, f"{NAME}/{side}"))]

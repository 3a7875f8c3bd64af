"""The GAN criterion from samples: C(G) = max_D V(D, G) = 2 JSD(p_data || p_g) - log 4, in nats.

For any D, V(D, G) = E log D(x) + E log(1 - D(y)) is at most C(G) (Goodfellow et al. 2014, theorem 1). So a
fresh discriminator, fitted on one part of the samples and judged on another that played no part in fitting
it, gives an unbiased estimate of a lower bound of C(G), however good or bad it is. The discriminator of the
training says nothing of the kind: it is stale, and it has seen its samples.
"""

import time
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from math import log

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import logsigmoid

from harness.errors import MetricError
from harness.metrics import checks
from harness.metrics.discriminator import fitted_logit
from harness.metrics.inputs import Column, Metric, MetricInputs, Values
from harness.seeding import derive, generator

Images = Tensor | NDArray[np.uint8] | NDArray[np.floating]

LOG_2 = log(2)
SATURATED = 0.95 * LOG_2
"""Above this JSD (nats) no longer says how far apart the supports are."""

MOST = 10_000
"""Samples of a side that are used; more cost time and move the value little."""

FEWEST = 20
SPLIT = (0.5, 0.2)
"""Shares that fit the discriminator, and that stop and calibrate it; the rest judges it."""

RESAMPLES = 1_000
LEVEL = 0.95


@dataclass(frozen=True)
class CriterionEstimate:
    """C(G) and JSD in nats, with bootstrap intervals of the bound that the discriminator certifies.

    value in [-log 4, 0], jsd in [0, log 2]; jsd_raw is not clamped and is below 0 when the discriminator did
    worse than a coin. `num_real` and `num_fake` are the samples used, of all splits.
    """

    value: float
    low: float
    high: float
    jsd: float
    jsd_low: float
    jsd_high: float
    jsd_raw: float
    saturated: bool
    num_real: int
    num_fake: int
    seconds: float


def criterion() -> Metric:
    """GAN criterion C(G) = 2 JSD - log 4, bounded from below (Goodfellow et al. 2014)."""
    columns = (Column("criterion", "C(G)", "lower"), Column("jsd", "JSD", "lower"))
    return Metric(columns, _compute)


def _compute(inputs: MetricInputs) -> Values:
    real, fake = inputs.held_out.images, inputs.fake.images
    found = estimate_criterion(real, fake, seed=inputs.seed, device=inputs.device)
    notes = []
    if found.saturated:
        notes.append(
            "C(G): saturated, JSD is above .95 log 2: real and fake hardly overlap, and the value no longer"
            " says how far apart they are"
        )
    if found.jsd_low <= 0:
        notes.append(
            "C(G): the discriminator did not reliably beat chance on held-out samples: the bound cannot tell"
            " this from a perfect generator, and its interval does not say that it is one"
        )
    return Values(
        {
            "criterion": found.value,
            "criterion_low": found.low,
            "criterion_high": found.high,
            "jsd": found.jsd,
            "jsd_low": found.jsd_low,
            "jsd_high": found.jsd_high,
        },
        tuple(notes),
    )


def estimate_criterion(
    real: Images, fake: Images, *, seed: int, device: torch.device | str = "cpu"
) -> CriterionEstimate:
    """A lower bound of C(G), and of JSD, from samples of p_data and of p_g.

    `real` (n, ...) and `fake` (m, ...) have one shape a sample and one dtype: float, or uint8 images. Send
    both through the same rounding: images on different grids have disjoint supports and JSD log 2, truly.
    `real` must not have trained the generator. min(n, m, 10,000) samples a side are used, drawn with `seed`.

    In expectation the raw value is a lower bound for ANY discriminator, because it is evaluated on samples
    that neither fitted nor stopped nor calibrated it; how far below the truth depends on the discriminator.
    The 95 % interval (percentile bootstrap of the test samples) is of that bound, not of C(G) itself: no
    upper bound of C(G) can be had from samples alone.

    The same samples in any order and the same seed give the same value; torch's global generators are
    neither read nor moved.
    """
    start = time.perf_counter()
    x, y = _matrices(real, fake)
    count = min(len(x), len(y), MOST)
    x, y = (side[_order(side, seed)[:count]] for side in (x, y))
    ends = (int(SPLIT[0] * count), int(sum(SPLIT) * count))
    parts = [torch.stack(pair) for pair in zip(_cut(x, ends), _cut(y, ends), strict=True)]
    logits = fitted_logit(parts[0], parts[1], parts[2], seed=seed, device=device)
    # Log-sigmoid of the logit, never log of a sigmoid: that is -inf from a logit of -104 on.
    terms = torch.stack([LOG_2 + logsigmoid(logits[0]), LOG_2 + logsigmoid(-logits[1])])
    raw = float(terms.mean(1).mean())
    jsd, low, high = (min(max(jsd, 0.0), LOG_2) for jsd in (raw, *_bootstrap(terms, seed)))
    return CriterionEstimate(
        value=2 * jsd - 2 * LOG_2,
        low=2 * low - 2 * LOG_2,
        high=2 * high - 2 * LOG_2,
        jsd=jsd,
        jsd_low=low,
        jsd_high=high,
        jsd_raw=raw,
        saturated=jsd > SATURATED,
        num_real=count,
        num_fake=count,
        seconds=time.perf_counter() - start,
    )


def _matrices(real: Images, fake: Images) -> tuple[Tensor, Tensor]:
    """Both sides as (n, width) tensors on the CPU, checked."""
    # Arrays are copied: torch warns of read-only ones, which memory maps are.
    x, y = (
        torch.from_numpy(np.array(side)) if isinstance(side, np.ndarray) else side.detach().cpu()
        for side in (real, fake)
    )
    for name, side in (("real", x), ("fake", y)):
        if side.ndim < 2 or 0 in side.shape[1:]:
            raise MetricError(f"criterion: {name} must have shape (n, ...), not {tuple(side.shape)}")
        if len(side) < FEWEST:
            raise MetricError(
                f"criterion: {len(side)} {name} samples are too few, it needs at least {FEWEST} that did not"
                " train the generator; choose a larger held-out split or remove criterion from"
                " evaluation.metrics"
            )
        checks.refuse_non_finite("criterion", name, side)
    if x.shape[1:] != y.shape[1:]:
        shapes = f"{tuple(x.shape[1:])} and {tuple(y.shape[1:])}"
        raise MetricError(f"criterion: real and fake samples must have one shape, not {shapes}")
    if x.is_floating_point() != y.is_floating_point():
        raise MetricError(
            f"criterion: real is {x.dtype} and fake is {y.dtype}; round both to the same grid (uint8), or the"
            " rounding alone tells them apart"
        )
    dtype = torch.promote_types(x.dtype, y.dtype)
    return x.flatten(1).to(dtype), y.flatten(1).to(dtype)


def _order(side: Tensor, seed: int) -> Tensor:
    """A permutation that depends on the rows' content and the seed, not on the order they come in.

    An image that is both real and fake falls in one part on both sides. In two parts it would leak: what was
    real in fitting is then fake in judging. Copies of an image on one side are spread over the parts.
    """
    copies: Counter[bytes] = Counter()
    keys = []
    for row in side.numpy():
        content = blake2b(row.tobytes(), digest_size=16).digest()
        copies[content] += 1
        keys.append(derive(seed, content.hex(), copies[content]))
    return torch.tensor(keys).argsort()


def _cut(side: Tensor, ends: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    return side[: ends[0]], side[ends[0] : ends[1]], side[ends[1] :]


def _bootstrap(terms: Tensor, seed: int) -> tuple[float, float]:
    """Percentile interval of the mean over sides of the mean of `terms` (2, n), both sides resampled."""
    source = generator(seed, "criterion/bootstrap")
    sides = [
        side[torch.randint(len(side), (RESAMPLES, len(side)), generator=source)].mean(1) for side in terms
    ]
    tails = torch.tensor([(1 - LEVEL) / 2, (1 + LEVEL) / 2], dtype=torch.float64)
    low, high = torch.stack(sides).mean(0).quantile(tails).tolist()
    return low, high

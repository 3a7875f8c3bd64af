"""C(G) from samples of p_data and p_g, with an interval, at any dimension.

For any D, V(D, G) = E log D(x) + E log(1 - D(y)) is at most C(G) (Goodfellow et al. 2014, theorem 1). So
a fresh discriminator judged on samples it never saw gives an unbiased estimate of a lower bound of C(G),
however good or bad it is: the art is a D near D*. Here discriminators of many kinds compete in every fold of
a cross-fit, and samples that none of them fitted combine them. The discriminator of a training says nothing
of the kind: it is stale, and it has seen its samples.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from harness.criterion.folds import Doubles, Fold, folds
from harness.criterion.probes import PROBES, Task
from harness.criterion.samples import Samples, as_tensors, drawn, scaled
from harness.criterion.stack import best, stacked
from harness.criterion.verdict import LOG_2, SATURATED, Verdict, certified, clamped, verdict
from harness.seeding import derive

MOST = 10_000
"""Samples of a side that are used; more cost time and move the value little."""

CURVE_FOLDS = 2
"""Folds that are fitted once more, on half of their training samples, for the learning curve."""


@dataclass(frozen=True)
class CriterionEstimate:
    """C(G) and JSD in nats: a lower bound, its 95 % interval, and what each probe alone gave.

    value in [-log 4, 0] and jsd in [0, log 2], with their intervals, are clamped; jsd_raw is not, and is
    below 0 when the discriminator did worse than a coin. In expectation jsd_raw is a LOWER BOUND of the true
    JSD, whatever the probes; low and high are the interval of that bound, not of the truth: no upper bound of
    JSD can be had from samples alone. high is never below the least JSD that n samples could show, 8.5/n.

    extrapolated: JSD with as many training samples as one likes, as the learning curve has it (full + (full -
    half), errors falling as 1/n). Less bias, no bound.
    beats_chance: whether jsd_low is above 0; if not, nothing tells this generator from a perfect one.
    saturated: JSD is above .95 log 2 and no longer says how far apart the supports are. `certified` then
    still holds: the JSD that the share of held-out samples on the wrong side, `error_rate`, proves at 95 %.
    """

    value: float
    low: float
    high: float
    jsd: float
    jsd_low: float
    jsd_high: float
    jsd_raw: float
    extrapolated: float
    saturated: bool
    beats_chance: bool
    error_rate: float
    certified: float
    probes: Mapping[str, float]
    num_real: int
    num_fake: int
    seconds: float


@dataclass(frozen=True)
class _Judged:
    """One fold: the stack's logits at its test samples, and those of every probe."""

    stack: Doubles
    alone: Mapping[str, Doubles]
    y: Doubles


def estimate_criterion(
    real: Samples, fake: Samples, *, seed: int, device: torch.device | str = "cpu"
) -> CriterionEstimate:
    """A lower bound of C(G), and of JSD, from samples of p_data and of p_g.

    `real` (n, d) or (n, channels, height, width) and `fake` (m, ...): one shape a sample, both float or both
    uint8. Send both through the same rounding: images on different grids have disjoint supports and JSD
    log 2, truly. `real` must not have trained the generator. min(n, m, 10,000) samples a side are used.

    Features of samples bound the samples themselves from below: no function of x can raise a JSD (the data
    processing inequality), so pixels and features are two bounds of the same C(G).

    The same samples in any order and the same seed give the same value on one machine; torch's global
    generators are neither read nor moved. MetricError for shapes that differ, NaN, or under 40 samples.
    """
    start = time.perf_counter()
    x, y = as_tensors(real, fake)
    shape = tuple(x.shape[1:])
    count = min(len(x), len(y), MOST)
    matrices = scaled(drawn(x, count, seed), drawn(y, count, seed))
    parts = list(folds(*matrices, shape))
    judged = [_judge(fold, derive(seed, "criterion", index), str(device)) for index, fold in enumerate(parts)]
    halves = [
        _judge(fold.halved(), derive(seed, "criterion/half", index), str(device))
        for index, fold in enumerate(parts[:CURVE_FOLDS])
    ]
    found = _verdict(judged)
    jsd = clamped(found.raw)
    gain = _verdict(judged[:CURVE_FOLDS]).raw - _verdict(halves).raw
    return CriterionEstimate(
        value=_criterion(jsd),
        low=_criterion(found.low),
        high=_criterion(max(found.high, jsd)),
        jsd=jsd,
        jsd_low=found.low,
        jsd_high=max(found.high, jsd),
        jsd_raw=found.raw,
        extrapolated=found.raw + gain,
        saturated=jsd > SATURATED,
        beats_chance=found.low > 0,
        error_rate=found.error_rate,
        certified=certified(found.error_rate, 2 * count),
        probes={name: _verdict(judged, name).raw for name in judged[0].alone},
        num_real=count,
        num_fake=count,
        seconds=time.perf_counter() - start,
    )


def _judge(fold: Fold, seed: int, device: str) -> _Judged:
    """Every probe fitted, chosen and calibrated, and all of them stacked, without a look at the test part."""
    y = fold.validation.y
    tried = {name: probe(Task(fold, derive(seed, name), device)) for name, probe in PROBES.items()}
    tried = {name: candidates for name, candidates in tried.items() if candidates}
    alone = {name: best(candidates, y).test for name, candidates in tried.items()}
    return _Judged(stacked(list(tried.values()), y), alone, fold.test.y)


def _verdict(judged: list[_Judged], probe: str | None = None) -> Verdict:
    """What the stack says over these folds, or one probe alone."""
    logits = np.concatenate([fold.stack if probe is None else fold.alone[probe] for fold in judged])
    y = np.concatenate([fold.y for fold in judged])
    return verdict(logits[y == 1], logits[y == 0])


def _criterion(jsd: float) -> float:
    return 2 * jsd - 2 * LOG_2

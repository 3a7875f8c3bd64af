"""Inception score: exp of the mutual information of image and predicted class (Salimans et al. 2016, §4)."""

from dataclasses import dataclass
from math import sqrt
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from harness.columns import Column
from harness.errors import MetricError
from harness.metrics import checks
from harness.metrics.inputs import Metric, MetricInputs, Values
from harness.seeding import generator

KEY = "inception_score"


@dataclass(frozen=True)
class ClassScore:
    """Mean over the splits, in [1, classes], and its standard error (None for one split)."""

    value: float
    standard_error: float | None


def inception_score(*, splits: Annotated[int, Field(ge=1)] = 10) -> Metric:
    """Inception score of the fake images' logits (Salimans et al. 2016)."""

    def compute(inputs: MetricInputs) -> Values:
        logits = inputs.fake.logits
        if logits is None:
            raise MetricError(
                "inception_score: the extractor gives no logits;"
                " remove inception_score from evaluation.metrics or use features: classifier"
            )
        found = score_from_logits(logits, splits=splits, seed=inputs.seed)
        values = {KEY: found.value}
        if found.standard_error is not None:
            values[f"{KEY}_se"] = found.standard_error
        per_split, classes = len(logits) // splits, logits.shape[1]
        if per_split >= classes:
            return Values(values)
        bounded = f"{per_split} samples a split bound the score at {per_split}, below the {classes} classes"
        return Values(values, unreliable={KEY: bounded})

    return Metric((Column(KEY, "IS", "higher"),), compute, needs=frozenset({"logits"}))


def score_from_logits(logits: Tensor, *, splits: int = 10, seed: int = 0) -> ClassScore:
    """exp(mean_i KL(p(y | x_i) || mean_i p(y | x_i))) of logits (n, classes), n >= splits.

    The mean over `splits` parts of a permutation drawn from `seed`. The standard error is std / splits^½
    (n - 1 in the std): the parts are disjoint, hence independent. Log-probabilities throughout, so a class of
    probability 0 gives 0 and not NaN.
    """
    logits = checks.matrix(KEY, "fake logits", logits, at_least=splits)
    order = torch.randperm(len(logits), generator=generator(seed, KEY)).to(logits.device)
    parts = logits[order].chunk(splits)
    scores = torch.stack([_score(part.double()) for part in parts])
    error = float(scores.std()) / sqrt(len(parts)) if len(parts) > 1 else None
    return ClassScore(float(scores.mean()), error)


def _score(logits: Tensor) -> Tensor:
    log_p = logits.log_softmax(1)
    log_marginal = log_p.logsumexp(0) - torch.tensor(float(len(logits)), dtype=torch.float64).log()
    # Rounding can put a score of exactly 1 a hair below it.
    return (log_p.exp() * (log_p - log_marginal)).sum(1).mean().exp().clamp_min(1.0)

"""Searches that nobody ran: trials with numbers as a search would give them."""

import math
import random
from typing import Any

from harness.config.space import Parameter, Space
from harness.trials import Objective, TrialRecord

FID = Objective("fid", "FID", higher_is_better=False)
SECONDS = Objective("seconds", "seconds", higher_is_better=False)
PRECISION = Objective("precision", "precision", higher_is_better=True)

PENALTIES = {"none": [], "r1": [{"name": "r1", "weight": 0.5}]}
PARAMETERS = (
    Parameter("training.learning_rate", "float", 1e-5, 1e-2, True, None, {}, {}),
    Parameter("penalties", "choice", 0, 0, False, None, PENALTIES, {}),
    Parameter("penalties.0.weight", "float", 0.01, 10.0, True, None, {}, {"penalties": ("r1",)}),
    Parameter("training.betas.0", "float", 0.0, 0.9, False, None, {}, {}),
    Parameter("training.discriminator_steps", "int", 1, 5, False, None, {}, {}),
    Parameter("training.batch_size", "int", 16, 256, True, None, {}, {}),
    Parameter("training.discriminator_learning_rate", "float", 1e-5, 1e-2, True, None, {}, {}),
    Parameter(
        "loss",
        "choice",
        0,
        0,
        False,
        None,
        {name: name for name in ("non_saturating", "hinge", "wasserstein", "least_squares")},
        {},
    ),
    Parameter("training.ema", "float", 0.9, 0.9999, False, None, {}, {}),
    Parameter("network.latent.size", "int", 8, 128, True, None, {}, {}),
    Parameter("network.normalisation", "choice", 0, 0, False, None, {"batch": "batch", "$none$": None}, {}),
    Parameter("training.warmup_steps", "int", 0, 1000, False, 100, {}, {}),
)


def space(parameters: int = len(PARAMETERS)) -> Space:
    return Space(PARAMETERS[:parameters])


def point(source: random.Random, searched: Space) -> dict[str, Any]:
    drawn: dict[str, Any] = {}
    for parameter in searched.parameters:
        if not searched.active(parameter, drawn):
            continue
        low, high = parameter.low, parameter.high
        if parameter.kind == "choice":
            drawn[parameter.key] = source.choice(list(parameter.choices))
            continue
        value = low * (high / low) ** source.random() if parameter.log else source.uniform(low, high)
        drawn[parameter.key] = round(value) if parameter.kind == "int" else value
    return drawn


def trials(n: int, searched: Space, seed: int = 0, *, level: float = 1.5) -> tuple[TrialRecord, ...]:
    """FID is least at a learning rate of 6e-4; a tenth fails, a third is pruned, some diverge."""
    source = random.Random(seed)
    return tuple(_trial(number, point(source, searched), source, level) for number in range(n))


def _trial(number: int, params: dict[str, Any], source: random.Random, level: float) -> TrialRecord:
    away = math.log10(params.get("training.learning_rate", 1e-3) / 6e-4)
    other = {"wasserstein": 0.4, "least_squares": 0.2}.get(params.get("loss", ""), 0.0)
    end = level * math.exp(0.9 * away**2 + other + source.gauss(0, 0.15))
    fate = source.random()
    if fate < 0.08:
        return TrialRecord(
            number, "failed", params, (), {500: 90.0}, 9.0, f"non-finite loss_d at step {number * 7 + 500}"
        )
    if fate < 0.11:
        end *= 300  # collapsed, and measured all the same
    steps = range(500, 4001, 500)
    curve = {step: end + 60 * math.exp(-step / 700) * source.uniform(0.9, 1.1) for step in steps}
    if end > 4 * level and fate < 0.8:
        cut = source.choice([500, 1000, 1500])
        curve = {step: value for step, value in curve.items() if step <= cut}
        return TrialRecord(
            number, "pruned", params, (curve[cut],), curve, 10.0, f"worse than the median at step {cut}"
        )
    seconds = 20 + 0.1 * params.get("training.batch_size", 64) + source.uniform(0, 5)
    return TrialRecord(number, "complete", params, (curve[4000], seconds), curve, seconds, "")


def as_in_file(number: int, value: float, seconds: float = 30.0) -> TrialRecord:
    """The trial of the file's own configuration."""
    curve = {step: value + 60 * math.exp(-step / 700) for step in range(500, 4000, 500)} | {4000: value}
    return TrialRecord(number, "complete", {}, (value, seconds), curve, seconds, "")


def failed(number: int, params: dict[str, Any]) -> TrialRecord:
    return TrialRecord(number, "failed", params, (), {}, 3.0, "non-finite loss_d at step 12")

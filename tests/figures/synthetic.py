"""Small results that no training gave, as figures see them."""

import math
from pathlib import Path
from typing import Any

from harness.runs import Run

X = [x / 10 for x in range(-40, 41)]


def normal(x: float, mean: float) -> float:
    return math.exp(-((x - mean) ** 2) / 2) / math.sqrt(2 * math.pi)


def curves(shift: float, d: float | None = None) -> dict[str, Any]:
    """A record of N(0, 1) against N(shift, 1); D is the best one, or says `d` everywhere."""
    p, q = [normal(x, 0) for x in X], [normal(x, shift) for x in X]
    best = [a / (a + b) for a, b in zip(p, q, strict=True)]
    return {
        "x": X,
        "p_data": p,
        "p_g": q,
        "d": best if d is None else [d] * len(X),
        "d_optimal": best,
        "z": [-1.0, 0.0, 1.0],
        "g": [shift - 1, shift, shift + 1],
    }


def stages(shift: float) -> dict[str, Any]:
    return {
        "as_it_is": curves(shift, 0.5),
        "discriminator_trained": curves(shift),
        "generator_trained": curves(shift / 2),
    }


def trained(variant: str = "base", seed: int = 0, *, finished: bool = True, up: float = 0.0) -> Run:
    """C(G) falling over three evaluations, V below it, and records of both diagnostics."""
    evaluations = {
        step: {
            "eval/criterion": -1.0 - step / 1000 + up,
            "theory/v": -1.2 - step / 2000,
            "theory/v_optimal": -1.0 - step / 1000,
            "theory/d_error": 0.3 - step / 1000,
        }
        for step in (100, 200, 300)
    }
    results: dict[str, Any] | None = {"theory": {"v": -1.3}, "values": {}} if finished else None
    records = {
        "figure1": {0: stages(3.0), 100: stages(2.0), 300: stages(0.1)},
        "optimal_discriminator": {step: curves(1.0, 0.5 + step / 1000) for step in (0, 100, 200, 300)},
    }
    return Run(variant, seed, {"network": {"name": "mlp"}}, results, evaluations, records)


def at_distance(theta: float, seed: int = 0, *, critic: bool = False, up: float = 0.0) -> Run:
    """A run of two lines at distance theta."""
    values = {"eval/jsd": math.log(2) * (theta > 0) - up, "eval/jsd_low": 0.0, "eval/jsd_high": math.log(2)}
    if critic:
        values |= {"theory/wasserstein": theta + up, "theory/gradient_wasserstein": 1.0}
    else:
        values |= {"theory/gradient_minimax": 1e-4, "theory/gradient_non_saturating": 2.0}
    config = {"network": {"name": "affine", "offset": [theta, 0.5]}}
    return Run(f"{'critic' if critic else 'gan'}_{theta}", seed, config, {"theory": {}}, {10: values})


NAMES = [
    "base",
    "hinge",
    "$x$_<script>alert(1)</script>",
    "nested.loss=wasserstein,critic_steps=5,learning_rate=0.0001_x",
    "nested.loss=wasserstein,critic_steps=5,learning_rate=0.0003_x",
    "W" * 60,
    "",
    "\\frac{a}{b}^2_3",
    "two\nlines and 变",
    *(f"variant_{number}" for number in range(11)),
]
"""Names of variants as nobody should give them: 20."""


def measured(
    variant: str = "base",
    seed: int = 0,
    curve: dict[int, float] | None = None,
    *,
    status: str = "finished",
    seconds: dict[int, float] | None = None,
    fingerprint: str = "f",
    batch: int = 64,
    floor: float = 0.5,
    pictures: dict[int, Path] | None = None,
) -> Run:
    """FID by step, and what a comparison reads beside it; a failed run has its curve and no results."""
    curve = {100: 4.0, 200: 2.0} if curve is None else curve
    results = {
        "values": {"fid": curve[max(curve)]} if curve else {},
        "floor": {"values": {"fid": floor}},
        "ceiling": {"values": {"fid": 70.0}},
        "fingerprint": fingerprint,
        "protocol": {"levels": 17},
    }
    return Run(
        variant,
        seed,
        {"training": {"batch_size": batch}},
        None if status != "finished" else results,
        {step: {"eval/fid": value, "eval/criterion": value / 10 - 1.3} for step, value in curve.items()},
        status=status,
        provenance={"device": "cpu", "processors": 2, "platform": "Linux"},
        seconds={step: step / 10 for step in curve} if seconds is None else seconds,
        pictures=pictures or {},
    )


def compared(variants: int, seeds: int, *, failures: bool = False) -> list[Run]:
    """Curves that fall to 2 and more, variants on top of one another; two variants have seeds that failed."""
    runs = []
    for number, variant in enumerate(NAMES[:variants]):
        for seed in range(seeds):
            end = 2 + number**1.5 / 4 + seed / 10
            steps = (1000, 2000, 3000)
            if failures and ((number == 1 and seed == 0) or number == variants - 1):
                runs.append(measured(variant, seed, {1000: 3 * end}, status="failed"))
            else:
                curve = {step: end * (1 + 20 * math.exp(-step / 800)) for step in steps}
                runs.append(
                    measured(variant, seed, curve, seconds={s: s * (number + 5) / 900 for s in steps})
                )
    return runs

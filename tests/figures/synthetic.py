"""Small results that no training gave, as figures see them."""

import math
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

"""Runs that no training gave, as the gate sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from harness.columns import Column
from harness.config import Gate
from harness.gate.baseline import Baseline
from harness.gate.check import CheckResult, check
from harness.gate.trainings import trainings
from harness.gate.update import baseline_of
from harness.runs import Run

FID = Column("fid", "FID", "lower")
KID = Column("kid", "KID", "lower")
IS = Column("inception_score", "Inception score", "higher")
GATE = Gate(metric="fid", margin="15%", looks=(5, 8, 12))
WAY_OUT = "harness check tiny.yaml --update"
OLD = (10.0, 10.4, 9.7, 10.1, 9.9, 10.3, 9.8, 10.2, 9.6, 10.5, 10.05, 9.95)
"""Mean 10.04, standard deviation 0.27."""

PROTOCOL = {
    "name": "",
    "extractor": "classifier",
    "extractor_title": "digits classifier",
    "num_samples": 10_000,
    "torch_version": "2.15.0",
}
CONFIG = {
    "experiment": "tiny",
    "variant": "base",
    "seed": 0,
    "loss": "non_saturating",
    "penalties": [{"name": "r1", "weight": 0.5}],
    "training": {"steps": 60, "learning_rate": 0.002, "betas": [0.0, 0.99], "log_every": 20},
}
IDENTITY = {"config": "c0", "data": "d0", "code": "a" * 64, "torch": "2.15.0", "device": "cpu"}


def trained(
    values: Mapping[str, float],
    seed: int,
    *,
    variant: str = "base",
    protocol: Mapping[str, Any] = PROTOCOL,
    fingerprint: str = "f0",
    columns: Sequence[Column] = (FID, KID),
    config: Mapping[str, Any] = CONFIG,
    identity: Mapping[str, str] = IDENTITY,
) -> Run:
    results = {
        "values": dict(values),
        "columns": [{"key": each.key, "title": each.title, "better": each.better} for each in columns],
        "protocol": dict(protocol),
        "fingerprint": fingerprint,
        "identity": dict(identity),
    }
    provenance = {
        "identity": dict(identity),
        "git": {"commit": "0123456789abcdef", "dirty": False},
        "python": "3.11.7",
        "packages": {"torch": "2.15.0", "numpy": "2.4.6"},
        "device": "cpu",
        "platform": "Linux",
    }
    return Run(
        variant,
        seed,
        {**config, "variant": variant, "seed": seed},
        results,
        experiment="tiny",
        provenance=provenance,
        place=f"runs/tiny/{variant}/seed{seed}",
    )


def runs(fids: Sequence[float], *, kid: float = 0.01, **said: Any) -> list[Run]:
    """Seeds 0, 1, ... with KIDs that move with the FIDs."""
    return [trained({"fid": fid, "kid": kid * fid}, seed, **said) for seed, fid in enumerate(fids)]


def without_result(seed: int, status: str, reason: str, variant: str = "base") -> Run:
    return replace(trained({}, seed, variant=variant), results=None, status=status, reason=reason)


def baseline(*groups: Sequence[Run]) -> Baseline:
    made = [run for group in groups or [runs(OLD)] for run in group]
    return baseline_of("tiny", trainings(made), WAY_OUT, date(2026, 1, 2))


def checked(fresh: Sequence[Run], old: Baseline | None = None, gate: Gate = GATE) -> CheckResult:
    return check(old or baseline(), trainings(fresh), gate, WAY_OUT)

"""Runs that no training gave, as reports see them."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from harness.columns import Column
from harness.protocol import Protocol
from harness.runs import Run

DIGITS = Protocol(
    name="",
    extractor="classifier",
    extractor_title="digits classifier",
    extractor_digest="1b00b778",
    data="digits, train split",
    data_digest="1b5c242b",
    num_reference=1000,
    held_out="digits, test split",
    held_out_digest="9674b7ce",
    num_held_out=797,
    levels=17,
    num_samples=10_000,
    batch_size=500,
    metric_options="{}",
    quantisation="round to 17 levels",
    torch_version="2.15.0",
)
FID = Column("fid", "FID", "lower")
IS = Column("inception_score", "IS", "higher")

CONFIG: dict[str, Any] = {
    "dataset": "digits",
    "network": {"name": "mlp", "latent": {"size": 32}},
    "loss": "non_saturating",
    "penalties": [{"name": "r1", "weight": 0.5}],
    "training": {"steps": 200, "batch_size": 64, "discriminator_steps": 1, "ema": 0.999},
}
PROVENANCE: dict[str, Any] = {
    "identity": {"data": "ae2e02e484e6173b59", "code": "0985e9ac3c0a0a5c7c"},
    "command": ["harness", "run", "experiments/a b.yaml"],
    "git": {"commit": "270c433b5ed5", "dirty": True, "diff": "-1\n+2"},
    "python": "3.11.7",
    "packages": {"torch": "2.15.0"},
    "device": "cpu",
    "platform": "Linux",
    "processors": 2,
}


def measured(
    variant: str,
    seed: int,
    values: Mapping[str, float],
    *,
    columns: tuple[Column, ...] = (FID, IS),
    protocol: Protocol = DIGITS,
    training: Mapping[str, Any] | None = None,
    unreliable: Mapping[str, str] | None = None,
    place: str = "",
) -> Run:
    """A finished run of 200 steps with two evaluations, the last of which gave `values`."""
    controls = {
        kind: {"values": {"fid": fid, "inception_score": score}, "num_samples": number, "notes": [note]}
        for kind, fid, score, number, note in (
            ("floor", 0.5, 6.5, 500, "C(G): 500 samples show a JSD down to about 0.017"),
            ("ceiling", 69.0, 1.5, 10_000, "C(G): saturated"),
        )
    }
    results = {
        "experiment": "digits_losses",
        "variant": variant,
        "seed": seed,
        "steps": 200,
        "seconds": 12.5,
        "columns": [asdict(column) for column in columns],
        "values": dict(values),
        "theory": {},
        "theory_titles": {},
        "unreliable": dict(unreliable or {}),
        "notes": [],
        "num_samples": protocol.num_samples,
        "protocol": asdict(protocol),
        "fingerprint": protocol.fingerprint,
        **controls,
    }
    first = {f"eval/{key}": value * 2 for key, value in values.items()}
    return Run(
        variant,
        seed,
        {**CONFIG, "training": {**CONFIG["training"], **(training or {})}, "variant": variant, "seed": seed},
        results,
        {100: first, 200: {f"eval/{key}": value for key, value in values.items()}},
        experiment="digits_losses",
        provenance=PROVENANCE,
        seconds={100: 4.0, 200: 8.0},
        place=place or f"runs/digits_losses/{variant}/seed{seed}",
    )


def seeds(variant: str, fids: list[float], **options: Any) -> list[Run]:
    """A run for every value, with seeds from 0."""
    return [
        measured(variant, seed, {"fid": fid, "inception_score": 10 - fid}, **options)
        for seed, fid in enumerate(fids)
    ]


def failed(variant: str, seed: int, reason: str, status: str = "failed") -> Run:
    run = measured(variant, seed, {"fid": 5.0, "inception_score": 1.0})
    return replace(run, results=None, status=status, reason=reason, evaluations={100: {"eval/fid": 90.0}})


def text_of(folder: Path) -> str:
    return (folder / "report.md").read_text()

"""What the gate says of fresh runs: only the gated metric decides, and only where values compare."""

from typing import Any

import pytest
from gated import (
    CONFIG,
    FID,
    GATE,
    IDENTITY,
    IS,
    OLD,
    PROTOCOL,
    baseline,
    checked,
    runs,
    trained,
    without_result,
)

from harness.config import Gate
from harness.errors import ConfigError
from harness.gate.check import Checked, CheckResult
from harness.gate.trainings import is_of_the_machine

NEW = (10.02, 10.35, 9.75, 10.12, 9.88)
WORSE = tuple(1.5 * value for value in NEW)
DIVERGED = "the losses were not finite at step 40"


def only(result: CheckResult) -> Checked:
    (variant,) = result.variants
    return variant


def test_the_same_values_pass_and_nothing_is_said_to_have_changed() -> None:
    result = checked(runs(OLD[:5]))
    assert result.outcome == "PASS"
    assert only(result).changed == ()
    assert [beside.change for beside in only(result).beside] == [0.0]


@pytest.mark.parametrize(
    ("fids", "outcome"),
    [
        (NEW, "PASS"),
        ([value * 0.5 for value in NEW], "PASS"),  # better is no regression
        (WORSE, "REGRESSION"),
        ([11.2, 12.4, 10.3, 11.9, 11.6], "INCONCLUSIVE"),  # +14 %, where +15 % is allowed
    ],
)
def test_the_gated_metric_decides(fids: list[float], outcome: str) -> None:
    result = checked(runs(fids))
    assert result.outcome == outcome
    assert result.undecided == (["base"] if outcome == "INCONCLUSIVE" else [])


def test_no_other_metric_decides_and_its_change_is_shown_in_its_unit() -> None:
    result = checked(runs(NEW, kid=0.1))  # ten times as large as in the baseline
    assert result.outcome == "PASS"
    (kid,) = only(result).beside
    assert kid.baseline is not None
    assert kid.fresh is not None
    assert kid.change == pytest.approx(kid.fresh.mean - kid.baseline.mean)
    assert kid.low is not None
    assert kid.low > 0.5


def test_of_a_metric_that_should_rise_a_fall_is_the_regression() -> None:
    def scores(factor: float) -> list[Any]:
        return [trained({IS.key: factor * value}, seed, columns=[IS]) for seed, value in enumerate(OLD)]

    gate = Gate(metric=IS.key, margin="15%")
    old = baseline(scores(1))
    assert checked(scores(0.5), old, gate).outcome == "REGRESSION"
    assert checked(scores(1.5), old, gate).outcome == "PASS"
    with pytest.raises(ConfigError, match="cannot fall by 120%"):
        checked(scores(1), old, Gate(metric=IS.key, margin="120%"))


def test_another_protocol_is_inconclusive_however_large_the_change_and_no_seed_would_help() -> None:
    protocol = {**PROTOCOL, "num_samples": 200, "extractor": "inception", "extractor_title": "Inception"}
    result = checked(runs(WORSE, protocol=protocol, fingerprint="f1"))
    variant = only(result)
    assert variant.verdict.outcome == "INCONCLUSIVE"
    assert "extractor: classifier → inception; num_samples: 10000 → 200" in variant.verdict.reason
    assert "Inception" not in variant.verdict.reason  # only what a thing is called
    assert (variant.verdict.change, variant.beside, result.undecided) == (None, (), [])


def test_what_changed_is_named_and_decided_all_the_same() -> None:
    config = {**CONFIG, "training": {**CONFIG["training"], "learning_rate": 0.02, "log_every": 5}}  # type: ignore[dict-item]
    identity = {**IDENTITY, "config": "c1", "code": "b" * 64, "device": "cuda"}
    result = checked(runs(WORSE, config=config, identity=identity))
    assert result.outcome == "REGRESSION"
    assert only(result).changed == (
        "training.learning_rate: 0.002 → 0.02",  # and not how often it logs, which changes no result
        "code of harness: aaaaaaaa... → bbbbbbbb...",
        "device: cpu → cuda",
    )


def test_an_entry_of_a_table_is_named_by_its_place() -> None:
    config = {**CONFIG, "loss": {"name": "hinge", "scale": 2.0}, "penalties": [{"name": "r1", "weight": 5.0}]}
    assert only(checked(runs(NEW, config=config))).changed == (
        "loss: non_saturating → hinge",
        "penalties.0.weight: 0.5 → 5.0",
        "loss.scale: none → 2.0",
    )


@pytest.mark.parametrize("fresh", ["base", "other"])
def test_a_variant_that_one_side_lacks_is_inconclusive(fresh: str) -> None:
    both = baseline(runs(OLD), runs(OLD, variant="other")) if fresh == "base" else None
    result = checked(runs(OLD[:5], variant=fresh), both)
    missing = {each.variant: each for each in result.variants}["base" if fresh == "other" else "other"]
    assert missing.verdict.outcome == "INCONCLUSIVE"
    assert missing.variant in missing.verdict.reason
    assert result.outcome == "INCONCLUSIVE"
    assert result.undecided == []


def test_one_variant_that_regressed_is_a_regression_of_all() -> None:
    old = baseline(runs(OLD), runs(OLD, variant="other"))
    result = checked([*runs(WORSE), *runs(NEW, variant="other")], old)
    assert [each.verdict.outcome for each in result.variants] == ["REGRESSION", "PASS"]
    assert result.outcome == "REGRESSION"


@pytest.mark.parametrize("variants", [1, 2, 4])
def test_the_error_is_shared_by_looks_and_variants(variants: int) -> None:
    groups = [runs(OLD, variant=f"v{number}") for number in range(variants)]
    result = checked([run for group in groups for run in group[:5]], baseline(*groups))
    assert result.alpha == pytest.approx(0.05 / 3 / variants)
    assert result.level == pytest.approx(1 - 2 * result.alpha)


def test_trainings_that_diverge_where_none_did_are_a_regression() -> None:
    result = checked([without_result(seed, "failed", DIVERGED) for seed in range(5)])
    assert result.outcome == "REGRESSION"
    assert DIVERGED in only(result).verdict.reason
    assert only(result).failed == 5


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("failed", "OSError: [Errno 28] No space left on device"),
        ("failed", "PermissionError: [Errno 13] Permission denied: 'runs'"),
        ("failed", "OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 MiB"),
        ("stopped", "stopped at step 20 of 60; the same command continues there"),
        ("running", ""),
    ],
)
def test_a_training_that_the_machine_ended_is_no_evidence(status: str, reason: str) -> None:
    result = checked([*runs(NEW[:4]), without_result(4, status, reason)])
    assert result.outcome == "INCONCLUSIVE"
    assert only(result).failed == 0
    assert reason in only(result).verdict.reason
    assert "the same command goes on" in only(result).verdict.reason
    assert result.undecided == []  # the training is to be done again first


def test_a_regression_of_the_others_stands() -> None:
    assert checked([*runs(WORSE), without_result(5, "stopped", "")]).outcome == "REGRESSION"


@pytest.mark.parametrize(
    ("reason", "machine"),
    [
        (DIVERGED, False),
        ("not finite: fid", False),
        ("ValueError: expected 3 channels", False),
        ("RuntimeError: CUDA error: device-side assert triggered", False),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'weights'", False),
        ("ValueError: no space left on device for label x", False),
        ("RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory", True),
        ("ConnectionResetError: [Errno 104]", True),
        ("MemoryError: ", True),
    ],
)
def test_what_a_machine_does_is_told_from_what_a_training_does(reason: str, machine: bool) -> None:
    assert is_of_the_machine(reason) is machine


def test_runs_that_make_no_sample_are_refused() -> None:
    with pytest.raises(ConfigError, match="seed 1 of base is there twice, runs/tiny/base/seed1"):
        checked([*runs(NEW), trained({"fid": 1.0, "kid": 1.0}, 1)])
    other = trained({"fid": 10.0, "kid": 0.1}, 5, config={**CONFIG, "loss": "hinge"})
    with pytest.raises(
        ConfigError, match=r"several configurations \(loss: non_saturating → hinge in runs/tiny"
    ):
        checked([*runs(NEW), other])


def test_runs_of_several_states_of_the_code_are_said_to_be() -> None:
    other = trained({"fid": 10.0, "kid": 0.1}, 5, identity={**IDENTITY, "code": "b" * 64})
    assert only(checked([*runs(NEW), other])).changed == ("code: not the same for all fresh runs",)


def test_a_metric_that_is_not_measured_is_refused_or_names_the_side_that_lacks_it() -> None:
    with pytest.raises(ConfigError, match="did you mean `fid`"):
        checked(runs(NEW), gate=Gate(metric="fit"))
    fresh = [trained({"fid": value}, seed, columns=[FID]) for seed, value in enumerate(NEW)]
    result = checked(fresh, gate=GATE.model_copy(update={"metric": "kid"}))
    assert only(result).verdict.reason.startswith("the fresh runs have no KID: add it to evaluation.metrics")

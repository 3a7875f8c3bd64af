from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.gate.baseline import Baseline, Measured, Trained, write_baseline
from harness.pytest_plugin import GanGate

FIDS = [11.2, 12.9, 12.1, 12.4, 11.7, 13.0, 12.2, 11.9]
SCORES = [8.1, 8.3, 8.2, 8.0, 8.4, 8.2, 8.1, 8.3]
GATE = GanGate()


@pytest.fixture
def written(tmp_path: Path) -> Path:
    seeds = {
        seed: {"fid": fid, "is": score} for seed, (fid, score) in enumerate(zip(FIDS, SCORES, strict=True))
    }
    variants = {
        name: Trained(fingerprint="f" * 64, identity={}, config={}, seeds=seeds, failed={9: "collapse"})
        for name in ("base", "other")
    }
    baseline = Baseline(
        experiment="digits",
        written="2026-01-01T00:00:00+00:00",
        commit="c" * 40,
        dirty=False,
        command="harness check digits.yaml --update",
        device="cpu",
        platform="Linux",
        versions={},
        protocols={"f" * 64: {}},
        columns=(
            Measured(key="fid", title="FID", better="lower"),
            Measured(key="is", title="IS", better="higher"),
        ),
        variants=variants,
    )
    write_baseline(tmp_path / "digits.json", baseline)
    return tmp_path / "digits.json"


def test_a_regression_fails_with_the_sentence() -> None:
    worse = [1.6 * fid for fid in FIDS[:5]]
    with pytest.raises(pytest.fail.Exception, match=r"REGRESSION: fid: mean .* beyond the margin of \+15%"):
        GATE.assert_no_regression(worse, dict(enumerate(FIDS)))


def test_what_is_undecided_skips_with_the_number_of_seeds() -> None:
    with pytest.raises(pytest.skip.Exception, match=r"INCONCLUSIVE: fid: .* fresh seeds would decide"):
        GATE.assert_no_regression([12.0, 15.0, 13.0], dict(enumerate(FIDS)))


def test_a_failed_training_is_not_left_out() -> None:
    with pytest.raises(pytest.skip.Exception, match="1 of 5 trainings failed"):
        GATE.assert_no_regression({**dict(enumerate(FIDS[:4], 50)), 60: float("nan")}, dict(enumerate(FIDS)))


def test_a_pass_returns_the_verdict(written: Path) -> None:
    verdict = GATE.assert_no_regression([12.3, 11.8, 12.5, 12.0, 12.4], written, variant="base")
    assert verdict.outcome == "PASS"
    assert verdict.baseline is not None
    assert verdict.baseline.n == len(FIDS)


def test_the_file_says_which_way_is_better(written: Path) -> None:
    worse = [0.7 * score for score in SCORES]
    with pytest.raises(pytest.fail.Exception, match="margin of -15%"):
        GATE.assert_no_regression(worse, str(written), metric="is", variant="other")
    with pytest.raises(ConfigError, match="which way is better"):
        GATE.assert_no_regression(worse, dict(enumerate(SCORES)), metric="is")


def test_another_protocol_is_inconclusive(written: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match="another protocol"):
        GATE.assert_no_regression(FIDS, written, variant="base", fingerprint="0" * 64)
    assert GATE.assert_no_regression(FIDS, written, variant="base", fingerprint="f" * 64).outcome == "PASS"


@pytest.mark.parametrize(
    ("options", "message"),
    [({}, "base, other"), ({"variant": "x"}, "no variant x"), ({"metric": "kid"}, "no kid: it has fid, is")],
)
def test_refuses_what_the_file_does_not_hold(written: Path, options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        GATE.assert_no_regression(FIDS, written, **options)

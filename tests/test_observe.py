"""Diagnostics of a whole run: logged, recorded, in the results, and without any influence."""

import json
import math
from pathlib import Path

import pytest
from folders import events, only_run, results, weights
from lines import ALL, Train, trainer
from processes import TINY

from harness.diagnostics import Diagnostic, Moment, Observation, landscape
from harness.errors import ConfigError
from harness.nonfinite import read_record, writable
from harness.rundir import RunDir


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    monkeypatch.setattr(landscape, "SAMPLES", 2000)
    return trainer(tmp_path)


def test_values_are_logged_at_every_evaluation_and_stand_in_the_results(train: Train, tmp_path: Path) -> None:
    train(ALL)
    run = only_run(tmp_path / "runs")
    logged = {event["step"]: event["values"] for event in events(run) if event.get("stream") == "theory"}
    assert list(logged) == [0, 10, 20]
    names = {"v", "v_optimal", "gap", "d_error", "gradient_minimax", "figure1_before"}
    assert {f"theory/{name}" for name in names} <= logged[0].keys()
    assert results(run)["theory"] == {key.removeprefix("theory/"): value for key, value in logged[20].items()}
    recorded = {(name, step) for name, step, _ in RunDir(run).diagnostic_files()}
    assert recorded == {(name, step) for name in ("figure1", "optimal_discriminator") for step in (0, 10, 20)}


def test_looking_changes_neither_weights_nor_metrics_nor_their_fingerprint(
    train: Train, tmp_path: Path
) -> None:
    train(into="without")
    train(ALL, into="with")
    without, looked_at = (only_run(tmp_path / name) for name in ("without", "with"))
    assert weights(without) == weights(looked_at)
    first, second = results(without), results(looked_at)
    assert first["values"] == second["values"]
    assert first["fingerprint"] == second["fingerprint"]
    assert first["theory"] == {}
    assert without.name != looked_at.name  # the results hold other things


def strange() -> Diagnostic:
    """Sees nothing that is a number."""

    def observe(moment: Moment) -> Observation:
        return Observation({"strange": math.nan}, {"x": [1.0, math.inf, [math.nan]]})

    return Diagnostic({"strange": "?"}, observe)


def test_what_is_not_finite_is_written_as_text_and_fails_nothing(train: Train, tmp_path: Path) -> None:
    study, _ = train("evaluation.diagnostics=[test_observe:strange]")
    assert study.outcomes[0].results
    run = only_run(tmp_path / "runs")
    assert results(run)["theory"] == {"strange": "nan"}
    ((name, _, file), *_) = RunDir(run).diagnostic_files()
    assert name == "test_observe.strange"
    assert json.loads(file.read_text()) == {"x": [1.0, "inf", ["nan"]]}
    assert str(read_record(file)) == "{'x': [1.0, inf, [nan]]}"


def test_plain_data_stays_as_it_is() -> None:
    record = {"a": [1.0, 2], "b": {"c": None, "d": "x", "e": (1, 2)}}
    assert writable(record) == {"a": [1.0, 2], "b": {"c": None, "d": "x", "e": [1, 2]}}


def test_a_diagnostic_that_cannot_look_is_refused_before_anything_is_trained(
    train: Train, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="`optimal_discriminator` needs a data set with a known density"):
        train("evaluation.diagnostics=[optimal_discriminator]", text=TINY)
    assert not (tmp_path / "runs").exists()

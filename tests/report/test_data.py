"""Every number of the runs is in the files, as it was, and what is no number is none there either."""

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from measured import failed, measured, seeds

from harness.report.comparison import compared
from harness.report.data import HEAD, write_csv, write_json

THIRD = 1 / 3


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "report.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def json_of(folder: Path) -> dict:  # type: ignore[type-arg]
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads((folder / "report.json").read_text(), parse_constant=refuse)  # type: ignore[no-any-return]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_value_comes_back_to_the_last_bit(tmp_path: Path, value: float) -> None:
    run = measured("base", 0, {"fid": value, "fid_se": THIRD})
    write_csv(tmp_path, [run])
    found = {(row["step"], row["key"]): row["value"] for row in rows_of(tmp_path)}
    assert float(found["200", "eval/fid"]) == value
    assert float(found["200", "eval/fid_se"]) == THIRD
    assert float(found["100", "eval/fid_se"]) == 2 * THIRD


def test_json_holds_runs_statistics_tests_and_provenance(tmp_path: Path) -> None:
    runs = seeds("base", [1.0, THIRD, 2.0]) + seeds("b", [3.0, 2 * THIRD, 5.0])
    write_json(tmp_path, "x", "y", compared(runs), runs)
    content = json_of(tmp_path)
    for run, written in zip(runs, content["runs"], strict=True):
        assert written["results"]["values"] == run.values
        assert written["evaluations"]["100"] == run.evaluations[100]
        assert written["training_seconds"] == {"100": 4.0, "200": 8.0}
        assert written["provenance"]["git"] == {"commit": "270c433b5ed5", "dirty": True}
    (group,) = content["groups"]
    assert group["floor"]["values"]["fid"] == 0.5
    assert group["ceiling"]["num_samples"] == 10_000
    assert group["protocol"]["num_reference"] == 1000
    (base, _) = sorted(group["variants"], key=lambda each: each["variant"] != "base")
    assert base["statistics"]["fid"]["mean"] == pytest.approx((3 + THIRD) / 3, rel=1e-15)
    assert base["statistics"]["fid"]["values"] == {"0": 1.0, "1": THIRD, "2": 2.0}
    assert {each["key"] for each in group["against_reference"]} == {"fid", "inception_score"}
    assert group["against_reference"][0]["difference"]["n"] == 3


def test_what_is_not_finite_is_null_beside_its_name(tmp_path: Path) -> None:
    run = measured("base", 0, {"fid": math.nan, "inception_score": 1.0})
    results = {**(run.results or {}), "theory": {"v": "Infinity"}}
    runs = [replace(run, results=results), failed("base", 1, "NaN in loss_d")]
    write_json(tmp_path, "x", "", compared(runs), runs)
    first, second = json_of(tmp_path)["runs"]
    assert first["evaluations"]["200"]["eval/fid"] is None
    assert first["not_finite"] == [
        "eval/fid at step 100: nan",
        "eval/fid at step 200: nan",
        "theory/v at step 200: inf",
    ]
    assert (second["status"], second["reason"], second["results"]) == ("failed", "NaN in loss_d", None)
    write_csv(tmp_path, runs)
    found = {(row["seed"], row["step"], row["key"]): row["value"] for row in rows_of(tmp_path)}
    assert found["0", "200", "eval/fid"] == ""
    assert found["1", "100", "eval/fid"] == "90.0"


@pytest.mark.parametrize("name", ["=1+1", '@a"b,c', "-x\ny", "+1"])
def test_text_is_quoted_and_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    runs = [replace(run, variant=name) for run in seeds("x", [1.0])]
    runs.append(replace(failed(name, 1, "gone"), evaluations={}))
    write_csv(tmp_path, runs)
    text = (tmp_path / "report.csv").read_text()
    assert text.splitlines()[0] == ",".join(f'"{head}"' for head in HEAD)
    assert f',"{name.replace(chr(34), 2 * chr(34))}",' in text
    rows = rows_of(tmp_path)
    assert {row["variant"] for row in rows} == {name}
    assert (rows[-1]["seed"], rows[-1]["status"], rows[-1]["value"]) == ("1", "failed", "")

"""A file of a run that is not as harness writes it is said to be so, by file and key, and goes no further."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from leftovers import leave

from harness.files import read_json, write_json
from harness.reader import read_run
from harness.reader.folders import sound_results
from harness.reader.kept import Artifacts


def put(keys: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Set what stands at a dotted path; None of the path may be missing but its last key."""

    def change(results: dict[str, Any]) -> None:
        *path, last = keys.split(".")
        inner: Any = results
        for key in path:
            inner = inner[int(key) if key.isdecimal() else key]
        inner[last] = value

    return change


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return leave(tmp_path_factory.mktemp("runs"), "wide", 3)


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        ("values.fid", None, "`values.fid` is not a finite number"),
        ("values.fid", "5", "`values.fid`"),
        ("values.fid", True, "`values.fid`"),
        ("values.fid", float("nan"), "`values.fid`"),
        ("values.fid", 1e200, "`values.fid`"),
        ("values.fid", 10**400, "`values.fid`"),
        ("values", None, "`values` is not a mapping"),
        ("columns", None, "`columns` is not a list"),
        ("columns.0.title", None, "`columns[0].title` is not text"),
        ("columns.0.better", "up", "`columns[0].better`"),
        ("columns.0.unit", "px", "`columns[0].unit` is no key"),
        ("columns.1.key", "fid", "`fid` twice"),
        ("notes", None, "`notes` is not a list"),
        ("notes", "abc", "`notes` is not a list"),
        ("unreliable", None, "`unreliable` is not a mapping"),
        ("steps", None, "`steps` is not a whole number"),
        ("steps", "x", "`steps`"),
        ("seconds", "x", "`seconds`"),
        ("floor", None, "`floor` is not a mapping"),
        ("floor.values.fid", float("nan"), "`floor.values.fid` is not a finite number"),
        ("floor.values.fid", "x", "`floor.values.fid`"),
        ("ceiling.num_samples", None, "`ceiling.num_samples`"),
        ("theory", [1], "`theory` is not a mapping"),
        ("theory", {"v": "much"}, "`theory.v` is not a number"),
        ("fingerprint", "", "`fingerprint` is not text"),
        ("protocol", [1], "`protocol` is not a mapping"),
        ("protocol.num_samples", {}, "`protocol.num_samples`"),
        ("identity", 5, "`identity` is not a mapping"),
    ],
)
def test_results_are_readable_or_a_gap_with_its_key(
    keys: str, value: object, said: str, folder: Path
) -> None:
    results = read_json(folder / "results.json")
    assert sound_results(results, "") == (results, "")
    put(keys, value)(results)
    found, fault = sound_results(results, "train it again")
    assert found is None
    assert "results.json" in fault
    assert said in fault
    assert fault.endswith("train it again")


@pytest.mark.parametrize("key", ["steps", "fingerprint", "protocol", "values", "floor", "num_samples"])
def test_what_is_missing_is_named(key: str, folder: Path) -> None:
    results = read_json(folder / "results.json")
    del results[key]
    assert f"`{key}` is missing" in sound_results(results, "")[1]


def test_numbers_that_were_not_finite_and_new_keys_are_sound(folder: Path) -> None:
    results = {**read_json(folder / "results.json"), "theory": {"v": "nan", "w": 1.0}, "novel": [None]}
    assert sound_results(results, "")[0] == results


@pytest.mark.parametrize("name", ["results.json", "provenance.json", "config.yaml", "events.jsonl"])
def test_what_is_nested_without_end_is_no_traceback(name: str, tmp_path: Path) -> None:
    folder = leave(tmp_path, "wide", 3)
    (folder / name).write_text("[" * 100_000 + "\n")
    run = read_run(folder)
    assert (run.variant, run.seed) == ("wide", 3)
    assert run.finished == (name != "results.json")


@pytest.mark.parametrize(
    "content",
    [
        {"identity": 5},
        {"packages": ["ab"]},
        {"packages": None},
        {"git": "x"},
        {"command": "rm"},
        {"device": 1},
    ],
)
def test_odd_provenance_is_absent_and_said(content: dict[str, Any], tmp_path: Path) -> None:
    folder = leave(tmp_path)
    write_json(folder / "provenance.json", content)
    run = read_run(folder)
    assert run.provenance == {}
    assert (
        f"provenance.json is not as harness writes it and counts as absent: `{next(iter(content))}"
        in run.reason
    )
    assert run.finished


@pytest.mark.parametrize(
    "text", ["dataset: [1]", "training: abc", "begun: 2020-01-01", "1: 2", "network: {size: 3}", "seed: x"]
)
def test_an_odd_configuration_is_absent_and_said(text: str, tmp_path: Path) -> None:
    folder = leave(tmp_path, "wide", 3)
    config = {**yaml.safe_load((folder / "config.yaml").read_text()), **yaml.safe_load(text)}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    run = read_run(folder)
    assert run.config == {}
    assert "config.yaml is not as harness writes it" in run.reason
    assert (run.variant, run.seed, run.finished) == ("wide", 3, True)
    assert run.images_a_step == 0


@pytest.mark.parametrize(
    "odd",
    [
        {"step": "x", "values": {"eval/fid": 1.0}},
        {"step": None, "values": {"eval/fid": 1.0}},
        {"step": -1, "values": {"eval/fid": 1.0}},
        {"step": 10**400, "values": {"eval/fid": 1.0}},
        {"step": 150, "values": {"eval/fid": None}},
        {"step": 150, "values": {"eval/fid": [1]}},
        {"step": 150, "values": {"eval/fid": 1e308}},
        {"step": 150, "values": 5},
    ],
)
def test_odd_events_are_skipped_and_counted(odd: dict[str, Any], tmp_path: Path) -> None:
    log = leave(tmp_path, curve={100: 9.0, 200: 5.0}) / "events.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    event = json.dumps({"kind": "metrics", "stream": "eval", **odd}).encode() + b"\n"
    log.write_bytes(b"".join([b"5\n", event, *lines]))
    run = read_run(log.parent)
    assert run.curve("eval/fid") == [(100, 9.0), (200, 5.0)]
    assert run.reason == "2 of its events not as harness writes them, and skipped"


def test_results_count_whatever_the_status_says(tmp_path: Path) -> None:
    folder = leave(tmp_path)
    write_json(folder / "status.json", {"status": "failed", "reason": "the disk was full"})
    run = read_run(folder)
    assert (run.finished, run.status, run.reason) == (True, "failed", "the disk was full")


def test_an_image_in_mlflow_under_another_name_is_no_sample(tmp_path: Path) -> None:
    names = ("samples+x.png", "samples.png", "samples+step+².png", "other+step+5+timestamp+1.png")
    artifacts = object.__new__(Artifacts)
    found = [SimpleNamespace(path=f"images/{name}") for name in names]
    artifacts._repository = SimpleNamespace(list_artifacts=lambda _: found)  # type: ignore[assignment]
    assert artifacts.last_picture(tmp_path) == {}

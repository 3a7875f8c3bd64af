"""A run's folder is read as far as it goes, and what it says of itself is not believed where it cannot be."""

import json
import os
from math import isnan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leftovers import leave, leave_study

from harness.files import write_json
from harness.reader import read_run
from harness.reader.folders import NO_COLUMNS, seconds_at, seconds_of_training
from harness.rundir import RunDir


def test_a_finished_run_is_read_whole(tmp_path: Path) -> None:
    folder = leave(tmp_path, "wide", 3, curve={100: 9.0, 200: 5.0})
    run = read_run(folder)
    assert (run.experiment, run.variant, run.seed, run.status, run.reason) == (
        "ring",
        "wide",
        3,
        "finished",
        "",
    )
    assert run.curve("eval/fid") == [(100, 9.0), (200, 5.0)]
    assert run.values["fid"] == 5.0
    assert [column.title for column in run.columns] == ["FID", "precision"]
    assert run.seconds == pytest.approx({100: 10.0, 200: 20.0})  # 64 images a step, 640 a second
    assert run.config["training"]["batch_size"] == 64
    assert run.provenance["packages"]["torch"] == "2.15.0"
    assert list(run.pictures) == [200]
    assert run.place == str(folder)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=20), st.integers(1, 5), st.integers(1, 256))
def test_seconds_of_training_are_those_that_the_windows_took(
    durations: list[float], updates: int, batch: int
) -> None:
    """The speed counts the real images of every update of the discriminator, as `fit` does."""
    images = 10 * updates * batch
    speeds = {10 * (index + 1): images / seconds for index, seconds in enumerate(durations)}
    training = {"training": {"batch_size": batch, "discriminator_steps": updates}}
    found = seconds_of_training(speeds, training)
    assert list(found) == sorted(speeds)
    assert found[10 * len(durations)] == pytest.approx(sum(durations))


def test_an_evaluation_counts_the_windows_up_to_its_step() -> None:
    assert seconds_at(iter([0, 15, 20, 99]), {10: 1.0, 20: 3.0}) == {0: 0.0, 15: 1.0, 20: 3.0, 99: 3.0}
    assert seconds_at(iter([5]), {}) == {}


def test_text_in_a_number_s_place_is_not_finite_and_no_point_of_a_curve(tmp_path: Path) -> None:
    folder = leave(tmp_path, curve={100: float("nan"), 200: 5.0})
    run = read_run(folder)
    assert isnan(run.evaluations[100]["eval/fid"])
    assert run.curve("eval/fid") == [(200, 5.0)]


def test_a_torn_log_is_read_up_to_the_tear(tmp_path: Path) -> None:
    log = leave(tmp_path, curve={100: 9.0, 200: 5.0}) / "events.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    second = next(index for index, line in enumerate(lines) if b'"eval","step":200' in line)
    log.write_bytes(b"".join(lines[:second]) + lines[second][:20])  # a crash in the middle of a line
    run = read_run(log.parent)
    assert list(run.evaluations) == [100]
    assert run.reason == ""
    lines[second] = b"\x00\x00\n"  # a disk that lied
    log.write_bytes(b"".join(lines))
    run = read_run(log.parent)
    assert list(run.evaluations) == [100]
    assert "log is damaged" in run.reason
    assert run.values["fid"] == 5.0  # the results are a file of their own


def test_a_result_that_does_not_say_what_its_values_are_is_none_and_says_so(tmp_path: Path) -> None:
    folder = leave(tmp_path)
    old = json.loads((folder / "results.json").read_text())
    del old["columns"]
    write_json(folder / "results.json", old)
    run = read_run(folder)
    assert run.results is None
    assert run.reason == NO_COLUMNS
    (folder / "results.json").write_text('{"values": ')
    assert "damaged" in read_run(folder).reason


@pytest.mark.parametrize(
    "name", ["config.yaml", "provenance.json", "status.json", "results.json", "events.jsonl"]
)
@pytest.mark.parametrize("content", [None, "", "{", "[1]", "null"])
def test_whatever_is_missing_or_broken_the_rest_is_read(
    name: str, content: str | None, tmp_path: Path
) -> None:
    folder = leave(tmp_path, "wide", 3)
    (folder / name).unlink() if content is None else (folder / name).write_text(content)
    run = read_run(folder)
    assert (run.variant, run.seed, run.experiment) == ("wide", 3, "ring")
    assert bool(run.provenance) == (name != "provenance.json")
    assert bool(run.evaluations) == (name != "events.jsonl")
    assert run.finished == (name != "results.json")


def test_nothing_at_all_is_a_run_that_never_began(tmp_path: Path) -> None:
    run = read_run(tmp_path / "ring" / "wide" / "seed12-0123abcd")
    assert (run.experiment, run.variant, run.seed, run.status) == ("ring", "wide", 12, "stopped")
    assert "never began" in run.reason


def test_running_is_believed_only_of_a_process_that_is_there(tmp_path: Path) -> None:
    folder = leave(tmp_path, status="failed", reason="it broke")
    assert (read_run(folder).status, read_run(folder).reason) == ("failed", "it broke")
    RunDir(folder).set_status("running")  # by this process, which is there
    assert read_run(folder).status == "running"
    status = folder / "status.json"
    os.utime(status, (1_000_000, 1_000_000))  # long before this process began: its number was another's
    assert read_run(folder).status == "stopped"
    write_json(status, {"status": "running", "reason": "", "process": 2**22 + 1})  # above any there can be
    assert read_run(folder).status == "stopped"
    write_json(status, {"status": "running", "reason": "", "process": 2**22 + 1, "host": "elsewhere"})
    assert read_run(folder).status == "running"


def test_a_run_that_a_worker_made_is_under_the_command_of_its_study(tmp_path: Path) -> None:
    study = leave_study(tmp_path, ["base"], ended=False)
    folder = leave(tmp_path, parent=study)
    provenance = json.loads((folder / "provenance.json").read_text())
    write_json(folder / "provenance.json", {**provenance, "command": ["harness", "worker", "--led"]})
    assert read_run(folder).provenance["command"] == ["harness", "run", "ring.yaml"]
    (study / "provenance.json").unlink()
    assert read_run(folder).provenance["command"] == ["harness", "worker", "--led"]

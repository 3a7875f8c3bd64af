"""events.jsonl: whole lines, exact values, no step twice."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import forked, wait_until

from harness.errors import HarnessError
from harness.events import Events, read_events


def kinds(folder: Path) -> list[str]:
    return [event["kind"] for _, event in read_events(folder)]


def test_a_line_that_a_crash_tore_is_dropped_before_the_next_is_written(tmp_path: Path) -> None:
    with Events(tmp_path) as events:
        events.write("first")
    file = tmp_path / "events.jsonl"
    whole = file.read_bytes()
    for torn in (b'{"time":1,"ki', b"{", b"\x00\x00"):
        file.write_bytes(whole + torn)
        assert kinds(tmp_path) == ["first"]
        with Events(tmp_path) as events:
            events.write("second")
        assert kinds(tmp_path) == ["first", "second"]


def test_damage_in_the_middle_is_named_and_not_passed_over(tmp_path: Path) -> None:
    with Events(tmp_path) as events:
        events.write("first")
    file = tmp_path / "events.jsonl"
    file.write_bytes(file.read_bytes() + b'{"time":\n{"kind":"third"}\n')
    with pytest.raises(HarnessError, match=r"events\.jsonl is damaged at byte \d+; remove the folder"):
        kinds(tmp_path)


def test_values_that_are_not_finite_are_kept_exactly_and_as_valid_json(tmp_path: Path) -> None:
    values = {"nan": math.nan, "up": math.inf, "down": -math.inf, "number": 0.1 + 0.2, "tiny": 5e-324}
    with Events(tmp_path) as events:
        events.metrics("eval", 1, values)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    (line,) = (tmp_path / "events.jsonl").read_text().splitlines()
    stored = json.loads(line, parse_constant=refuse)["values"]
    assert stored == {"nan": "nan", "up": "inf", "down": "-inf", "number": 0.1 + 0.2, "tiny": 5e-324}
    assert math.isnan(float(stored["nan"]))


def test_a_step_is_written_once_in_each_stream_even_by_a_later_process(tmp_path: Path) -> None:
    for last in (2, 4):
        with Events(tmp_path) as events:
            for step in range(1, last + 1):
                events.metrics("train", step, {"loss": float(step)})
                events.metrics("eval", step, {"fid": float(step)})
                events.image("samples", step, f"{step}.png")
    steps = [(event["stream"], event["step"]) for _, event in read_events(tmp_path)]
    assert sorted(steps) == sorted(
        (stream, step) for stream in ("train", "eval", "samples") for step in (1, 2, 3, 4)
    )
    with Events(tmp_path) as events:
        assert (events.next_step("train"), events.next_step("other")) == (5, 0)


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with Events(tmp_path) as events:
        events.write("first")
        ((offset, _),) = read_events(tmp_path)
        assert list(read_events(tmp_path, offset)) == []
        events.write("second")
        assert [event["kind"] for _, event in read_events(tmp_path, offset)] == ["second"]


def test_what_comes_after_the_end_is_no_error(tmp_path: Path) -> None:
    with Events(tmp_path) as events:
        pass
    events.write("late")
    assert kinds(tmp_path) == []


def write_for_ever(folder: Path) -> None:
    with Events(folder) as events:
        for step in range(events.next_step("train"), 1_000_000):
            events.metrics("train", step, {"loss": 1.0, "padding": float(step)})


def test_after_kills_every_step_is_there_once(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"

    def longer_than(size: int) -> Callable[[], bool]:
        return lambda: file.exists() and file.stat().st_size > size

    for size in (2_000, 6_000, 12_000):
        process = forked(write_for_ever, tmp_path)
        wait_until(longer_than(size))
        process.kill()
        process.join()
    Events(tmp_path).close()
    steps = [event["step"] for _, event in read_events(tmp_path)]
    assert steps == list(range(len(steps)))

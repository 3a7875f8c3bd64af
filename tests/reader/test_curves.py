"""Curves are the same whatever a server can be asked for, and however much it leaves out of an answer."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from harness.reader import curves
from harness.reader.curves import Curve, histories

SENT = {  # (timestamp, step, value), as they were sent: a step can come again, and then the last one counts
    ("a", "eval/fid"): [(1, 100, 9.0), (2, 200, 5.0), (5, 200, 4.0)],
    ("b", "eval/fid"): [(1, 100, 8.0)],
    ("a", "eval/kid"): [(1, 300, 0.5), (1, 0, 0.25)],
    ("long", "eval/fid"): [(step, step, float(step)) for step in range(6)],
}
EXPECTED: dict[tuple[str, str], Curve] = {
    ("a", "eval/fid"): [(100, 9.0), (200, 4.0)],
    ("b", "eval/fid"): [(100, 8.0)],
    ("a", "eval/kid"): [(0, 0.25), (300, 0.5)],
    ("long", "eval/fid"): [(step, float(step)) for step in range(6)],
}


class Client:
    """One that is asked for one metric of one run at a time."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def get_metric_history(self, run: str, key: str) -> list[Any]:
        self.asked.append((run, key))
        return [
            SimpleNamespace(timestamp=time, step=step, value=value) for time, step, value in SENT[run, key]
        ]


def answer(key: str, runs: Sequence[str]) -> list[dict[str, Any]]:
    """As a server says it: steps of 0 are left out, and of a long history some points."""
    points = [(run, *point) for run in runs for point in SENT[run, key][: curves.POINTS]]
    return [
        {"run_id": run, "timestamp": str(time), "value": value, **({"step": str(step)} if step else {})}
        for run, time, step, value in points
    ]


@pytest.mark.parametrize("knows", [True, False])
def test_a_server_is_asked_for_many_runs_at_once_if_it_can_be(
    knows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[tuple[str, list[str]]] = []

    def request(_: object, endpoint: str, method: str, *, params: Any, raise_on_status: bool) -> Any:
        questions.append((params["metric_key"], params["run_ids"]))
        found = {"metrics": answer(params["metric_key"], params["run_ids"])}
        return SimpleNamespace(status_code=200 if knows else 404, json=lambda: found)

    monkeypatch.setattr("mlflow.utils.rest_utils.http_request", request)
    monkeypatch.setattr(curves, "POINTS", 5)
    monkeypatch.setattr(curves, "RUNS", 2)
    client: Any = Client()
    with ThreadPoolExecutor(2) as pool:
        assert histories(client, "http://there", SENT, pool) == EXPECTED
    assert sorted(questions) == [
        ("eval/fid", ["a", "b"]), ("eval/fid", ["long"]), ("eval/kid", ["a"])
    ]  # fmt: skip
    assert sorted(client.asked) == ([("long", "eval/fid")] if knows else sorted(SENT))


def test_a_database_is_asked_for_each() -> None:
    client: Any = Client()
    with ThreadPoolExecutor(2) as pool:
        assert histories(client, "sqlite:///here.db", SENT, pool) == EXPECTED

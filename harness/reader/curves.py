"""Histories of metrics in MLflow, those of many runs at once where a server lets them be asked for so."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient

ENDPOINT = "/api/2.0/mlflow/metrics/get-history-bulk-interval"
RUNS, POINTS = 100, 2500
"""Limits of a server: runs in one request, and points of a run, above which it would leave some out."""

Curve = list[tuple[int, float]]
Wanted = tuple[str, str]
"""The id of a run, and the key of a metric of it."""


def histories(
    client: "MlflowClient", uri: str, wanted: Iterable[Wanted], pool: Executor
) -> dict[Wanted, Curve]:
    """(step, value) of every metric wanted, by step, the last one sent of each.

    A server is asked once for a metric of a hundred runs: a request takes it longer than what is asked.
    """
    pairs = list(wanted)
    curves: dict[Wanted, Curve] = {}
    if uri.startswith(("http:", "https:")):
        by_key: dict[str, list[str]] = {}
        for run, key in pairs:
            by_key.setdefault(key, []).append(run)
        asked = [(key, group) for key, runs in by_key.items() for group in _groups(runs)]
        for (key, _), found in zip(asked, pool.map(lambda each: _at_once(uri, *each), asked), strict=True):
            curves |= {(run, key): curve for run, curve in found.items() if len(curve) < POINTS}
    missing = [pair for pair in pairs if pair not in curves]
    points = pool.map(lambda pair: client.get_metric_history(*pair), missing)
    for pair, history in zip(missing, points, strict=True):
        curves[pair] = _ordered((point.timestamp, point.step, point.value) for point in history)
    return curves


def _at_once(uri: str, key: str, runs: Sequence[str]) -> dict[str, Curve]:
    """The curves of one metric by run; empty from a server that does not know the question."""
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    parameters = {"run_ids": list(runs), "metric_key": key, "max_results": POINTS}
    answer = http_request(
        get_default_host_creds(uri), ENDPOINT, "GET", params=parameters, raise_on_status=False
    )
    if answer.status_code != 200:
        return {}
    points: dict[str, list[Mapping[str, Any]]] = {run: [] for run in runs}
    for point in answer.json().get("metrics", ()):
        points[point["run_id"]].append(point)
    return {
        run: _ordered(
            (int(each["timestamp"]), int(each.get("step", 0)), float(each["value"])) for each in some
        )
        for run, some in points.items()
    }


def _ordered(points: Iterable[tuple[int, int, float]]) -> Curve:
    return sorted({step: value for _, step, value in sorted(points)}.items())


def _groups(runs: Sequence[str]) -> list[Sequence[str]]:
    return [runs[first : first + RUNS] for first in range(0, len(runs), RUNS)]

"""MLflow as a mirror: replays events.jsonl into a tracking server, in batches, from where it left off.

Replaying is idempotent: MLflow drops a metric row that equals one it has, and a run is found again by its
key. So a crash anywhere is mended by replaying once more, which is all that `harness sync` does.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.files import locked, read_json, write_json
from harness.tracking.events import read_events
from harness.tracking.model import mirror_model

if TYPE_CHECKING:
    from mlflow import MlflowClient

RECORD = "mlflow.json"
METRICS_PER_BATCH = 1000  # the server's limit
KEY_TAG = "harness.run"


def quiet_mlflow() -> None:
    """Settings for a mirror that must not hold up a training. A person's own variables win.

    By default one call to a dead server blocks for four minutes, and MLflow reports its use to its makers.
    """
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")


class Mirror:
    """One tracking server. Every method may raise whatever MLflow raises; nothing is lost when it does."""

    def __init__(self, uri: str, artifact_root: Path) -> None:
        self.uri = uri
        self.artifact_root = artifact_root
        self._client: MlflowClient | None = None
        self._experiments: dict[str, str] = {}

    @property
    def client(self) -> "MlflowClient":
        if self._client is None:
            quiet_mlflow()
            import mlflow

            mlflow.set_tracking_uri(self.uri)  # logged models know no other way to be told
            # Two processes that create the same SQLite file at once leave it broken for good.
            with locked(self.artifact_root.parent / ".mlflow.lock", "", wait=True):
                self._client = mlflow.MlflowClient(self.uri)
                self._client.search_experiments(max_results=1)
        return self._client

    def replay(self, folder: Path) -> int:
        """Send every event of the run in `folder` that was not sent; returns how many there were."""
        record = self._record(folder)
        pending: list[dict[str, Any]] = []
        sent = 0
        for offset, event in read_events(folder, record["offset"]):
            sent += 1
            if event["kind"] == "metrics":
                pending.append(event)
                record["offset"] = offset
                if len(pending) >= 50:
                    self._send_metrics(record["run_id"], pending)
                continue
            self._send_metrics(record["run_id"], pending)
            if event["kind"] == "start":
                self._start(folder, record, event)
            else:
                self._send(folder, record["run_id"], event)
            record["offset"] = offset
            write_json(folder / RECORD, record)
        self._send_metrics(record["run_id"], pending)
        if sent:
            write_json(folder / RECORD, record)
        return sent

    def _record(self, folder: Path) -> dict[str, Any]:
        fresh = {"tracking_uri": self.uri, "experiment_id": None, "run_id": None, "offset": 0}
        if not (folder / RECORD).exists():
            return fresh
        record: dict[str, Any] = read_json(folder / RECORD)
        return record if record["tracking_uri"] == self.uri else fresh  # another server: all of it again

    def _start(self, folder: Path, record: dict[str, Any], event: dict[str, Any]) -> None:
        """Create the run, or find the one an interrupted replay created; a resumed run is RUNNING again."""
        experiment = self._experiment(event["experiment"])
        tags = dict(event["tags"])
        if event.get("parent"):
            parent = (folder / event["parent"]).resolve()
            self.replay(parent)
            tags["mlflow.parentRunId"] = read_json(parent / RECORD)["run_id"]
        if record["run_id"] is None:
            found = self.client.search_runs(
                [experiment], f"tags.`{KEY_TAG}` = '{tags[KEY_TAG]}'", max_results=1
            )
            run = (
                found[0] if found else self.client.create_run(experiment, event["time"], tags, event["name"])
            )
            record |= {"run_id": run.info.run_id, "experiment_id": experiment}
        for key, value in tags.items():
            self.client.set_tag(record["run_id"], key, value)
        self.client.update_run(record["run_id"], status="RUNNING")

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            known = self.client.get_experiment_by_name(name)
            if known is None:
                # SQLite keeps only the numbers; files go beside the database. A server decides for itself.
                local = self.uri.startswith(("sqlite:", "file:"))
                location = (self.artifact_root / name).resolve().as_uri() if local else None
                self._experiments[name] = self.client.create_experiment(name, artifact_location=location)
            else:
                if known.lifecycle_stage == "deleted":
                    self.client.restore_experiment(known.experiment_id)
                self._experiments[name] = known.experiment_id
        return self._experiments[name]

    def _send_metrics(self, run_id: str, events: list[dict[str, Any]]) -> None:
        """Send and clear. Values that are text are the not-finite ones, which MLflow would distort."""
        from mlflow.entities import Metric

        metrics = [
            Metric(key, value, event["time"], event["step"])
            for event in events
            for key, value in event["values"].items()
            if not isinstance(value, str)
        ]
        for first in range(0, len(metrics), METRICS_PER_BATCH):
            self.client.log_batch(
                run_id, metrics=metrics[first : first + METRICS_PER_BATCH], synchronous=True
            )
        events.clear()

    def _send(self, folder: Path, run_id: str, event: dict[str, Any]) -> None:
        match event["kind"]:
            case "params":
                self._log_params(run_id, event["values"])
            case "tags":
                for key, value in event["values"].items():
                    self.client.set_tag(run_id, key, value)
            case "dataset":
                self._log_dataset(run_id, event)
            case "image":
                self._log_image(run_id, folder / event["file"], event)
            case "artifact":
                self.client.log_artifact(run_id, str(folder / event["file"]))
            case "model":
                mirror_model(self.client, run_id, folder / event["file"], event["at_step"])
            case "end":
                self.client.set_terminated(run_id, event["status"], event["time"])

    def _log_params(self, run_id: str, values: dict[str, Any]) -> None:
        from mlflow.entities import Param

        params = [Param(key, str(value)[:6000]) for key, value in values.items()]
        for first in range(0, len(params), 100):
            self.client.log_batch(run_id, params=params[first : first + 100], synchronous=True)

    def _log_dataset(self, run_id: str, event: dict[str, Any]) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        dataset = Dataset(
            event["name"],
            event["digest"][:32],  # MLflow takes 36 characters; the whole digest is a tag
            source_type="harness",
            source=event["source"],
            profile=event["profile"],
        )
        self.client.log_inputs(
            run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", event["context"])])]
        )

    def _log_image(self, run_id: str, file: Path, event: dict[str, Any]) -> None:
        from PIL import Image

        with Image.open(file) as image:
            self.client.log_image(
                run_id,
                image,
                key=event["stream"],
                step=event["step"],
                timestamp=event["time"],
                synchronous=True,
            )


def mirrored_run_id(folder: Path) -> str | None:
    """The MLflow run that mirrors `folder`, if there is one yet."""
    path = folder / RECORD
    return read_json(path)["run_id"] if path.exists() else None


def pending_events(folders: Iterable[Path]) -> int:
    """How many events no server has."""
    total = 0
    for folder in folders:
        offset = read_json(folder / RECORD)["offset"] if (folder / RECORD).exists() else 0
        total += sum(1 for _ in read_events(folder, offset))
    return total

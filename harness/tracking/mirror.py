"""MLflow as a mirror: replays events.jsonl into a tracking server, in batches, from where it left off.

Replaying is idempotent: MLflow drops a metric row that equals one it has, a run is found again by its key,
files are replaced by themselves. So a crash anywhere is mended by replaying once more, which is all that
`harness sync` does.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from harness.events import read_events
from harness.files import locked, read_json, write_json
from harness.tracking.library import import_mlflow
from harness.tracking.model import mirror_model

if TYPE_CHECKING:
    from mlflow import MlflowClient

RECORD = "mlflow.json"
METRICS_PER_BATCH = 1000  # the server's limit
KEY_TAG = "harness.run"
KIND = {"mlflow.experimentKind": "custom_model_development"}  # else the UI opens on language models
TAGS_OF_AN_END = ("harness.reason", "mlflow.note.content")


class Mirror:
    """One tracking server. Every method may raise whatever MLflow raises; nothing is lost when it does."""

    def __init__(self, uri: str, artifact_root: Path) -> None:
        self.uri = uri
        self.artifact_root = artifact_root
        self._client: MlflowClient | None = None
        self._experiments: dict[str, str] = {}
        self._known_runs: set[str] = set()

    @property
    def client(self) -> "MlflowClient":
        if self._client is None:
            import_mlflow()
            import mlflow

            mlflow.set_tracking_uri(self.uri)  # logged models know no other way to be told
            # Two processes that create the same SQLite file at once leave it broken for good.
            with locked(self.artifact_root.parent / ".mlflow.lock", "", wait=True):
                client = mlflow.MlflowClient(self.uri)
                client.search_experiments(max_results=1)
            self._client = client
        return self._client

    def replay(self, folder: Path) -> int:
        """Send every event of the run in `folder` that was not sent; returns how many there were."""
        # Two processes that replay one folder, say workers of one study, would create its run twice.
        with locked(folder / ".mlflow.lock", "", wait=True):
            return self._replay(folder)

    def pending(self, folder: Path) -> int:
        """How many events of the run in `folder` this server has not got, as far as is known without it."""
        return sum(1 for _ in read_events(folder, self._record(folder)["offset"]))

    def _replay(self, folder: Path) -> int:
        record = self._verified(self._record(folder))
        batch: list[dict[str, Any]] = []
        sent = 0
        for offset, event in read_events(folder, record["offset"]):
            if not sent and record["run_id"]:
                self._revive(record["run_id"])
            sent += 1
            if event["kind"] == "metrics":
                batch.append(event)
                record["offset"] = offset
                if len(batch) >= 50:
                    self._send_metrics(record["run_id"], batch)
                continue
            self._send_metrics(record["run_id"], batch)
            if event["kind"] == "start":
                self._start(folder, record, event)
            else:
                self._send(folder, record["run_id"], event)
            record["offset"] = offset
            write_json(folder / RECORD, record)
        self._send_metrics(record["run_id"], batch)
        if sent:
            write_json(folder / RECORD, record)
        return sent

    def _record(self, folder: Path) -> dict[str, Any]:
        """What this server has of a run: nothing, where another one was the last to get it."""
        if (folder / RECORD).exists():
            record: dict[str, Any] = read_json(folder / RECORD)
            if record["tracking_uri"] == self.uri:
                return record
        return self._nothing()

    def _nothing(self) -> dict[str, Any]:
        return {"tracking_uri": self.uri, "experiment_id": None, "run_id": None, "offset": 0}

    def _verified(self, record: dict[str, Any]) -> dict[str, Any]:
        """`record`, or nothing where the server has lost the run, say because its database was removed."""
        run_id = record["run_id"]
        if run_id is None or run_id in self._known_runs:
            return record
        client = self.client
        from mlflow.exceptions import MlflowException

        try:
            client.get_run(run_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return self._nothing()
        self._known_runs.add(run_id)
        return record

    def _revive(self, run_id: str) -> None:
        """A run with news comes back from MLflow's bin; without any it stays where a person put it."""
        run = self.client.get_run(run_id)
        if run.info.lifecycle_stage == "deleted":
            if self.client.get_experiment(run.info.experiment_id).lifecycle_stage == "deleted":
                self.client.restore_experiment(run.info.experiment_id)
            self.client.restore_run(run_id)

    def _start(self, folder: Path, record: dict[str, Any], event: dict[str, Any]) -> None:
        """Create the run, or find the one an interrupted replay created; a resumed run is RUNNING again."""
        experiment = self._experiment(event["experiment"])
        tags = dict(event["tags"])
        if event.get("parent"):
            parent = (folder / event["parent"]).resolve()
            self.replay(parent)
            if parent_id := mirrored_run_id(parent):
                tags["mlflow.parentRunId"] = parent_id
        if record["run_id"] is None:
            found = self.client.search_runs(
                [experiment], f"tags.`{KEY_TAG}` = '{tags[KEY_TAG]}'", max_results=1
            )
            run = (
                found[0] if found else self.client.create_run(experiment, event["time"], tags, event["name"])
            )
            record |= {"run_id": run.info.run_id, "experiment_id": experiment}
            self._known_runs.add(run.info.run_id)
        before = self.client.get_run(record["run_id"]).data.tags
        for key in TAGS_OF_AN_END:
            if key in before and key not in tags:
                self.client.delete_tag(record["run_id"], key)
        for key, value in tags.items():
            if before.get(key) != value:
                self.client.set_tag(record["run_id"], key, value)
        self.client.update_run(record["run_id"], status="RUNNING")

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            known = self.client.get_experiment_by_name(name)
            if known is None:
                # SQLite keeps only the numbers; files go beside the database. A server decides for itself.
                local = self.uri.startswith(("sqlite:", "file:"))
                location = (self.artifact_root / name).resolve().as_uri() if local else None
                self._experiments[name] = self.client.create_experiment(name, location, KIND)
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
        if "file" in event and not (folder / event["file"]).exists():
            return  # removed since by a person; what is left of the run is worth having all the same
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
                within = Path(event["file"]).parent.as_posix()  # "." of what stands in the folder itself
                self.client.log_artifact(
                    run_id, str(folder / event["file"]), None if within == "." else within
                )
            case "model":
                mirror_model(self.client, run_id, folder / event["file"], event["at_step"])
            case "end":
                self.client.set_terminated(run_id, event["status"], event["time"])

    def _log_params(self, run_id: str, values: dict[str, Any]) -> None:
        """MLflow refuses to change a parameter. A run can be resumed with another `log_every`: the first
        value stands there, config.yaml has the last one."""
        from mlflow.entities import Param

        known = self.client.get_run(run_id).data.params
        params = [Param(key, str(value)[:6000]) for key, value in values.items() if key not in known]
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
        """The two files by which MLflow's image grid knows an image: itself, and a smaller copy.

        `MlflowClient.log_image` gives them a random name, so that what is sent twice would be there twice.
        """
        from PIL import Image

        stream, step, time = event["stream"], event["step"], event["time"]
        name = f"{stream}+step+{step}+timestamp+{time}+{uuid5(NAMESPACE_URL, f'{stream}/{step}/{time}')}"
        with tempfile.TemporaryDirectory() as temporary, Image.open(file) as image:
            full, small = Path(temporary, f"{name}.png"), Path(temporary, f"{name}+compressed.webp")
            full.write_bytes(file.read_bytes())
            image.thumbnail((256, 256))
            image.save(small)
            for path in (full, small):
                self.client.log_artifact(run_id, str(path), "images")
        self.client.set_tag(run_id, "mlflow.loggedImages", "True")


def mirrored_run_id(folder: Path) -> str | None:
    """The MLflow run that mirrors `folder`, if there is one yet."""
    path = folder / RECORD
    return read_json(path)["run_id"] if path.exists() else None

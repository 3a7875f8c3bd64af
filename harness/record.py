"""What a run says of itself: the first words in its event log and the last."""

import json
import os
from pathlib import Path

from torch import Tensor

from harness.events import Events
from harness.provenance import open_run, source_tags
from harness.rundir import RunDir, Status
from harness.workplace import Prepared, Workplace

MLFLOW_STATUS = {"finished": "FINISHED", "failed": "FAILED", "stopped": "KILLED", "pruned": "KILLED"}


def open_record(prepared: Prepared, parent: Path, workplace: Workplace) -> Events:
    """Write what the run is, start its event log and let the uploader follow it."""
    cell, dataset, folder = prepared.cell, prepared.dataset, prepared.run
    record = open_run(folder, cell, prepared.identity, str(workplace.device))
    folder.set_status("running")
    events = Events(folder.path)
    events.write(
        "start",
        experiment=cell.experiment,
        name=f"{cell.variant}/seed{cell.seed}",
        parent=os.path.relpath(parent, folder.path),
        tags={
            "harness.run": record["key"],
            "harness.kind": "cell",
            "harness.variant": cell.variant,
            "harness.seed": str(cell.seed),
            "harness.config_hash": cell.config_hash,
            "harness.data_digest": dataset.digest,
            "harness.outcome": "running",
            **source_tags(record),
        },
    )
    events.write("params", values=cell.flat())
    # MLflow takes one context for a data set: where both uses have the same split, it names both.
    reference = cell.evaluation.reference
    contexts = {"train": "training", reference: "evaluation"}
    if reference == "train":
        contexts = {"train": "training and evaluation"}
    for split, context in contexts.items():
        images: Tensor = getattr(dataset, split).images
        events.write(
            "dataset",
            name=f"{dataset.name}-{split}",
            digest=dataset.digest,
            source=dataset.source,
            context=context,
            profile=json.dumps({"shape": list(images.shape), "classes": len(dataset.classes)}),
        )
    for file in (folder.config, folder.provenance):
        events.write("artifact", file=file.name)
    if workplace.uploader:
        workplace.uploader.follow(folder.path)
    return events


def close_record(folder: RunDir, events: Events, status: Status, *, reason: str = "", note: str = "") -> None:
    """The last words of a run or a study: why it has no result, if it has none, and a new description for
    MLflow, if there is one.

    The status comes after the log: while it says otherwise, the log may lack its end.
    """
    tags = {"harness.outcome": status, "harness.reason": reason, "mlflow.note.content": note}
    events.write("tags", values={key: value for key, value in tags.items() if value})
    events.write("end", status=MLFLOW_STATUS[status])
    folder.set_status(status, reason)

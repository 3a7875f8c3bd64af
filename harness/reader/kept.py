"""What MLflow keeps of runs, as runs: their files, their curves, their last picture."""

import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.reader.curves import Curve, Wanted, histories
from harness.reader.folders import (
    SPEED,
    seconds_at,
    seconds_of_training,
    sound,
    sound_results,
)
from harness.reader.plain import json_of, yaml_of
from harness.reader.shapes import fault_of_config, fault_of_provenance
from harness.runs import Run

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

PICTURE = re.compile(r"samples\+step\+([0-9]{1,12})\+")
OF_AN_INTERVAL = ("_se", "_low", "_high")
"""Ends of metrics that say how sure a value is: of the last evaluation, which `results.json` has."""


def read_cells(
    client: "MlflowClient",
    uri: str,
    cells: Sequence["MlflowRun"],
    folder: Path,
    pool: Executor,
    address: Callable[["MlflowRun"], str],
) -> list[Run]:
    """The runs, each with its picture of the last step, which is put into `folder`."""
    files = list(pool.map(lambda cell: _files(cell, uri, folder), cells))
    wanted = [
        (cell.info.run_id, key)
        for cell, each in zip(cells, files, strict=True)
        for key in (*each.curves(cell), SPEED)
        if key in cell.data.metrics
    ]
    curves = histories(client, uri, wanted, pool)
    return [_run(cell, each, curves, address(cell)) for cell, each in zip(cells, files, strict=True)]


def seed_of(cell: "MlflowRun") -> int:
    seed = cell.data.tags.get("harness.seed", "")
    return int(seed) if seed.isdecimal() else 0


class Artifacts:
    """The files of one run."""

    def __init__(self, run: "MlflowRun", uri: str) -> None:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        self._repository = get_artifact_repository(run.info.artifact_uri, uri)

    def text(self, name: str) -> str:
        """Empty where there is no such file."""
        with tempfile.TemporaryDirectory() as temporary:
            file = Path(temporary, "text")
            return file.read_text(errors="replace") if self.fetch(name, file) else ""

    def fetch(self, name: str, into: Path) -> bool:
        """Whether there is such a file, which then stands in `into`.

        One request. `MlflowClient.download_artifacts` makes ten: it asks for the run, and whether the file is
        a folder, each several times, and for logged models.
        """
        from mlflow.exceptions import MlflowException
        from requests import HTTPError

        try:
            self._repository._download_file(name, str(into))
        except FileNotFoundError:
            return False
        except HTTPError as error:
            if error.response is not None and error.response.status_code == 404:
                return False
            raise
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return False
            raise
        return True

    def last_picture(self, folder: Path) -> dict[int, Path]:
        """The last of the images that the mirror sent, put into `folder`; by its step.

        They are called `images/samples+step+<n>+timestamp+...png`.
        """
        steps: dict[int, str] = {}
        for file in self._repository.list_artifacts("images"):
            named = PICTURE.match(Path(file.path).name)
            if named and file.path.endswith(".png"):
                steps[int(named[1])] = file.path
        if not steps:
            return {}
        last = max(steps)
        picture = folder / f"step-{last:09d}.png"
        folder.mkdir(parents=True, exist_ok=True)
        return {last: picture} if self.fetch(steps[last], picture) else {}


@dataclass(frozen=True)
class _Files:
    config: Mapping[str, Any]
    provenance: Mapping[str, Any]
    results: Mapping[str, Any] | None
    fault: str
    pictures: Mapping[int, Path]

    @property
    def was_evaluated_once(self) -> bool:
        """Then its values are known, and no curve need be asked for."""
        evaluation = self.config.get("evaluation")
        return self.results is not None and isinstance(evaluation, dict) and not evaluation.get("every")

    def curves(self, cell: "MlflowRun") -> Iterable[str]:
        """What is asked for: metrics, unless their only values are known, and what theory says."""
        metrics = [] if self.was_evaluated_once else _metrics(cell)
        return (*metrics, *(key for key in cell.data.metrics if key.startswith("theory/")))


def _files(cell: "MlflowRun", uri: str, folder: Path) -> _Files:
    artifacts = Artifacts(cell, uri)
    config, odd_config = sound(yaml_of(artifacts.text("config.yaml")), "config.yaml", fault_of_config)
    provenance, odd_provenance = sound(
        json_of(artifacts.text("provenance.json")), "provenance.json", fault_of_provenance
    )
    results: Mapping[str, Any] | None = None
    fault = ""
    if text := artifacts.text("results.json"):
        results, fault = sound_results(json_of(text), "send it again with `harness sync`")
    elif cell.data.tags.get("harness.outcome") == "finished":
        fault = "MLflow lacks its results.json; send it with `harness sync`"
    has_images = cell.data.tags.get("mlflow.loggedImages", "").lower() == "true"
    pictures = artifacts.last_picture(folder / cell.info.run_id) if has_images else {}
    faults = "; ".join(filter(None, (fault, odd_config, odd_provenance)))
    return _Files(config, provenance, results, faults, pictures)


def _run(cell: "MlflowRun", files: _Files, curves: Mapping[Wanted, Curve], place: str) -> Run:
    tags = cell.data.tags
    evaluations: dict[int, dict[str, float]] = {}
    if files.was_evaluated_once and files.results:
        values = {key: cell.data.metrics[key] for key in _metrics(cell)}
        evaluations[files.results["steps"]] = values
    for key in files.curves(cell):
        for step, value in curves[cell.info.run_id, key]:
            evaluations.setdefault(step, {})[key] = value
    trained = seconds_of_training(dict(curves.get((cell.info.run_id, SPEED), ())), files.config)
    return Run(
        variant=tags.get("harness.variant", cell.info.run_name or cell.info.run_id),
        seed=seed_of(cell),
        config=files.config,
        results=files.results,
        evaluations=evaluations,
        experiment=str(files.config.get("experiment", "")),
        status=tags.get("harness.outcome", "running"),
        reason="; ".join(filter(None, (_reason(tags), files.fault))),
        provenance=files.provenance,
        seconds=seconds_at(iter(evaluations), trained),
        pictures=files.pictures,
        place=place,
    )


def _reason(tags: Mapping[str, str]) -> str:
    """Of the last word; the tag may be of an earlier one, for none is ever taken away."""
    return "" if tags.get("harness.outcome") == "finished" else tags.get("harness.reason", "")


def _metrics(cell: "MlflowRun") -> list[str]:
    return [key for key in cell.data.metrics if key.startswith("eval/") and not key.endswith(OF_AN_INTERVAL)]

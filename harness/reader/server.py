"""What MLflow alone knows by a name, be it a database here or a server far away, without any run folder.

What a diagnostic recorded beside its values is not in MLflow, so figures that need it are not drawn.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ConfigError, HarnessError, UnknownNameError
from harness.reader.kept import Artifacts, read_cells, seed_of
from harness.reader.plain import yaml_of
from harness.reader.studies import Asked, asked_of
from harness.registry import did_you_mean
from harness.runs import Run
from harness.tracking.library import quiet_mlflow, reason

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

THREADS = 8
PAGE = 1000
CELLS = "tags.`harness.kind` = 'cell'"


@dataclass(frozen=True)
class Kept:
    """What MLflow keeps of a study, or of some runs: `cells` in its order."""

    cells: tuple["MlflowRun", ...]
    asked: Asked
    command: tuple[str, ...] = ()


class Server:
    """One tracking server or database, to be read. HarnessError where it cannot be reached."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def named(self, name: str) -> Kept:
        """The runs behind the id of a run, the name of an experiment (its newest study), or
        `<experiment>/<variant>/seed<k>`."""
        with _told(self.uri):
            if kept := self._by_id(name) or self._by_experiment(name) or self._by_labels(name):
                return kept
            known = [each.name for each in self._client.search_experiments(max_results=PAGE)]
        raise UnknownNameError(
            f"no run or experiment `{name}` in MLflow at {self._shown}{_near(name, known)}"
        )

    def has(self, experiment: str) -> bool:
        with _told(self.uri):
            return self._client.get_experiment_by_name(experiment) is not None

    def read(self, cells: Sequence["MlflowRun"], folder: Path) -> list[Run]:
        """The runs, each with its picture of the last step, which is put into `folder`."""
        with _told(self.uri), ThreadPoolExecutor(THREADS) as pool:
            return read_cells(self._client, self.uri, cells, folder, pool, self._address)

    @property
    def _shown(self) -> str:
        return _without_password(self.uri)

    @cached_property
    def _client(self) -> "MlflowClient":
        quiet_mlflow()
        # All that threads would import at once: its modules import each other in circles.
        import mlflow.store.artifact.mlflow_artifacts_repo
        import mlflow.store.tracking.rest_store  # noqa: F401
        from mlflow import MlflowClient

        if self.uri.startswith("sqlite:///") and not Path(self.uri.removeprefix("sqlite:///")).exists():
            raise ConfigError(f"there is no MLflow database at {self.uri}; name another with --tracking-uri")
        return MlflowClient(self.uri)

    def _by_id(self, name: str) -> Kept | None:
        from mlflow.exceptions import MlflowException

        if len(name) != 32 or not set(name) <= set("0123456789abcdef"):
            return None
        try:
            run = self._client.get_run(name)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        kind = run.data.tags.get("harness.kind")
        if kind == "cell":
            return Kept((run,), Asked())
        if kind == "suite":
            return self._study(run)
        raise ConfigError(
            f"MLflow run {name} ({run.info.run_name}) is no training and no study but "
            f"{f'a {kind}' if kind else 'nothing of harness'}; name a run, a study or an experiment"
        )

    def _by_experiment(self, name: str) -> Kept | None:
        if (experiment := self._client.get_experiment_by_name(name)) is None:
            return None
        ids = [experiment.experiment_id]
        suites = self._search(ids, "tags.`harness.kind` = 'suite'")
        own = [run for run in suites if "mlflow.parentRunId" not in run.data.tags]
        if ended := [run for run in own if run.info.status != "RUNNING"]:
            return self._study(ended[-1])
        cells = self._search(ids, CELLS)
        asked = self._asked(own[-1]) if own else Asked()
        return Kept(tuple(cells), replace(asked, name=name)) if cells else None

    def _by_labels(self, name: str) -> Kept | None:
        experiment_name, _, rest = name.partition("/")
        if not rest or (experiment := self._client.get_experiment_by_name(experiment_name)) is None:
            return None
        ids = [experiment.experiment_id]
        for key in ("attributes.run_name", "tags.`harness.variant`"):
            if "'" not in rest and (found := self._search(ids, f"{CELLS} AND {key} = '{rest}'")):
                return Kept(tuple(found), Asked(experiment_name))
        known = [f"{experiment_name}/{run.info.run_name}" for run in self._search(ids, CELLS)]
        raise UnknownNameError(f"no run `{name}` in MLflow at {self._shown}{_near(name, known)}")

    def _asked(self, study: "MlflowRun") -> Asked:
        return asked_of(yaml_of(Artifacts(study, self.uri).text("experiment.yaml")))

    def _study(self, parent: "MlflowRun") -> Kept:
        asked = self._asked(parent)
        children = self._search([parent.info.experiment_id], _child_of(parent.info.run_id))
        order = {variant: place for place, variant in enumerate(asked.variants)}

        def place(run: "MlflowRun") -> tuple[int, str, int]:
            variant = run.data.tags.get("harness.variant", "")
            return order.get(variant, len(order)), variant, seed_of(run)

        command = parent.data.tags.get("mlflow.source.name", "")
        return Kept(tuple(sorted(children, key=place)), asked, tuple(command.split()))

    def _search(self, experiments: list[str], what: str) -> list["MlflowRun"]:
        """Every run, oldest first, however many pages they are."""
        found: list[MlflowRun] = []
        token: str | None = None
        while True:
            page = self._client.search_runs(
                experiments, what, max_results=PAGE, order_by=["attributes.start_time"], page_token=token
            )
            found += page
            if not (token := page.token):
                return found

    def _address(self, cell: "MlflowRun") -> str:
        """Where a person finds the run."""
        if self.uri.startswith(("http:", "https:")):
            return f"{page_of(self.uri)}/#/experiments/{cell.info.experiment_id}/runs/{cell.info.run_id}"
        return f"MLflow run {cell.info.run_id} in {self._shown}"


@contextmanager
def _told(uri: str) -> Iterator[None]:
    """What MLflow raises in the block becomes one line that names the server."""
    try:
        yield
    except HarnessError:
        raise
    except Exception as error:
        raise HarnessError(f"MLflow at {_without_password(uri)} cannot be read: {reason(error)}") from error


def page_of(uri: str) -> str:
    """A server's address as browsers know it: HARNESS_MLFLOW_PAGE, where programs know it by another one, as
    in a network of containers."""
    return (os.environ.get("HARNESS_MLFLOW_PAGE") or _without_password(uri)).rstrip("/")


def _without_password(uri: str) -> str:
    """As `harness.queue.url.hidden`, which takes a second to import."""
    return re.sub(r"(?i)(password=)[^&]*", r"\1***", re.sub(r"//[^/]*@", "//***@", uri))


def _child_of(run_id: str) -> str:
    return f"tags.`mlflow.parentRunId` = '{run_id}'"


def _near(name: str, known: Iterable[str]) -> str:
    names = [each for each in known if each != "Default"]
    return did_you_mean(name, names) if names else "; there is none yet"

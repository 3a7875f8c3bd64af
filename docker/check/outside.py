"""What a stack is asked from outside of it, as a browser, a colleague or a stranger would."""

from collections.abc import Mapping
from dataclasses import dataclass

import mlflow
import optuna
import requests
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from stack import ACCOUNT, Stack

from harness.queue.slots import DEATHS, standing

SEARCH = "api/2.0/mlflow/experiments/search"
optuna.logging.set_verbosity(optuna.logging.WARNING)


def answers(stack: Stack, password: str) -> dict[str, int]:
    """What MLflow answers, as HTTP status, to each who asks."""
    known = (ACCOUNT, password)

    def asked(auth: tuple[str, str] | None = known, headers: Mapping[str, str] | None = None) -> int:
        address = f"{stack.mlflow}/{SEARCH}"
        return requests.post(
            address, json={"max_results": 1}, auth=auth, headers=headers, timeout=30
        ).status_code

    artifacts = f"{stack.mlflow}/api/2.0/mlflow-artifacts/artifacts"
    return {
        "the right password": asked(),
        "the name that containers use": asked(headers={"Host": "mlflow:5000"}),
        "no password": asked(auth=None),
        "a wrong password": asked(auth=(ACCOUNT, "wrong")),
        "no password, for artifacts": requests.get(artifacts, timeout=30).status_code,
        "a foreign Host": asked(headers={"Host": "gan.example:5000"}),
        "a private address as Host": asked(headers={"Host": "10.1.2.3:5000"}),
        "a foreign Origin": asked(headers={"Origin": "https://gan.example"}),
    }


EXPECTED = {
    "the right password": 200,
    "the name that containers use": 200,
    "no password": 401,
    "a wrong password": 401,
    "no password, for artifacts": 401,
    "a foreign Host": 403,
    "a private address as Host": 403,
    "a foreign Origin": 403,
}


@dataclass(frozen=True)
class Queue:
    """A study in the stack's PostgreSQL."""

    study: optuna.Study

    def count(self, *states: TrialState) -> int:
        """Slots: what superseded a dead worker's trial counts once."""
        return sum(trial.state in states for trial in self.trials())

    def trials(self) -> list[FrozenTrial]:
        return standing(self.study)

    def retried(self) -> list[FrozenTrial]:
        """Those whose first worker died."""
        return [trial for trial in self.trials() if trial.system_attrs.get(DEATHS)]


def queue(stack: Stack, password: str, name: str) -> Queue | None:
    """None where it is not there yet."""
    given = {"poolclass": NullPool, "connect_args": {"password": password}}
    try:
        storage = optuna.storages.RDBStorage(stack.studies, engine_kwargs=given, skip_table_creation=True)
        return Queue(optuna.load_study(study_name=name, storage=storage))
    except (KeyError, SQLAlchemyError, optuna.exceptions.StorageInternalError):
        return None  # no study, no tables, or not even the database


def refused(stack: Stack, password: str) -> bool:
    """Whether PostgreSQL does not let that password in."""
    try:
        create_engine(
            stack.studies, poolclass=NullPool, connect_args={"password": password}
        ).connect().close()
    except Exception as error:
        return "password authentication failed" in str(error)
    return False


def runs(experiment: str) -> list[Run]:
    """All of an experiment's in MLflow."""
    client = MlflowClient()
    found = client.get_experiment_by_name(experiment)
    return [] if found is None else list(client.search_runs([found.experiment_id], max_results=1000))


def downloaded(run: Run, file: str) -> bytes:
    path = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=file)
    with open(path, "rb") as stream:
        return stream.read()

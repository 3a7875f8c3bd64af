"""Every fact about the queue is one on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from optuna.storages import RDBStorage
from optuna.study import Study
from postgres import Server

from harness.queue.definition import create_study
from harness.queue.storage import open_storage

HEARTBEAT = 1


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Addresses of databases that are not there yet."""
    numbers = count()
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path}/new {{folder}}/{next(numbers)}.db"
    server: Server = request.getfixturevalue("postgres_server")
    return lambda: server.url(f"New-{tmp_path.name}-{next(numbers)}")


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
def storage(url: str) -> Iterator[RDBStorage]:
    storage = open_storage(url, HEARTBEAT)
    yield storage
    storage.remove_session()
    storage.engine.dispose()


@pytest.fixture
def study(storage: RDBStorage) -> Study:
    return create_study(storage, "s", ["minimize"], {"space": {}})[0]

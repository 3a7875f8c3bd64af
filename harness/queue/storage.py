"""Opening the storage of studies: one SQLite file, or a PostgreSQL that many machines reach."""

import warnings
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from harness.errors import ConfigError
from harness.queue.database import connect_arguments, storage_lock
from harness.queue.url import explained, hidden, is_postgresql, parsed

GRACE = 3
"""Heartbeats after which a silent worker counts as dead: two may be lost, or wait for a busy database."""


def open_storage(url: str, heartbeat: int) -> RDBStorage:
    """The storage at `url`, made where it is not there yet, whose workers beat every `heartbeat` seconds.

    Whole seconds: SQLite's clock, by which silence is measured, has no finer ones. Each process opens its
    own. Takes `storage_lock`, so that its tables are made once however many processes open it at once.
    Raises ConfigError in one line, without the password.
    """
    address = parsed(url)
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # its lines about studies are not for people
    with storage_lock(url), explained(url):
        _refuse_foreign(url, address)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)  # of heartbeats
            storage = RDBStorage(
                address.render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}"),
                engine_kwargs={"connect_args": connect_arguments(address), "pool_pre_ping": True},
                heartbeat_interval=heartbeat,
                grace_period=GRACE * heartbeat,
            )
    if is_postgresql(address):
        event.listen(storage.engine, "connect", _in_utc)
    else:
        _take_turns(storage.engine)
    storage.engine.dispose()  # the connections so far know nothing of this
    return storage


def _refuse_foreign(url: str, address: URL) -> None:
    """MLflow, too, keeps its schema's version in `alembic_version`: two programs cannot share a database."""
    engine = create_engine(address, poolclass=NullPool, connect_args=connect_arguments(address))
    tables = set(inspect(engine).get_table_names())
    if "alembic_version" in tables and "studies" not in tables:
        raise ConfigError(
            f"storage `{hidden(url)}` holds another program's tables (MLflow's?): "
            "name a database of its own for the studies"
        )


def _take_turns(engine: Engine) -> None:
    """Every transaction on SQLite writes from its beginning, so that they come one after the other.

    Python's driver begins a transaction only at the first statement that writes. Optuna first reads a trial's
    state, then sets it: two workers would both read WAITING, and both have the trial. (SQLAlchemy's manual,
    "SQLite: transactions with the sqlite3 driver".)
    """

    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", begin)


def _in_utc(connection: Any, _record: object) -> None:
    """Optuna's heartbeats are local times of the session: clocks put forward would make all look dead."""
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()

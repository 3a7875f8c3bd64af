"""A database that is there when it is needed, and a lock that one process on one machine holds at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from harness.files import locked
from harness.queue.url import explained, is_postgresql, parsed

LOCK = 0x6861726E657373  # "harness"; any number of 63 bits that no other program is likely to lock
# Without these, a server whose machine has gone is noticed after hours.
PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # milliseconds
}


def connect_arguments(address: URL) -> dict[str, Any]:
    """What the driver is told beside the URL; what the URL's own query says goes before it."""
    if is_postgresql(address):
        return {key: value for key, value in PATIENCE.items() if key not in address.query}
    return {"timeout": 60}  # seconds that a writer waits for the others


def ensure_database(url: str) -> None:
    """Make the PostgreSQL database that `url` names where it is not there yet; other URLs are left alone.

    For tracking URIs too. Whoever makes it first, the others find it. Raises ConfigError where it can be
    neither reached nor made.
    """
    if not url.startswith("postgresql"):
        return
    address = parsed(url)
    with explained(url):
        try:
            _look_in(address)
        except OperationalError as error:
            _make(address, error)
            _look_in(address)


def _look_in(address: URL) -> None:
    with _own_sessions(address).connect():
        pass


def _make(address: URL, absent: OperationalError) -> None:
    """CREATE DATABASE, by way of the one that every server has.

    `absent` is raised again where that cannot be reached either: the server, or the password, is the reason.
    A failed connection carries no code that would tell an absent database, so it is looked for.
    """
    engine = _own_sessions(address.set(database="postgres"))
    try:
        connection = engine.connect()
    except OperationalError:
        raise absent from None
    look = text("SELECT 1 FROM pg_database WHERE datname = :name")
    with connection:
        if connection.scalar(look, {"name": address.database}):
            return
        name = engine.dialect.identifier_preparer.quote_identifier(str(address.database))
        try:
            connection.execute(text(f"CREATE DATABASE {name}".replace(":", r"\:")))
        except DBAPIError:
            if not connection.scalar(look, {"name": address.database}):  # else another one made it just now
                raise


def _own_sessions(address: URL) -> Engine:
    """Connections that are closed when they are left, each statement a transaction of its own."""
    return create_engine(
        address,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args=connect_arguments(address),
    )


@contextmanager
def storage_lock(url: str) -> Iterator[None]:
    """Wait for, and hold, the one lock on a storage, whatever processes and machines reach it.

    SQLite: a lock on a file beside it. PostgreSQL: an advisory lock of a session of its own, after its
    database was made where need be. Either is free again when its holder dies. Not reentrant: who holds it
    would wait for itself. Raises ConfigError where the storage cannot be reached.
    """
    address = parsed(url)
    if not is_postgresql(address):
        file = Path(f"{address.database}.lock")
        with explained(url):
            file.parent.mkdir(parents=True, exist_ok=True)
        with locked(file, f"{file} is locked", wait=True):
            yield
        return
    ensure_database(url)
    with explained(url):
        session = _own_sessions(address).connect()
    with session:
        with explained(url):
            session.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        yield

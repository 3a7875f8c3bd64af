"""URLs of storages: which there are, how one is shown, and what a database's refusal says in one line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from optuna.exceptions import OptunaError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from harness.errors import ConfigError, one_line

FORMS = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""What may stand before `://`, and with which of SQLAlchemy's drivers it is opened."""


def parsed(url: str) -> URL:
    """The URL in parts, with its driver. Raises ConfigError where no storage can be there."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number is a ValueError
        raise ConfigError(f"a storage is {FORMS}, and this is no URL") from error
    if address.drivername not in DRIVERS:
        raise ConfigError(f"storage `{hidden(url)}`: a storage is {FORMS}")
    address = address.set(drivername=DRIVERS[address.drivername])
    if is_postgresql(address):
        if not address.database:
            raise ConfigError(f"storage `{hidden(url)}` names no database: {FORMS}")
    elif address.query or not address.database or address.database == ":memory:":
        raise ConfigError(f"storage `{hidden(url)}`: processes can only share a file, sqlite:///FILE")
    return address


def is_postgresql(address: URL) -> bool:
    return address.get_backend_name() == "postgresql"


def hidden(url: str) -> str:
    """The URL as it may be shown: `***` in place of passwords, be they before the host or in the query.

    What is no URL of a database (MLflow takes others too) is shown as it is, without what is before an `@`.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        return re.sub(r"//[^/]*@", "//***@", url)
    query = {key: "***" if "password" in key.lower() else value for key, value in address.query.items()}
    return address.set(query=query).render_as_string(hide_password=True).replace("%2A%2A%2A", "***")


@contextmanager
def explained(url: str) -> Iterator[None]:
    """What a database, its driver or Optuna refuses in the block becomes a ConfigError of one line."""
    try:
        yield
    except ImportError as error:
        raise ConfigError(
            f'storage `{hidden(url)}` needs a driver: pip install "gan-harness[postgres]"'
        ) from error
    except (SQLAlchemyError, OptunaError, RuntimeError, OSError) as error:
        raise ConfigError(f"storage `{hidden(url)}` cannot be opened: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """What the database itself said, without the statement that SQLAlchemy puts beside it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, DBAPIError) and cause.orig is not None:
            return one_line(cause.orig)
        cause = cause.__cause__
    return one_line(error)

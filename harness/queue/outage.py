"""Storages that are away for a while: what was trained for hours is not lost for the restart of one."""

import time
from collections.abc import Callable
from typing import TypeVar

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import InterfaceError, OperationalError

from harness.errors import ConfigError, HarnessError, one_line

T = TypeVar("T")
PATIENCE = 600.0  # seconds
PAUSE = 1.0


def patiently(call: Callable[[], T], patience: float = PATIENCE) -> T:
    """What `call` returns, asked again each second while its storage is away; it must bear being repeated.

    Raises HarnessError after `patience` seconds, and at once whatever is no matter of reaching the storage.
    """
    end = time.monotonic() + patience
    while True:
        try:
            return call()
        except (StorageInternalError, OperationalError, InterfaceError, ConfigError) as error:
            if not is_outage(error):
                raise
            if time.monotonic() >= end:
                reason = one_line(error.__cause__ or error)
                raise HarnessError(
                    f"the storage could not be reached for {patience:g} s: {reason}"
                ) from error
        time.sleep(PAUSE)


def is_outage(error: BaseException) -> bool:
    """Whether the database, rather than what was asked of it, is the reason. Optuna hides it in a cause, and
    `storage_lock`, which explains it, too."""
    return isinstance(error, OperationalError | InterfaceError) or (
        isinstance(error, StorageInternalError | ConfigError)
        and isinstance(error.__cause__, OperationalError | InterfaceError)
    )

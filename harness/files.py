"""Files that are whole or absent: atomic writes, digests, append-only lines, a lock between processes."""

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from harness.errors import BusyError


def write_atomic(path: Path, data: bytes | str) -> None:
    """Replace `path` by `data` so that a reader, or a crash, sees the old file or the new one, never a part.

    Temporary file in the same folder, fsync, rename, fsync of the folder.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file for the block to write to, which then takes the place of `path`, whole; or is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        yield temporary
        os.fsync(descriptor)
        temporary.chmod(0o644)  # mkstemp's 0600 would hide results from colleagues
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def write_json(path: Path, value: object) -> None:
    """Atomic, readable JSON; NaN is refused, for it is no JSON."""
    write_atomic(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())


def sync_folder(folder: Path) -> None:
    """Make a rename or a new file in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def append_line(file: IO[bytes], value: object) -> None:
    """One JSON document on one line, on disk when this returns."""
    file.write(json.dumps(value, separators=(",", ":")).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


def drop_torn_tail(path: Path) -> None:
    """Cut what a crash left of a line that was never finished."""
    if not path.exists():
        return
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)


@contextmanager
def locked(path: Path, message: str, *, wait: bool = False) -> Iterator[None]:
    """Hold an exclusive lock on `path` for the block; without `wait` another holder is a BusyError.

    The kernel drops the lock when the holder dies, so there are no stale locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            file.seek(0)
            raise BusyError(f"{message} (process {file.read().strip() or 'unknown'} holds it)") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield

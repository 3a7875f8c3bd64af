"""The check that needs no engine reads compose.yaml by itself: as `docker compose` does."""

from pathlib import Path
from typing import Any

import pytest
from processes import REPOSITORY

FILE = REPOSITORY / "docker" / "compose.yaml"


@pytest.fixture
def compose_file(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(REPOSITORY / "docker" / "check"))
    import compose_file as module

    return module


def test_defaults_are_filled_in_one_in_another_and_settings_before_them(compose_file: Any) -> None:
    plain = compose_file.services(FILE, {"POSTGRES_PASSWORD": "secret"})["worker"]["environment"]
    assert plain["PGPASSWORD"] == "secret"
    assert plain["MLFLOW_TRACKING_PASSWORD"] == ""
    assert plain["HARNESS_MLFLOW_PAGE"] == "http://127.0.0.1:5000"
    settings = {"POSTGRES_PASSWORD": "secret", "BIND": "192.168.1.5", "MLFLOW_PORT": "8000"}
    asked = compose_file.services(FILE, settings)
    assert asked["worker"]["environment"]["HARNESS_MLFLOW_PAGE"] == "http://192.168.1.5:8000"
    assert asked["mlflow"]["ports"] == ["192.168.1.5:8000:5000"]


def test_what_must_be_set_is_missed_by_name(compose_file: Any) -> None:
    with pytest.raises(SystemExit, match="POSTGRES_PASSWORD is missing: set it in docker"):
        compose_file.services(FILE, {})


def test_volumes_with_a_name_and_folders_of_the_repository_are_told_apart(compose_file: Any) -> None:
    worker = compose_file.services(FILE, {"POSTGRES_PASSWORD": "secret"})["worker"]
    found = compose_file.mounts(worker, FILE.parent, Path("/volumes"))
    assert found["/work/runs"] == (Path("/volumes/runs"), False)
    assert found["/work/experiments"] == (REPOSITORY / "experiments", True)

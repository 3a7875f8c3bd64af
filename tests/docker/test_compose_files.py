"""The Compose files: valid by the specification, open to this machine alone, without a secret in them."""

import re
import subprocess
import sys
from typing import Any

import pytest
import yaml
from processes import REPOSITORY

DOCKER = REPOSITORY / "docker"
FILES = sorted(DOCKER.glob("compose*.yaml"))
COMPOSE = (DOCKER / "compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
DIGEST = re.compile(r"\S+:[\w.-]+@sha256:[0-9a-f]{64}")


def validated(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, *map(str, arguments)], check=False, capture_output=True, text=True)


def test_every_file_is_valid_by_the_schema_of_the_specification(tmp_path: Any) -> None:
    assert [file.name for file in FILES] == ["compose.gpu.yaml", "compose.yaml"]
    assert validated(*FILES).returncode == 0
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE.replace("stop_grace_period", "stop_grace"))
    assert "stop_grace" in validated(wrong).stdout


def test_git_never_sees_the_passwords() -> None:
    ignored = ["git", "-C", REPOSITORY, "check-ignore", "--quiet", "--no-index", "docker/.env"]
    assert subprocess.run(ignored, check=False).returncode == 0


def test_every_service_is_published_on_loopback_unless_it_is_asked_for() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == 2
    assert all(port.startswith("${BIND:-127.0.0.1}:") for port in published)


def test_what_runs_is_pinned() -> None:
    default = re.search(r"\$\{POSTGRES_IMAGE:-(\S+)\}", SERVICES["postgres"]["image"])
    assert default
    assert DIGEST.fullmatch(default[1])
    assert [name for name, service in SERVICES.items() if "build" not in service] == ["postgres"]


def test_secrets_come_from_outside_and_stand_in_no_address() -> None:
    for service in SERVICES.values():
        for key, value in service["environment"].items():
            if "PASSWORD" in key:
                assert re.fullmatch(r"\$\{(POSTGRES_PASSWORD:\?[^}]+|MLFLOW_PASSWORD:-)\}", value)
            elif "://" in str(value):
                assert not re.search(r"://[^/@]*:[^/@]*@", value.replace("${MLFLOW_URL:-http:", ""))


def test_the_example_of_the_env_file_has_every_variable_and_no_other() -> None:
    example = (DOCKER / "env.example").read_text()
    named = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    arguments = {name for service in SERVICES.values() for name in service.get("build", {}).get("args", {})}
    assert named == set(re.findall(r"\$\{([A-Z_]+)", COMPOSE)) | arguments | {"COMPOSE_FILE"}
    set_there = re.findall(r"^([A-Z_]+)=(.*)", example, re.MULTILINE)
    assert set_there == [("POSTGRES_PASSWORD", ""), ("MLFLOW_PASSWORD", "")]


def test_workers_have_what_the_command_has() -> None:
    worker, command = SERVICES["worker"], SERVICES["harness"]
    assert command["environment"].keys() - worker["environment"].keys() == {"HARNESS_JOBS"}
    assert worker["volumes"] == command["volumes"]
    assert worker["image"] == command["image"]


@pytest.mark.parametrize("name", ["mlflow", "worker", "harness"])
def test_what_harness_starts_has_no_privileges(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]

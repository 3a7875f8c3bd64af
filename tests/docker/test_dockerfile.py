"""The Dockerfile: what it is built on, whom it runs as, what it leaves out."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from processes import REPOSITORY

DOCKER = REPOSITORY / "docker"
TEXT = (DOCKER / "Dockerfile").read_text()
STAGES = {
    match["name"]: match["body"]
    for match in re.finditer(r"^FROM \S+ AS (?P<name>\w+)\n(?P<body>.*?)(?=^FROM |\Z)", TEXT, re.M | re.S)
}


def test_all_of_it_is_built_on_one_image_pinned_by_digest_that_an_argument_replaces() -> None:
    assert re.search(r"^ARG BASE=\S+:\S+@sha256:[0-9a-f]{64}$", TEXT, re.MULTILINE)
    bases = re.findall(r"^FROM (\S+) AS", TEXT, re.MULTILINE)
    assert bases[0] == "${BASE}"
    assert set(bases[1:]) <= STAGES.keys()


@pytest.mark.parametrize("target", ["harness", "mlflow"])
def test_nothing_runs_as_root(target: str) -> None:
    assert re.findall(r"^USER (\S+)", STAGES[target], re.MULTILINE)[-1] == "harness"


@pytest.mark.parametrize("stage", ["wheel", "harness", "mlflow"])
def test_every_installation_is_pinned(stage: str) -> None:
    installed = re.findall(r"pip install [^&\n]*", STAGES[stage])
    assert installed
    for command in installed:
        assert "--constraint" in command or "--no-index --no-deps" in command


def test_the_server_says_whether_it_is_well() -> None:
    assert "HEALTHCHECK" in STAGES["mlflow"]
    assert "/health" in STAGES["mlflow"]


def test_the_build_sees_what_it_needs_and_nothing_else() -> None:
    lines = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    sent = {line[1:] for line in patterns if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(?:--chmod=\d+ )?(.+)", TEXT, re.MULTILINE)
    assert sent == {source for line in copied for source in line.split()[:-1]}
    assert all((REPOSITORY / each).exists() for each in sent)


def test_each_layer_installs_what_the_project_requires_in_pinned_versions(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(REPOSITORY / name, tmp_path)
    subprocess.run([sys.executable, DOCKER / "requirements.py"], check=True, cwd=tmp_path)
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    pins = {
        canonicalize_name(line.partition("==")[0]): line
        for line in (REPOSITORY / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    wanted = (tmp_path / "harness.txt").read_text().splitlines()
    assert set(project["dependencies"]) < set(wanted)
    served = (tmp_path / "mlflow.txt").read_text().splitlines()
    assert {Requirement(line).name for line in served} == {"mlflow", "psycopg"}
    assert all(canonicalize_name(Requirement(line).name) in pins for line in wanted + served)
    torch = (tmp_path / "torch.txt").read_text().splitlines()
    assert {pins["torch"], pins["torchvision"]} < set(torch) < set(pins.values())


def test_a_build_of_torch_for_the_cpu_satisfies_the_constraint() -> None:
    pin = next(
        line for line in (REPOSITORY / "constraints.txt").read_text().splitlines() if "torch==" in line
    )
    requirement = Requirement(pin)
    version = str(requirement.specifier).removeprefix("==")
    assert requirement.specifier.contains(f"{version}+cpu")

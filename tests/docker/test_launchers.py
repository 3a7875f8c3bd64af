"""What starts workers elsewhere gives them options that there are."""

import re
import shlex
import subprocess
from collections.abc import Iterator

import pytest
import typer
import yaml
from processes import REPOSITORY

from harness.cli.main import app

DOCKER = REPOSITORY / "docker"
SCRIPTS = sorted(DOCKER.rglob("*.sh"))


def options(command: str) -> set[str]:
    group = typer.main.get_command(app)
    return {option for parameter in group.commands[command].params for option in parameter.opts}  # type: ignore[attr-defined]


def commands() -> Iterator[tuple[str, list[str]]]:
    """Each `harness` command of the examples, with where it stands."""
    job = yaml.safe_load((DOCKER / "kubernetes.yaml").read_text())
    for container in job["spec"]["template"]["spec"]["containers"]:
        yield "kubernetes.yaml", container["args"]
    for file in (DOCKER / "slurm.sh", DOCKER / "README.md"):
        text = file.read_text().replace("\\\n", " ")
        for line in re.findall(r"(?:run --rm|bin/|^ *)harness (\w+ .*)", text, re.MULTILINE):
            yield file.name, shlex.split(line, comments=True)


def test_there_are_examples() -> None:
    assert {"kubernetes.yaml", "slurm.sh", "README.md"} == {file for file, _ in commands()}


@pytest.mark.parametrize(("file", "arguments"), [*commands()], ids=lambda value: "".join(value)[:40])
def test_every_option_of_an_example_is_one(file: str, arguments: list[str]) -> None:
    given = {argument.partition("=")[0] for argument in arguments if argument.startswith("--")}
    assert given <= options(arguments[0]), file


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_every_script_can_be_read_by_its_shell(script: str) -> None:
    with open(script) as file:
        shell = "bash" if "bash" in file.readline() else "sh"
    subprocess.run([shell, "-n", script], check=True)

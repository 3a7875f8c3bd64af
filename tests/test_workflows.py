"""What continuous integration may do: pinned actions, read-only tokens, and no text of strangers in
a shell."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from processes import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.y*ml"))
ACTIONS = sorted((REPOSITORY / ".github" / "actions").glob("*/action.yml"))
PINNED = re.compile(r"^\s*(?:- )?uses: (?:\./\S+|[\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$")

every_file = pytest.mark.parametrize(
    "file", WORKFLOWS + ACTIONS, ids=lambda file: file.parent.name + file.name
)
every_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)


def steps(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
    for job in jobs:
        yield from job["steps"]


def test_there_are_the_tests_and_the_gate() -> None:
    assert [file.stem for file in WORKFLOWS] == ["gate", "tests"]
    assert [file.parent.name for file in ACTIONS] == ["gate"]


@pytest.mark.parametrize(("schema", "files"), [("github-workflows", WORKFLOWS), ("github-actions", ACTIONS)])
def test_every_file_is_valid_by_its_schema(schema: str, files: list[Path]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    checked = subprocess.run([*command, *files], check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


@every_file
def test_every_action_is_pinned_by_a_whole_commit_hash_with_its_version(file: Path) -> None:
    used = [line for line in file.read_text().splitlines() if re.match(r"\s*(- )?uses:", line)]
    assert used
    assert [line for line in used if not PINNED.match(line)] == []
    named = [step["uses"] for step in steps(yaml.safe_load(file.read_text())) if "uses" in step]
    assert len(named) == len(used)
    for name in named:
        assert not name.startswith("./") or (REPOSITORY / name / "action.yml").is_file()


@every_file
def test_no_input_and_no_event_is_pasted_into_a_script(file: Path) -> None:
    for step in steps(yaml.safe_load(file.read_text())):
        assert "${{" not in step.get("run", "")


@every_workflow
def test_a_workflow_can_only_read_and_ends(file: Path) -> None:
    document = yaml.safe_load(file.read_text())
    assert document["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in file.read_text()
    assert "secrets." not in file.read_text()
    assert document["concurrency"]["group"]
    for job in document["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 60
        assert "permissions" not in job


@pytest.mark.parametrize(
    ("code", "expected", "outcome", "inconclusive"),
    [
        (0, 0, "PASS", "warn"),
        (1, 1, "REGRESSION", "warn"),
        (4, 0, "INCONCLUSIVE", "warn"),
        (4, 4, "INCONCLUSIVE", "fail"),
        (2, 2, "ERROR", "warn"),
        (3, 3, "ERROR", "warn"),
    ],
)
def test_the_gate_fails_for_a_regression_and_warns_where_it_cannot_tell(
    code: int, expected: int, outcome: str, inconclusive: str, tmp_path: Path
) -> None:
    (file,) = ACTIONS
    (script,) = [step["run"] for step in steps(yaml.safe_load(file.read_text())) if step.get("id") == "check"]
    program = tmp_path / "gate" / "bin" / "harness"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/arguments\nexit {code}\n")
    program.chmod(0o755)
    environment = {
        "PATH": os.environ["PATH"],
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "EXPERIMENT": "my experiment.yaml; exit 0",
        "ARGUMENTS": "training.steps=20 --baselines gate",
        "INCONCLUSIVE": inconclusive,
    }
    shell = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]  # as GitHub calls it
    done = subprocess.run(shell, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == expected, done.stderr
    assert (tmp_path / "output").read_text() == f"outcome={outcome}\n"
    assert ("::warning" in done.stdout) == (code == 4 and inconclusive == "warn")
    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert arguments[:5] == [
        "check",
        "my experiment.yaml; exit 0",
        "training.steps=20",
        "--baselines",
        "gate",
    ]

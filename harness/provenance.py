"""What a run came from: all that decides its result, and code, versions, machine and command."""

import getpass
import hashlib
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from uuid import uuid4

from harness.config import Cell, to_yaml
from harness.files import read_json, write_atomic, write_json
from harness.origins import source_digests
from harness.rundir import RunDir

PACKAGES = (
    "gan-harness",
    "torch",
    "torchvision",
    "torch-fidelity",
    "pillow",
    "numpy",
    "scipy",
    "scikit-learn",
    "mlflow",
    "safetensors",
)
# Modules that show, plan and mirror results but cannot change one.
NOT_IN_RESULTS = (
    *("__main__.py", "cli", "commands", "console.py", "table.py", "notes.py"),
    *("study.py", "outcomes.py", "workplace.py", "record.py", "tracking", "report", "figures"),
    *("queue", "search", "workers", "sweep", "sweep_report", "pages", "trials.py"),
    *("reader", "gate", "runs.py", "stats", "events.py", "pytest_plugin.py"),
)


def identity_of(cell: Cell, data_digest: str, device: str) -> dict[str, str]:
    """What must be equal for a result to be used again in place of a new training, but for the seed."""
    return {
        "config": cell.config_hash,
        "data": data_digest,
        "code": code_digest(),
        **{f"source of {name}": digest for name, digest in source_digests(cell).items()},
        "torch": installed("torch"),
        "device": device,
    }


def made_with() -> dict[str, str]:
    """The code and the torch that results depend on: values of other ones are not compared."""
    return {"code": code_digest()[:8], "torch": installed("torch")}


@cache
def code_digest() -> str:
    """SHA-256 over those sources of the package that can change a result."""
    package = Path(__file__).parent
    sha = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        name = file.relative_to(package)
        if name.parts[0] not in NOT_IN_RESULTS:
            sha.update(name.as_posix().encode())
            sha.update(file.read_bytes())
    return sha.hexdigest()


def open_run(run: RunDir, cell: Cell, identity: dict[str, str], device: str) -> dict[str, Any]:
    """Write what the run is before anything is computed; a resumed run keeps its first provenance."""
    write_atomic(run.config, to_yaml(cell))
    return first_provenance(run, identity, device)


def first_provenance(
    run: RunDir, identity: dict[str, str], device: str, key: str | None = None
) -> dict[str, Any]:
    """The provenance that stands in the folder, written now where there is none. `key`: what the run is known
    by already, where it may have begun in another folder."""
    if not run.provenance.exists():
        write_json(run.provenance, {**provenance(identity, device), **({"key": key} if key else {})})
    record: dict[str, Any] = read_json(run.provenance)
    return record


def provenance(identity: dict[str, str], device: str) -> dict[str, Any]:
    """Where a result comes from: code, versions, machine, command; and a key that no other run has."""
    return {
        "key": uuid4().hex,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "identity": identity,
        "command": [*_program(), *(_without_password(text) for text in sys.argv[1:])],
        "user": _user(),
        "git": git_state(),
        "python": platform.python_version(),
        "packages": {name: installed(name) for name in PACKAGES},
        "device": device,
        "platform": platform.platform(),
        "processors": os.cpu_count(),
    }


def _program() -> list[str]:
    """The command as a person gives it."""
    name = Path(sys.argv[0]).name
    return ["python", "-m", "harness"] if name == "__main__.py" else [name]


def _without_password(text: str) -> str:
    text = re.sub(r"(?<=://)([^:/?#@]*):.*@", r"\1:***@", text)
    return re.sub(r"(?i)(password(?:=|%3D))[^&\s]*", r"\1***", text)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return str(os.getuid())


@cache
def git_state() -> dict[str, Any]:
    """Commit of the folder the command was given in, and what differs from it; empty outside a repository."""

    def git(*arguments: str) -> str:
        result = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)  # noqa: S603, S607
        return result.stdout.strip()

    try:
        commit, changed = git("rev-parse", "HEAD"), git("status", "--porcelain", "--untracked-files=no")
        return {
            "commit": commit,
            "branch": git("rev-parse", "--abbrev-ref", "HEAD"),
            "dirty": bool(changed),
            "diff": git("diff", "HEAD")[:1_000_000] if changed else "",
        }
    except (OSError, subprocess.CalledProcessError):
        return {}


def source_tags(record: Mapping[str, Any]) -> dict[str, str]:
    """The tags under which MLflow shows who ran what; the commit only inside a repository."""
    tags = {
        "mlflow.user": record["user"],
        "mlflow.source.name": " ".join(record["command"]),
        "mlflow.source.type": "LOCAL",
    }
    git = record["git"]
    if not git:
        return tags
    return tags | {
        "mlflow.source.git.commit": git["commit"],
        "mlflow.source.git.branch": git["branch"],
        "harness.git.dirty": str(git["dirty"]).lower(),
    }


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"

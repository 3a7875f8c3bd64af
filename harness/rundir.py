"""One run, one folder: where its files are, and whether it is finished."""

import hashlib
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from harness.files import read_json, write_json

Status = Literal["running", "finished", "failed", "stopped", "pruned"]


@dataclass(frozen=True)
class RunDir:
    """The folder of one run. `identity` is everything that makes its result reusable."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def generator(self) -> Path:
        return self.path / "generator.safetensors"

    @property
    def model(self) -> Path:
        return self.path / "model"

    @property
    def provenance(self) -> Path:
        return self.path / "provenance.json"

    @property
    def known_as(self) -> str:
        """The key by which MLflow knows the run, once its provenance stands."""
        return str(read_json(self.provenance)["key"])

    @property
    def results(self) -> Path:
        return self.path / "results.json"

    @property
    def lock(self) -> Path:
        return self.path / ".lock"

    def sample_file(self, step: int) -> Path:
        return self.path / "samples" / f"step-{step:09d}.png"

    def diagnostic_file(self, name: str, step: int) -> Path:
        """Where the diagnostic `name` records what it saw at `step`."""
        return self.path / "diagnostics" / f"{name.replace(':', '.')}-{step:09d}.json"

    def diagnostic_files(self) -> Iterator[tuple[str, int, Path]]:
        """Every record of a diagnostic: its name, its step, its file."""
        for file in sorted((self.path / "diagnostics").glob("*.json")):
            name, _, step = file.stem.rpartition("-")
            yield name, int(step), file

    def finished(self) -> dict[str, Any] | None:
        """The results, once they stand: results.json is written last and whole."""
        return read_json(self.results) if self.results.exists() else None

    @property
    def is_closed(self) -> bool:
        """Whether the last word was written: a crash can come between the results and the end of the log."""
        return bool(self.status()["status"] == "finished")

    def standing(self) -> dict[str, Any] | None:
        """The results of a run of which nothing is left to be done."""
        return self.finished() if self.is_closed else None

    def set_status(self, status: Status, reason: str = "") -> None:
        word = {"status": status, "reason": reason, "process": os.getpid(), "host": platform.node()}
        write_json(self.path / "status.json", word)

    def status(self) -> dict[str, Any]:
        file = self.path / "status.json"
        return read_json(file) if file.exists() else {"status": "new", "reason": ""}


def run_dir(folder: Path, seed: int, identity: dict[str, str]) -> RunDir:
    """`<folder>/seed<k>-<hash8>`, the hash over all that decides the result.

    So a changed configuration, data set, version or code gets a folder of its own and overwrites nothing.
    """
    return RunDir(folder / f"seed{seed}-{short_hash(identity)}")


def short_hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]

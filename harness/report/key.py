"""When a report has to be written again though no result changed."""

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness.rundir import short_hash

if TYPE_CHECKING:
    from harness.config import Experiment

WRITTEN_BY = ("report", "pages", "figures", "stats", "notes.py")
"""The code whose change changes a report."""


def report_key(experiment: "Experiment") -> str:
    """Changes with everything but the results that a report depends on: then it is written again."""
    asked = experiment.model_dump(mode="json", include={"name", "description", "figures"})
    return short_hash([asked, writing_code()])


@cache
def writing_code() -> str:
    """SHA-256 over the code that writes reports, its templates too."""
    sha = hashlib.sha256()
    package = Path(__file__).parent.parent
    for name in WRITTEN_BY:
        path = package / name
        files = sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
        for file in files or [path]:
            if file.exists():
                sha.update(file.relative_to(package).as_posix().encode())
                sha.update(file.read_bytes())
    return sha.hexdigest()

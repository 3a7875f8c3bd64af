"""The images that ours are built on: the published ones, or, where none can be pulled, root file systems of
Debian, made by debootstrap from the mirror that this machine itself uses."""

import os
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
SECRETS = {"pip.conf": Path("/etc/pip.conf"), "certificates": Path("/etc/ssl/certs/ca-certificates.crt")}
"""What a build may need here: where this machine takes packages from, and whom it trusts for it."""
BASE = re.search(r"^ARG BASE=(\S+)", (HERE.parent / "Dockerfile").read_text(), re.MULTILINE)[1]
POSTGRES = re.search(r"POSTGRES_IMAGE:-([^}]+)", (HERE.parent / "compose.yaml").read_text())[1]
STAND_INS = {
    BASE: ("bookworm", "ca-certificates,python3,python3-venv"),
    POSTGRES: ("trixie", "postgresql"),
}
"""By what they stand in for: release and packages. The published images are made of the same releases."""


def secrets() -> dict[str, Path]:
    return {name: file for name, file in SECRETS.items() if file.is_file()}


def root_file_system(image: str, folder: Path) -> Path:
    """Made in `folder`, unless an earlier check left one there."""
    release, packages = STAND_INS[image]
    root = folder / release
    if not (root / ".complete").exists():
        if shutil.which("debootstrap") is None or os.geteuid():
            raise SystemExit(f"error: {image} cannot be pulled, and to make one takes debootstrap, and root")
        shutil.rmtree(root, ignore_errors=True)
        log = folder / f"{release}.log"
        with log.open("wb") as output:
            command = ["debootstrap", "--variant=minbase", f"--include={packages}", release, root, _mirror()]
            if subprocess.run(command, check=False, stdout=output, stderr=output).returncode:
                raise SystemExit(f"error: debootstrap could not make {release}: {log}")
        shutil.rmtree(root / "var/cache/apt/archives", ignore_errors=True)
        (root / ".complete").touch()
    if image == POSTGRES:
        shutil.copy(HERE / "postgres.sh", root / "usr/local/bin/postgres.sh")
    return root


def _mirror() -> str:
    """Of Debian, from this machine's own lists."""
    lists = [*Path("/etc/apt").glob("sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    text = "\n".join(file.read_text() for file in lists)
    found = re.search(r"https?://\S+/debian/?(?=\s)", text)
    if found is None:
        raise SystemExit("error: no mirror of Debian is known to this machine: see /etc/apt/sources.list")
    return found[0]

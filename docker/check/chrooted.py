"""The stack without a container engine: images by buildah, each container a process in a root of its own.

There is one network, the machine's own: each service has a loopback address to itself, and its name in the
hosts file of the others. A container ends with everything in it, for it has its own process identifiers. What
only an engine can do is not proved here: published ports, health checks, restarts, dropped capabilities.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bases import BASE, POSTGRES, root_file_system, secrets
from compose_file import mounts, services
from stack import DOCKER, REPOSITORY, CommandError, begun, output_of

PREFIX = "harness-check"
ADDRESSES = {"mlflow": "127.0.0.2", "postgres": "127.0.0.3"}
TARGETS = {"harness": f"{PREFIX}/harness", "mlflow": f"{PREFIX}/mlflow"}
PATIENCE = 180.0
"""Seconds that a service may take to start."""


class Chrooted:
    """By buildah, with chroot isolation; as root."""

    name = "buildah --isolation chroot"
    mlflow = f"http://{ADDRESSES['mlflow']}:5000"
    studies = f"postgresql+psycopg://harness@{ADDRESSES['postgres']}/studies"

    def __init__(self, settings: Mapping[str, str], folder: Path) -> None:
        _remove_containers()  # those of a check that was killed
        self._folder, self._logs, self._volumes = folder, folder / "logs", folder / "volumes"
        for fresh in (self._logs, self._volumes):
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
        self._services = services(DOCKER / "compose.yaml", {**settings, "BIND": ADDRESSES["mlflow"]})
        self._images = {"postgres": self._stand_in(POSTGRES), "mlflow": TARGETS["mlflow"]}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._numbers = count(1)

    def build(self) -> None:
        base = self._stand_in(BASE)
        given = [f"--secret=id={name},src={file}" for name, file in secrets().items()]
        for target, image in TARGETS.items():
            _buildah(
                *("build", "--isolation", "chroot", "--format", "docker", "--layers", "--quiet"),
                *(
                    "--file",
                    str(DOCKER / "Dockerfile"),
                    "--ignorefile",
                    str(DOCKER / "Dockerfile.dockerignore"),
                ),
                *("--build-arg", f"BASE={base}", *given, "--target", target, "--tag", f"localhost/{image}"),
                str(REPOSITORY),
            )

    def up(self, workers: int) -> None:
        self.start("postgres")
        self.start("mlflow")
        for _ in range(workers):
            self._start("worker")

    def start(self, service: str) -> None:
        container = self._start(service)
        end = time.monotonic() + PATIENCE
        while not self._answers(service):
            if self._running[container].poll() is not None or time.monotonic() > end:
                raise SystemExit(f"error: {service} did not start: {self._logs / container}.log")
            time.sleep(0.5)

    def harness(self, *arguments: str) -> subprocess.Popen[str]:
        return begun(self._command(self._make("harness"), "harness", ["harness", *arguments]))

    def inside(self, service: str, *command: str, environment: Mapping[str, str] | None = None) -> str:
        arguments = [*command] or self._own_command(service)
        return output_of(self._command(self._make(service), service, arguments, environment))

    def workers(self) -> list[str]:
        running = [name for name, process in self._running.items() if process.poll() is None]
        return [name for name in running if name.startswith(f"{PREFIX}-worker-")]

    def kill(self, container: str) -> None:
        process = self._running[container if container in self._running else self._last(container)]
        process.kill()  # and with it the first process of its namespace, and so all
        process.wait()

    def logs(self) -> str:
        return "\n".join(file.read_text(errors="replace") for file in sorted(self._logs.iterdir()))

    def sizes(self) -> dict[str, str]:
        return {
            image: _buildah("images", "--format", "{{.Size}}", f"localhost/{image}").split("\n")[0]
            for image in TARGETS.values()
        }

    def down(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()
        _remove_containers()
        shutil.rmtree(self._volumes)

    def _start(self, service: str) -> str:
        name = self._make(service)
        command = self._command(name, service, self._own_command(service))
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return name

    def _make(self, service: str) -> str:
        """A container of the service's image, which nothing runs in yet."""
        name = f"{PREFIX}-{service}-{next(self._numbers)}"
        hosts = [f"--add-host={other}:{address}" for other, address in ADDRESSES.items()]
        image = self._images.get(service, TARGETS["harness"])
        _buildah(
            "from", "--name", name, "--pull-never", "--isolation", "chroot", *hosts, f"localhost/{image}"
        )
        return name

    def _command(
        self, name: str, service: str, arguments: list[str], more: Mapping[str, str] | None = None
    ) -> list[str]:
        """What runs `arguments` in the container; `more`: variables besides the service's own."""
        written = self._services[service]
        listen = {"LISTEN": ADDRESSES[service]} if service in ADDRESSES else {}
        variables = (
            {key: str(value) for key, value in written["environment"].items()} | listen | dict(more or {})
        )
        found = mounts(written, DOCKER, self._volumes)
        root = Path(_buildah("mount", name).strip())
        volumes = [
            f"--volume={self._prepared(source, root, target)}:{target}{':ro' if fixed else ''}"
            for target, (source, fixed) in found.items()
        ]
        return [
            *("setpriv", "--pdeathsig", "KILL"),  # a check that is killed leaves nothing running
            *("unshare", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *("buildah", "run", "--isolation", "chroot", *volumes),
            *(f"--env={key}={value}" for key, value in variables.items()),
            *(name, "--", *arguments),
        ]

    def _own_command(self, service: str) -> list[str]:
        entrypoints = {"postgres": "postgres.sh", "mlflow": "mlflow-server"}
        return [entrypoints.get(service, "harness"), *self._services[service].get("command", [])]

    @staticmethod
    def _prepared(source: Path, root: Path, target: str) -> Path:
        """Folder `source`; a new one belongs to whom the image's own folder does, as an engine's does."""
        if not source.exists():
            source.mkdir(parents=True)
            if (owned := root / target.lstrip("/")).exists():
                os.chown(source, owned.stat().st_uid, owned.stat().st_gid)
        return source

    def _answers(self, service: str) -> bool:
        if service == "postgres":
            ready = ["pg_isready", "--host", ADDRESSES["postgres"]]
            command = self._command(self._last(service), service, ready)
            return not subprocess.run(command, check=False, capture_output=True).returncode
        try:
            with urlopen(f"{self.mlflow}/health", timeout=5):
                return True
        except (URLError, OSError):
            return False

    def _last(self, service: str) -> str:
        return [name for name in self._running if name.startswith(f"{PREFIX}-{service}-")][-1]

    def _stand_in(self, image: str) -> str:
        """Always: an engine, which could pull the published one, is what there is none of."""
        root = root_file_system(image, self._folder)
        name = f"{PREFIX}/{root.name}"
        if image == BASE and _buildah("images", "--quiet", "--filter", f"reference=localhost/{name}").strip():
            return name  # the same one, so that what is built on it need not be built again
        container = _buildah("from", "scratch").strip()
        _buildah("add", "--quiet", container, str(root), "/")
        _buildah("commit", "--quiet", "--rm", container, f"localhost/{name}")
        return name


def _buildah(*arguments: str) -> str:
    result = subprocess.run(["buildah", *arguments], check=False, capture_output=True, text=True)
    if result.returncode:
        raise CommandError(f"buildah {arguments[0]}", result.stdout + result.stderr)
    return result.stdout


def _remove_containers() -> None:
    containers = json.loads(_buildah("containers", "--json") or "null") or []
    names = [each["containername"] for each in containers]
    if ours := [name for name in names if name.startswith(PREFIX)]:
        _buildah("rm", *ours)

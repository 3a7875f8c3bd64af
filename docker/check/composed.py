"""The stack by `docker compose`, with a project, ports and volumes of the check's own."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bases import BASE, POSTGRES, root_file_system, secrets
from stack import DOCKER, SERVICES, begun, output_of

PROJECT = "harness-check"
MLFLOW_PORT, POSTGRES_PORT = 15000, 15432
IMAGES = {"mlflow": f"{PROJECT}/mlflow", "worker": f"{PROJECT}/harness", "harness": f"{PROJECT}/harness"}
"""Of its own: what a person has built stays as it is."""


def engine_runs() -> bool:
    """Whether there is `docker compose`, and an engine that answers it."""
    try:
        for question in (["docker", "compose", "version"], ["docker", "ps"]):
            subprocess.run(question, check=True, capture_output=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return False
    return True


class Composed:
    """With Docker's own engine; images that cannot be pulled are made from Debian's packages."""

    name = "docker compose"
    mlflow = f"http://127.0.0.1:{MLFLOW_PORT}"
    studies = f"postgresql+psycopg://harness@127.0.0.1:{POSTGRES_PORT}/studies"

    def __init__(self, settings: Mapping[str, str], folder: Path) -> None:
        ours = {"MLFLOW_PORT": str(MLFLOW_PORT), "POSTGRES_PORT": str(POSTGRES_PORT)}
        stand_ins = {image: self._stand_in(image, folder) for image in (BASE, POSTGRES)}
        self._images = {"BASE": stand_ins[BASE], "POSTGRES_IMAGE": stand_ins[POSTGRES]}
        env_file, override = folder / ".env", folder / "compose.check.json"
        env_file.touch(0o600)
        env_file.write_text("".join(f"{key}='{value}'\n" for key, value in {**settings, **ours}.items()))
        build = {"secrets": [*secrets()]}
        services = {service: {"image": image, "build": build} for service, image in IMAGES.items()}
        named = {name: {"file": str(file)} for name, file in secrets().items()}
        override.write_text(json.dumps({"services": services, "secrets": named}))
        self._compose = [
            *("docker", "compose", "--project-name", PROJECT, "--env-file", str(env_file)),
            *("--file", str(DOCKER / "compose.yaml"), "--file", str(override), "--progress", "plain"),
        ]
        # Compose takes the environment's before the file's.
        known = re.findall(r"^#?([A-Z_]+)=", (DOCKER / "env.example").read_text(), re.MULTILINE)
        ours_alone = {key: value for key, value in os.environ.items() if key not in known}
        self._environment = {**ours_alone, **self._images}
        self.down()  # what a check that was killed has left

    def build(self) -> None:
        self._run("build", "mlflow", "harness")

    def up(self, workers: int) -> None:
        self._run("up", "--detach", "--wait", "--scale", f"worker={workers}", *SERVICES)

    def harness(self, *arguments: str) -> subprocess.Popen[str]:
        return begun(
            [*self._compose, "--progress", "quiet", "run", "--rm", "--no-TTY", "harness", *arguments],
            self._environment,
        )

    def inside(self, service: str, *command: str, environment: Mapping[str, str] | None = None) -> str:
        variables = [f"--env={key}={value}" for key, value in (environment or {}).items()]
        entrypoint = ["--entrypoint", command[0]] if command else []
        return self._run(
            "run", "--rm", "--no-TTY", "--no-deps", *variables, *entrypoint, service, *command[1:]
        )

    def workers(self) -> list[str]:
        return self._run("ps", "--quiet", "--status", "running", "worker").split()

    def kill(self, container: str) -> None:
        subprocess.run(["docker", "kill", self._container(container)], check=True, capture_output=True)

    def start(self, service: str) -> None:
        self._run("up", "--detach", "--wait", "--no-recreate", service)

    def logs(self) -> str:
        return self._run("logs", "--no-color")

    def sizes(self) -> dict[str, str]:
        show = ["docker", "images", "--format", "{{.Size}}"]
        return {image: output_of([*show, image]).split()[0] for image in IMAGES.values()}

    def down(self) -> None:
        self._run("--profile", "command", "down", "--volumes", "--timeout", "30")

    def _container(self, name: str) -> str:
        return self._run("ps", "--quiet", name).strip() if name in SERVICES else name

    def _run(self, *arguments: str) -> str:
        return output_of([*self._compose, *arguments], self._environment)

    @staticmethod
    def _stand_in(image: str, folder: Path) -> str:
        """The image itself, where it is here or can be pulled."""
        if _succeeds("image", "inspect", image) or _succeeds("pull", "--quiet", image):
            return image
        root = root_file_system(image, folder)
        name = f"{PROJECT}/{root.name}"
        if image == BASE and _succeeds("image", "inspect", name):
            return name  # the same one, so that what is built on it need not be built again
        entry = ["--change", 'ENTRYPOINT ["postgres.sh"]'] if image == POSTGRES else []
        archive = subprocess.Popen(["tar", "--create", "--directory", root, "."], stdout=subprocess.PIPE)
        imported = ["docker", "import", "--change", "ENV LANG=C.UTF-8", *entry, "-", name]
        subprocess.run(imported, stdin=archive.stdout, check=True, capture_output=True)
        return name


def _succeeds(*arguments: str) -> bool:
    return not subprocess.run(["docker", *arguments], check=False, capture_output=True).returncode

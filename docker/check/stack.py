"""What the check asks of a stack, whatever runs its containers."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

DOCKER = Path(__file__).parent.parent
REPOSITORY = DOCKER.parent
ACCOUNT = "admin"
SERVICES = ("postgres", "mlflow", "worker")


class CommandError(Exception):
    """A command ended with another code than 0. `output`: what it had printed."""

    def __init__(self, command: str, output: str) -> None:
        super().__init__(f"{command} failed:\n{output[-5000:]}")
        self.output = output


def begun(command: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """The command, whose output can be read as one text."""
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def output_of(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """All that the command prints."""
    process = begun(command, environment)
    output, _ = process.communicate()
    if process.returncode:
        raise CommandError(" ".join(command[-4:]), output)
    return output


class Stack(Protocol):
    """`compose.yaml`, running. `mlflow` and `studies`: addresses at which this machine reaches it, without
    passwords."""

    mlflow: str
    studies: str

    def build(self) -> None:
        """Both images, from the Dockerfile."""

    def up(self, workers: int) -> None:
        """Start everything, and wait until it can be used."""

    def harness(self, *arguments: str) -> subprocess.Popen[str]:
        """`docker compose run --rm harness ARGUMENTS`, and what it prints."""

    def inside(self, service: str, *command: str, environment: Mapping[str, str] | None = None) -> str:
        """What `command`, or the service's own, prints in a container of its own; CommandError."""

    def workers(self) -> list[str]:
        """The containers of the workers that run."""

    def kill(self, container: str) -> None:
        """At once, with everything in it, as when its machine loses power."""

    def start(self, service: str) -> None:
        """Again, and wait until it can be used."""

    def logs(self) -> str:
        """Of all containers, those included that have been killed."""

    def sizes(self) -> dict[str, str]:
        """Of each image, as people read them."""

    def down(self) -> None:
        """Stop everything, and leave nothing behind but images."""

"""Builds the images, starts the stack, searches while things break, and looks at what came of it.

docker/check.sh [--without-docker]
"""

import argparse
import fcntl
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import outside
from chrooted import Chrooted
from composed import Composed, engine_runs
from optuna.trial import TrialState
from stack import ACCOUNT, CommandError, Stack

FOLDER = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "harness-check"
TRIALS = 12
FILE = "experiments/baseline.yaml"
CHANGES = ("training.steps=1000", "evaluation.num_samples=2000", "search.pruner=none", "search.final_seeds=2")
BEGAN = time.monotonic()
SAID: list[str] = []
"""What commands printed."""


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left running
    parser = argparse.ArgumentParser(prog="docker/check.sh", description=__doc__)
    parser.add_argument(
        "--without-docker", action="store_true", help="buildah, although a Docker engine runs"
    )
    with_docker = engine_runs() and not parser.parse_args().without_docker
    if missing := [program for program in needed(with_docker) if shutil.which(program) is None]:
        raise SystemExit(f"error: without a Docker engine this needs {', '.join(missing)}: install them")
    if not with_docker and os.geteuid():
        raise SystemExit("error: without a Docker engine this needs root")
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock = (FOLDER / ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit("error: another check runs: wait for its end") from None
    passwords = {
        name: secrets.token_urlsafe(18) + "+%/:" for name in ("POSTGRES_PASSWORD", "MLFLOW_PASSWORD")
    }
    settings = {**passwords, "HEARTBEAT": "2"}
    stack: Stack = Composed(settings, FOLDER) if with_docker else Chrooted(settings, FOLDER)
    say(f"with {stack.name}")
    with step("build"):
        stack.build()
    for image, size in stack.sizes().items():
        say(f"image {image}: {size}")
    os.environ.update(
        MLFLOW_TRACKING_URI=stack.mlflow,
        MLFLOW_TRACKING_USERNAME=ACCOUNT,
        MLFLOW_TRACKING_PASSWORD=passwords["MLFLOW_PASSWORD"],
        MLFLOW_DISABLE_TELEMETRY="true",
        MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
    )
    try:
        with step("start PostgreSQL, MLflow and two workers"):
            stack.up(workers=2)
        look_at_the_doors(stack, passwords)
        search(stack, passwords["POSTGRES_PASSWORD"])
        look_at_what_came(stack, passwords)
    except BaseException as error:
        (FOLDER / "failed.log").write_text(stack.logs())
        print(f"the containers' logs: {FOLDER / 'failed.log'}", file=sys.stderr)
        if isinstance(error, CommandError):
            raise SystemExit(f"error: {error}") from None
        raise
    finally:
        stack.down()
    say("all of it holds")


def needed(with_docker: bool) -> list[str]:
    return [] if with_docker else ["buildah", "debootstrap", "unshare", "setpriv"]


def look_at_the_doors(stack: Stack, passwords: dict[str, str]) -> None:
    answers = outside.answers(stack, passwords["MLFLOW_PASSWORD"])
    for who, status in answers.items():
        hold(status == outside.EXPECTED[who], f"MLflow answers {who}: {status}")
    hold(outside.refused(stack, "wrong"), "PostgreSQL refuses a wrong password")
    user = stack.inside("worker", "id", "-u").strip().splitlines()[-1]
    hold(user == "10001", f"containers run as user {user}")
    open_to_all = {"BIND": "0.0.0.0", "MLFLOW_AUTH_ADMIN_PASSWORD": ""}
    try:
        said = stack.inside("mlflow", environment=open_to_all)
    except CommandError as error:
        said = error.output
    hold("set MLFLOW_PASSWORD" in said, "MLflow does not start for other machines without a password")


def search(stack: Stack, password: str) -> None:
    """A sweep by both workers; MLflow is killed in the middle, then one of the workers."""
    process = stack.harness("sweep", FILE, *CHANGES, "--trials", str(TRIALS))

    def queue() -> outside.Queue | None:
        if process.poll() is not None:
            raise SystemExit(f"error: the sweep ended with {process.returncode}:\n{process.stdout.read()}")
        return outside.queue(stack, password, "baseline")

    def both_work() -> bool:
        return (study := queue()) is not None and study.count(TrialState.RUNNING) == 2

    with step(f"sweep of {TRIALS} trials"):
        until(lambda: both_work() and queue().count(TrialState.COMPLETE) >= 1)
        say("both workers are at work")
        stack.kill("mlflow")
        done = queue().count(TrialState.COMPLETE)
        until(lambda: queue().count(TrialState.COMPLETE) >= done + 3)
        say("MLflow was killed; the search went on for 3 trials")
        stack.start("mlflow")
        until(both_work)
        one, other = stack.workers()
        stack.kill(other)
        say("a worker was killed in a trial")
        until(lambda: [trial for trial in queue().retried() if trial.state is TrialState.RUNNING])
        hold(stack.workers() == [one], "the other one has its trial")
        output, _ = process.communicate()
    SAID.append(output)
    print("\n".join(f"    {line}" for line in output.splitlines() if line.strip()))
    hold(process.returncode == 0, "the sweep ended with code 0")


def look_at_what_came(stack: Stack, passwords: dict[str, str]) -> None:
    queue = outside.queue(stack, passwords["POSTGRES_PASSWORD"], "baseline")
    complete = queue.count(TrialState.COMPLETE)
    hold(complete == len(queue.trials()) == TRIALS, f"PostgreSQL has {complete} complete trials")
    retried = [trial.number for trial in queue.retried()]
    hold(len(retried) == 1, "of which one was retried, once, and none is counted twice")
    # A worker sends what is left for MLflow in the background.
    until(lambda: all(run.info.status == "FINISHED" for run in outside.runs("baseline")))
    runs = outside.runs("baseline")
    trials = [run for run in runs if run.data.tags.get("harness.kind") == "trial"]
    measured = [run for run in trials if run.data.metrics]
    hold(
        len(trials) == len(measured) == TRIALS, f"MLflow has {len(trials)} trials, all finished and measured"
    )
    again = stack.harness("sync")
    said, _ = again.communicate()
    SAID.append(said)
    said = said.strip().splitlines()[-1]
    hold(said.startswith("0 events of"), f"MLflow misses nothing of the run folders: {said}")
    parent = next(run for run in runs if run.data.tags.get("harness.kind") == "sweep")
    page = outside.downloaded(parent, "report.html")
    hold(page.lstrip().startswith(b"<!"), f"the report is among MLflow's artifacts: {len(page):,} bytes")
    logs = "".join([stack.logs(), *SAID])
    hold(not any(password in logs for password in passwords.values()), "no password stands in any log")


def say(text: str) -> None:
    print(f"{time.monotonic() - BEGAN:6.0f} s  {text}", flush=True)


def hold(fact: bool, text: str) -> None:
    if not fact:
        raise SystemExit(f"error: this does not hold: {text}")
    say(f"ok: {text}")


@contextmanager
def step(text: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(f"{text}: {time.monotonic() - began:.0f} s")


def until(condition: Callable[[], object], timeout: float = 300) -> None:
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"error: waited {timeout:.0f} s in vain")
        time.sleep(0.5)


main()

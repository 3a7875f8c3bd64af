"""Workers that a command starts: what they are told, where a password may stand, and their last words."""

from pathlib import Path

import psutil
import pytest
from conducted import LONG
from processes import wait_until

from harness.workers.crew import Crew, Hiring, visible_to

SECRET = "t0ps3cret"


@pytest.fixture
def hiring(tmp_path: Path) -> Hiring:
    """Of a storage that nobody can reach."""
    storage = f"postgresql://me:{SECRET}@127.0.0.1:1/studies"
    return Hiring(
        storage, "tiny", tmp_path / "runs", Path("unused"), f"sqlite:///{tmp_path}/mlflow.db", "cpu"
    )


def test_a_worker_that_cannot_work_ends_with_its_reason_and_no_password_is_seen(hiring: Hiring) -> None:
    said: list[str] = []
    with Crew(hiring, 1, said.append) as crew:
        (worker,) = [
            child
            for child in psutil.Process().children()
            if "worker" in child.cmdline() and "--led" in child.cmdline()
        ]
        assert SECRET not in " ".join(worker.cmdline())
        wait_until(lambda: not crew.working, pause=0.05, timeout=LONG)
        (failure,) = crew.failures()
    assert failure.startswith(
        "worker 0 ended with code 2: error: storage `postgresql://me:***@127.0.0.1:1/studies`"
    )
    assert said
    assert failure.endswith(said[-1])
    assert SECRET not in failure


def test_leaving_ends_workers_that_still_begin(hiring: Hiring) -> None:
    with Crew(hiring, 1, lambda line: None) as crew:
        assert crew.working == 1
    assert crew.working == 0


@pytest.mark.parametrize(
    ("count", "visible", "seen"),
    [
        (2, None, ["0", "1", "0", "1"]),
        (2, "5,3", ["5", "3", "5", "3"]),
        (1, "GPU-8a", ["GPU-8a"] * 4),
        (4, "", ["0", "1", "2", "3"]),
    ],
)
def test_workers_share_the_gpus_in_turn(count: int, visible: str | None, seen: list[str]) -> None:
    assert [visible_to(number, count, visible) for number in range(4)] == seen

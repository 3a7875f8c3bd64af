"""The process that trains: what it says, what it is told, and that it never outlives its worker's word."""

import json
import os
from collections.abc import Callable, Iterator
from multiprocessing import forkserver
from pathlib import Path
from signal import SIGKILL

import psutil
import pytest
from conducted import LONG, warm
from folders import has_checkpoint, only_run, results, run_folders, status, steps_logged
from processes import wait_until
from witness import unbound

from harness.catalog import TABLES
from harness.config import load
from harness.files import locked
from harness.workers.child import carry_out
from harness.workers.process import CONTEXT, TaskProcess
from harness.workers.task import LOST, Message, Site, Task

STEPS = range(20, 61, 20)
CHEAP = ("evaluation.metrics=[fid]", "evaluation.num_samples=100")
ENDLESS = ("training.steps=1000000", "evaluation.every=1000000")

Begin = Callable[..., TaskProcess]


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    warm()


@pytest.fixture
def task(tiny: Path, tmp_path: Path) -> Callable[..., Task]:
    """Cells of the tiny experiment, whose runs lie in `runs`."""

    def make(*overrides: str, asks: bool = False) -> Task:
        cells = tuple(load(tiny, [*CHEAP, *overrides], TABLES).cells)
        runs = tmp_path / "runs"
        return Task(cells, (runs,) * len(cells), runs, asks, exports=False, system_interval=None)

    return make


@pytest.fixture
def site(tmp_path: Path) -> Callable[[float], Site]:
    return lambda silence: Site(tmp_path / "runs", Path("unused"), "cpu", 3, silence)


@pytest.fixture
def begin(task: Callable[..., Task], site: Callable[[float], Site]) -> Iterator[Begin]:
    started: list[TaskProcess] = []

    def call(*overrides: str, asks: bool = False, silence: float = LONG) -> TaskProcess:
        started.append(TaskProcess(task(*overrides, asks=asks), site(silence)))
        return started[-1]

    yield call
    for process in started:
        process.end()


def spoken(process: TaskProcess) -> Iterator[Message]:
    return (message for message in process.messages() if message is not None)


def until(process: TaskProcess, kind: str) -> Message:
    return next(message for message in spoken(process) if message.kind == kind)


def test_cells_are_trained_in_order_and_all_is_told_as_it_comes(begin: Begin, tmp_path: Path) -> None:
    said = list(spoken(begin("seeds=0,1")))
    of_a_cell = [
        ("opened", 0),
        ("started", 0),
        *[(kind, step) for step in STEPS for kind in ("window", "evaluated")],
        ("result", 0),
    ]
    assert [(message.index, message.kind, message.step) for message in said] == [
        *[(index, kind, step) for index in (0, 1) for kind, step in of_a_cell],
        (0, "done", 0),
    ]
    assert [Path(message.text) for message in said if message.kind == "opened"] == run_folders(
        tmp_path / "runs"
    )
    for index, run in enumerate(run_folders(tmp_path / "runs")):
        mine = [message for message in said if message.index == index]
        (result,) = (message.values for message in mine if message.kind == "result")
        assert json.loads(json.dumps(result)) == results(run)
        assert result["seed"] == index
        last = [message for message in mine if message.kind == "evaluated"][-1]
        assert last.values == result["values"]
        assert status(run)["status"] == "finished"
        assert not (run / "model").exists()  # exports: False


def test_an_answer_can_end_a_training_as_pruned(begin: Begin, tmp_path: Path) -> None:
    process = begin("seeds=0,1", asks=True)
    said = []
    for message in spoken(process):
        said.append(message)
        if message.kind == "evaluated":
            process.say("go on" if message.step < 40 else "prune")
    assert (said[-1].kind, said[-1].text) == ("pruned", "pruned at step 40 of 60")
    run = only_run(tmp_path / "runs")  # the other seed was never begun
    assert (status(run)["status"], status(run)["reason"]) == ("pruned", said[-1].text)
    assert not (run / "results.json").exists()
    assert max(step for kind, _, step in steps_logged(run) if kind == "metrics") == 40


def test_an_answer_to_a_result_spares_the_other_cells(begin: Begin, tmp_path: Path) -> None:
    process = begin("seeds=0,1", asks=True)
    said = []
    for message in spoken(process):
        said.append(message)
        if message.is_question:
            process.say("prune" if message.kind == "result" else "go on")
    assert [message.kind for message in said[-2:]] == ["result", "done"]
    assert status(only_run(tmp_path / "runs"))["status"] == "finished"


def test_stop_saves_and_another_process_goes_on_there_once_the_folder_is_free(
    begin: Begin, tmp_path: Path
) -> None:
    long = ("training.steps=2000", "evaluation.every=2000")
    first = begin(*long)
    until(first, "window")
    first.say("stop")
    last = list(spoken(first))[-1]
    assert last.kind == "stopped"
    assert "stopped at step" in last.text
    first.end()
    run = only_run(tmp_path / "runs")
    assert status(run)["status"] == "stopped"
    assert has_checkpoint(run)

    with locked(run / ".lock", "held by a test"):
        second = begin(*long)
        until(second, "opened")
        messages = second.messages()
        assert [next(messages) for _ in range(3)] == [None] * 3  # it waits, and says nothing meanwhile
    started = until(second, "started")
    assert 0 < started.step < 2000
    assert f"stopped at step {started.step:,} of 2,000" in last.text
    assert list(spoken(second))[-1].kind == "done"
    assert set(steps_logged(run).values()) == {1}


def test_a_folder_that_never_gets_free_is_given_up_for_another_attempt(begin: Begin, tmp_path: Path) -> None:
    process = begin(silence=3.0)
    run = Path(until(process, "opened").text)
    process.end()
    with locked(run / ".lock", "held by a test"):
        process = begin(silence=3.0)
        for message in process.messages():
            process.say("beat")  # the worker lives; it is the folder that is not to be had
            if message is not None and message.is_last:
                break
        assert message is not None
        assert message.kind == "stopped"
        assert "in use" in message.text
        assert f"process {os.getpid()} holds it" in message.text


def test_of_a_killed_process_the_last_word_names_the_signal(begin: Begin, tmp_path: Path) -> None:
    process = begin(*ENDLESS)
    until(process, "window")
    os.kill(status(only_run(tmp_path / "runs"))["process"], SIGKILL)
    last = list(spoken(process))[-1]
    assert (last.kind, last.text) == (
        "vanished",
        "the process that trained was ended by SIGKILL; was the memory full?",
    )


def test_without_a_word_from_its_worker_it_ends_and_leaves_the_folder_free(
    begin: Begin, tmp_path: Path
) -> None:
    process = begin(*ENDLESS, silence=2.0)
    last = list(spoken(process))[-1]
    assert (last.kind, last.text) == ("stopped", "the process that trained had no word from its worker")
    run = only_run(tmp_path / "runs")
    with locked(run / ".lock", "still held"):
        assert not psutil.pid_exists(status(run)["process"])


def test_a_worker_that_has_gone_takes_its_training_with_it(
    task: Callable[..., Task], site: Callable[[float], Site], tmp_path: Path
) -> None:
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=carry_out, args=(task(*ENDLESS), site(LONG), theirs))
    process.start()
    theirs.close()
    while ours.recv().kind != "window":
        pass
    ours.close()
    process.join(LONG)
    assert process.exitcode == LOST
    with locked(only_run(tmp_path / "runs") / ".lock", "still held"):
        pass


def test_what_goes_wrong_inside_is_one_line(begin: Begin, tmp_path: Path) -> None:
    process = begin("training.learning_rate=1e30", "evaluation.every=null")
    last = list(spoken(process))[-1]
    assert last.kind == "failed"
    assert "not finite" in last.text or "collapsed" in last.text
    assert status(only_run(tmp_path / "runs"))["reason"] == last.text
    assert "\n" not in last.text


def test_it_is_forked_from_what_has_imported_all_and_has_its_own_number_of_threads(
    begin: Begin, task: Callable[..., Task], site: Callable[[float], Site], tmp_path: Path
) -> None:
    file = tmp_path / "seen.json"
    network = f"network={{name: 'witness:witness', file: {file}}}"
    process = begin(network)
    assert list(spoken(process))[-1].kind == "done"
    process.end()
    seen = json.loads(file.read_text())
    assert seen["parent"] == forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    assert seen["process"] not in (os.getpid(), seen["parent"])
    assert (seen["name"], seen["cuda"]) == ("harness-task", False)
    assert seen["threads"] == 1  # OMP_NUM_THREADS, which the tests set, has the last word
    wait_until(lambda: not psutil.pid_exists(seen["process"]), pause=0.05)

    ours, theirs = CONTEXT.Pipe()
    free = CONTEXT.Process(target=unbound, args=(task(network, "seeds=[1]"), site(LONG), theirs))
    free.start()
    theirs.close()
    while not ours.recv().is_last:
        pass
    free.join(LONG)
    assert json.loads(file.read_text())["threads"] == 3

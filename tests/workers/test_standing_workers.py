"""A worker that stands ready: what it takes and what it leaves, and commands that leave all to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGINT, SIGTERM

import optuna
import pytest
import torch
from conducted import Place, past, place
from folders import run_folders, status
from optuna.trial import FrozenTrial, Trial, TrialState
from processes import TINY, Harness, Start, wait_until
from sqlalchemy.exc import OperationalError
from sweeping import BUSY, QUICK, SWEEP, runs_in, study_in
from test_run import Listener

from harness.catalog import TABLES
from harness.config import load
from harness.errors import ConfigError, HarnessError, InterruptedRunError
from harness.provenance import made_with
from harness.queue import outage
from harness.queue.definition import create_study
from harness.queue.slots import claim, fill, finish, tally
from harness.rundir import RunDir
from harness.signals import StopSignal
from harness.study import run_study
from harness.sweep.sweep import Means, run_sweep
from harness.workers import attend
from harness.workers.attend import LEFT_TO_OTHERS, see_done
from harness.workers.brief import brief_of, give
from harness.workers.crew import Hiring
from harness.workers.enlist import Enlist
from harness.workers.studies import Studies
from harness.workers.task import Site
from harness.workers.worker import Post, serve
from harness.workers.works import checked_brief
from harness.workplace import Workplace


@pytest.fixture
def made(tmp_path: Path, empty_store: Path) -> Iterator[Place]:
    with place(tmp_path, SWEEP, empty_store) as here:
        yield here


@dataclass
class Eyes:
    """What a worker in the folder of runs `runs` sees at a look, and what it warned of so far."""

    made: Place
    runs: Path
    warned: list[str]
    find: Studies

    @classmethod
    def of(cls, made: Place, runs: Path) -> "Eyes":
        warned: list[str] = []
        site = Site(runs, Path("unused"), "cpu", 1, 10.0)
        return cls(made, runs, warned, Studies(made.storage, site, None, 5.0, warned.append))  # type: ignore[arg-type]

    def seen(self) -> list[str]:
        return [work.study.study_name for work in self.find()]


@pytest.fixture
def eyes(made: Place) -> Eyes:
    return Eyes.of(made, made.runs)


def workplace(made: Place, stop: StopSignal) -> Workplace:
    return Workplace(made.runs, Path("unused"), torch.device("cpu"), None, Listener(), stop)


def hiring(made: Place) -> Hiring:
    return Hiring(made.storage.url, "tiny", made.runs, Path("unused"), made.tracking, "cpu")


def suite_given_up(made: Place) -> InterruptedRunError:
    """`harness run --jobs 0`, until Ctrl-C at its first look: its study waits from then on."""
    stop = StopSignal()

    def interrupt(_: object) -> None:
        stop.number = SIGINT

    enlist = Enlist(load(made.file, [], TABLES), made.storage, hiring(made), 0, print, interrupt)
    with pytest.raises(InterruptedRunError) as caught:
        run_study(enlist.loaded, workplace(made, stop), enlist)
    return caught.value


def suite_in(made: Place) -> optuna.Study:
    (name,) = [each for each in optuna.get_all_study_names(made.storage) if "-suite-" in each]
    return optuna.load_study(storage=made.storage, study_name=name)


def test_a_search_is_seen_while_there_is_something_to_take_and_a_new_brief_is_heeded(
    made: Place, eyes: Eyes
) -> None:
    assert eyes.seen() == []
    (study,) = made.opened(made.planned("search.trials=1"))
    (work,) = eyes.find()
    (same,) = eyes.find()
    assert same is work
    trial = claim(study, made.storage)
    assert trial is not None
    assert eyes.seen() == ["tiny"]  # its worker may die
    finish(study, trial, TrialState.COMPLETE, [1.0])
    assert eyes.seen() == []
    made.opened(made.planned("search.trials=3"))
    (longer,) = eyes.find()
    assert not longer.is_over()
    made.opened(made.planned("search.trials=3", "search.patience=1"))
    made.opened(made.planned("search.trials=1"))
    (shorter,) = eyes.find()
    assert shorter.is_over()
    assert not eyes.warned


def test_a_study_made_anew_under_its_name_is_another_one(made: Place, eyes: Eyes) -> None:
    made.opened(made.planned())
    (old,) = eyes.find()
    optuna.delete_study(study_name="tiny", storage=made.storage)
    assert eyes.seen() == []
    made.opened(made.planned())  # SQLite gives its number again, too
    (new,) = eyes.find()
    assert new is not old


def test_what_cannot_be_taken_is_left_out_with_one_line_each(made: Place, eyes: Eyes) -> None:
    foreign = optuna.create_study(storage=made.storage, study_name="foreign")
    fill(foreign, 1)
    begun = {"kind": "sweep", "made with": made_with()}
    in_the_making, _ = create_study(made.storage, "in_the_making", ["minimize"], begun)
    fill(in_the_making, 1)
    (study,) = made.opened(made.planned())
    brief = brief_of(study)
    odd = {
        "other": ({**begun, "made with": {**made_with(), "torch": "1.0"}}, brief),
        "absent": (
            begun,
            replace(brief, experiment=brief.experiment.replace("name: mlp", "name: nowhere:net")),
        ),
    }
    for name, (definition, given) in odd.items():
        other, _ = create_study(made.storage, name, ["minimize"], definition)
        give(other, given)
        fill(other, 1)
    for _ in range(3):
        assert eyes.seen() == ["tiny"]
    lines = {line.split("`")[1]: line for line in eyes.warned}
    assert len(eyes.warned) == len(lines) == 3
    assert lines["foreign"] == "left out: study `foreign` was not made by harness"
    assert "was made with torch 1.0, here" in lines["other"]
    assert "there is no module `nowhere`" in lines["absent"]
    assert "\n" not in "".join(eyes.warned)

    absent = optuna.load_study(storage=made.storage, study_name="absent")
    give(absent, brief)
    assert sorted(eyes.seen()) == ["absent", "tiny"]


def test_a_module_of_a_name_that_another_folder_has_too_is_not_taken_for_that(
    made: Place, eyes: Eyes
) -> None:
    (study,) = made.opened(made.planned())
    folders = [made.folder / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
        (folder / "parts_of_mine.py").touch()
        again, _ = create_study(made.storage, folder.name, ["minimize"], {"made with": made_with()})
        give(again, replace(brief_of(study), file=str(folder / "tiny.yaml")))
        fill(again, 1)
    assert eyes.seen() == ["tiny", "one"]
    (line,) = eyes.warned
    assert f"parts_of_mine in {folders[1]} is another one than in {folders[0]}" in line
    assert "--study other" in line


def test_a_suite_is_left_to_workers_that_share_its_folder_and_its_device(
    made: Place, tmp_path: Path, harness: Harness
) -> None:
    suite_given_up(made)
    study = suite_in(made)
    brief = brief_of(study)
    elsewhere = Eyes.of(made, tmp_path / "elsewhere")
    assert Eyes.of(made, made.runs).seen() == [study.study_name]
    assert elsewhere.seen() == elsewhere.seen() == []
    (line,) = elsewhere.warned
    assert "share that, and name it with --runs" in line
    assert not elsewhere.runs.exists()
    refused = harness("worker", "--study", study.study_name, "--runs", "elsewhere")
    assert (refused.returncode, refused.stderr.splitlines()[-1]) == (
        2,
        line.replace("left out:", "error:").replace(str(elsewhere.runs), "elsewhere"),
    )

    shown = RunDir(elsewhere.runs / brief.folder)  # as a folder on a network may be, late
    shown.path.mkdir(parents=True)
    shown.provenance.write_bytes(RunDir(made.runs / brief.folder).provenance.read_bytes())
    assert elsewhere.seen() == [study.study_name]
    shown.provenance.write_text('{"key": "of another command"}')
    assert elsewhere.seen() == []

    give(study, replace(brief, device="cuda"))
    other = Eyes.of(made, made.runs)
    assert other.seen() == []
    assert "under the device cuda, and here it is cpu" in other.warned[0]


class Refused:
    """Work whose trials end as they begin, and who took them in which order."""

    def __init__(self, study: optuna.Study, order: list[str]) -> None:
        self.study, self._order = study, order

    def is_over(self) -> bool:
        return False

    def take_up(self, trial: Trial, frozen: FrozenTrial) -> None:
        self._order.append(self.study.study_name)
        raise ConfigError("no")


def served(made: Place, find: Callable[[], list[Refused]], stop: StopSignal) -> None:
    site = Site(made.runs, Path("unused"), "cpu", 1, 10.0)
    serve(find, Post(made.storage, site, stop, lambda line: None, pytest.fail))  # type: ignore[arg-type]


def test_studies_take_turns_and_one_of_which_all_runs_holds_up_nobody(made: Place) -> None:
    order: list[str] = []
    stop = StopSignal()
    works = []
    for name, waiting in (("long", 4), ("short", 2), ("held", 1)):
        study, _ = create_study(made.storage, name, ["minimize"], {})
        fill(study, waiting)
        works.append(Refused(study, order))
    assert claim(works[2].study, made.storage) is not None

    def find() -> list[Refused]:
        if not any(tally(work.study).waiting for work in works):
            stop.number = SIGTERM
        return works

    served(made, find, stop)
    assert order == ["long", "short", "long", "short", "long", "long"]
    assert tally(works[2].study).running == 1


class Deleted(Refused):
    """Work whose study is deleted, by somebody else: after a look at it, or when a trial of it is begun."""

    def __init__(self, study: optuna.Study, moment: str) -> None:
        super().__init__(study, [])
        self._moment = moment

    def is_over(self) -> bool:
        if self._moment == "after a look":
            self._delete()
        return False

    def take_up(self, trial: Trial, frozen: FrozenTrial) -> None:
        self._delete()
        raise ConfigError("no")

    def _delete(self) -> None:
        optuna.delete_study(study_name=self.study.study_name, storage=self.study._storage)


@pytest.mark.parametrize("moment", ["after a look", "in a trial"])
def test_a_study_that_is_deleted_ends_what_is_done_for_it_and_no_worker(made: Place, moment: str) -> None:
    study, _ = create_study(made.storage, "short_lived", ["minimize"], {})
    fill(study, 2)
    stop = StopSignal()
    looks: list[int] = []
    warned: list[str] = []

    def find() -> list[Refused]:
        looks.append(len(looks))
        if len(looks) == 2:
            stop.number = SIGTERM
        return [Deleted(study, moment)] if len(looks) == 1 else []

    site = Site(made.runs, Path("unused"), "cpu", 1, 10.0)
    serve(find, Post(made.storage, site, stop, print, warned.append))
    assert warned == ["study short_lived was deleted"]
    assert len(looks) == 2


def test_a_command_whose_study_is_deleted_says_so(made: Place) -> None:
    (study,) = made.opened(made.planned("search.trials=2"))

    def delete() -> None:
        optuna.delete_study(study_name="tiny", storage=made.storage)

    with pytest.raises(HarnessError, match="study tiny was deleted"):
        see_done([study], made.storage, hiring(made), 0, print, workplace(made, StopSignal()), delete)


@pytest.mark.parametrize(
    ("attribute", "value", "reason"),
    [
        ("definition", {"kind": "sweep"}, "made with code unknown"),
        ("brief", {"kind": "sweep", "of the future": 1}, "the brief of another version"),
        ("brief", {"kind": "sweep"}, "the brief of another version"),
        ("brief", [], "the brief of another version"),
    ],
)
def test_what_another_version_says_of_a_study_is_refused_in_one_line(
    made: Place, attribute: str, value: object, reason: str
) -> None:
    (study,) = made.opened(made.planned())
    with pytest.raises(ConfigError, match=reason):
        checked_brief("tiny", {**study.user_attrs, attribute: value})


def test_a_storage_that_is_away_is_waited_for_until_a_signal(
    made: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "PAUSE", 0.0)
    stop = StopSignal()
    looks: list[int] = []

    def find() -> list[Refused]:
        looks.append(len(looks))
        if len(looks) == 3:
            stop.number = SIGTERM
        raise OperationalError("SELECT", {}, Exception("away"))

    served(made, find, stop)
    assert len(looks) == 3


def test_where_nobody_takes_anything_it_says_once_how_to_start_a_worker(
    made: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attend, "LOOK", 0.0)
    monkeypatch.setattr(attend, "UNTAKEN", 0.0)
    here = workplace(made, StopSignal())
    (study,) = made.opened(made.planned("search.trials=2"))
    looks: list[int] = []

    def show() -> None:
        looks.append(len(looks))
        if len(looks) > 4 and (trial := claim(study, made.storage)):
            finish(study, trial, TrialState.FAIL, reason="so it was")

    secret = replace(hiring(made), storage="postgresql://me:t0ps3cret@host/studies")
    see_done([study], made.storage, secret, 0, print, here, show)
    assert here.watcher.warnings == [  # type: ignore[attr-defined]
        "no worker takes trials of study tiny: start one with harness worker --storage"
        f" postgresql://me:***@host/studies --runs {made.runs}"
    ]
    assert tally(study).failed == 2


def test_a_command_without_workers_finds_a_dead_ones_trial_and_sees_that_the_time_is_up(
    made: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attend, "LOOK", 0.05)
    (study,) = made.opened(made.planned("search.trials=2"))
    assert claim(study, made.storage) is not None  # by someone who is never heard of again
    heard = Listener()
    means = Means(made.storage, hiring(made), 0, past(), print, lambda standing: None, print)
    place = replace(workplace(made, StopSignal()), watcher=heard)
    conclusion = run_sweep(made.planned("search.trials=2"), means, place)
    assert conclusion is not None
    assert (conclusion.waiting, tally(study).waiting) == (2, 2)


def test_what_an_interrupted_command_left_to_others_is_not_said_to_have_stopped(made: Place) -> None:
    stop = StopSignal()

    def interrupt(_: object) -> None:
        stop.number = SIGINT

    means = Means(made.storage, hiring(made), 0, None, print, interrupt, print)
    with pytest.raises(InterruptedRunError) as caught:
        run_sweep(made.planned("search.trials=2"), means, workplace(made, stop))
    assert str(caught.value) == f"stopped with 0 of 2 trials done; {LEFT_TO_OTHERS}"
    suite = suite_given_up(made)
    assert str(suite) == f"stopped with 0 of 1 cells done; {LEFT_TO_OTHERS}"
    assert suite.exit_code == caught.value.exit_code == 130


def test_a_worker_that_was_there_first_takes_a_search_its_final_and_then_a_suite(
    tiny: Path, tmp_path: Path, start: Start, store: str
) -> None:
    storage = f"sqlite:///{tmp_path}/optuna.db"
    worker = start("worker", "--device", "cpu", **QUICK)
    wait_until(lambda: f"ready for studies in {storage}" in worker.stderr, pause=0.05, timeout=BUSY)
    asked = {**QUICK, "HARNESS_JOBS": "0"}
    tiny.write_text(SWEEP)
    short = ("training.steps=20", "training.checkpoint_every=20", "evaluation.metrics=[fid]")
    searched = start("sweep", str(tiny), *short, "--trials", "2", **asked).wait(timeout=2 * BUSY)
    assert searched.returncode == 0, searched.stderr
    with study_in(storage) as study:
        assert tally(study).finished == 2
    tiny.write_text(TINY)
    trained = start("run", str(tiny), *short, "seeds=[7]", "--jobs", "0", **QUICK).wait(timeout=2 * BUSY)
    assert trained.returncode == 0, trained.stderr
    worker.send(SIGTERM)
    ended = worker.wait(timeout=BUSY)
    assert ended.returncode == 0, ended.stderr
    assert "warning" not in ended.stderr
    assert {status(run)["status"] for run in run_folders(tmp_path / "runs")} == {"finished"}
    for kind in ("sweep", "suite", "cell", "trial"):
        assert {run.info.status for run in runs_in(store, kind)} == {"FINISHED"}
    (parent,) = runs_in(store, "sweep")
    assert parent.info.run_name == "sweep tiny"
    assert "harness sweep" in parent.data.tags["mlflow.source.name"]

"""MLflow alone tells of runs what their folders do."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from leftovers import leave, leave_study

from harness.errors import ConfigError, HarnessError, UnknownNameError
from harness.reader import Found, one_run, read_runs
from harness.runs import Run
from harness.tracking.mirror import Mirror, mirrored_run_id


@pytest.fixture
def mirror(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)  # to be restored: a mirror sets it
    yield Mirror(store, tmp_path / "mlruns")
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]


def told(run: Run) -> Run:
    """What MLflow keeps of a run: without errors of earlier evaluations, other pictures than the last, and
    where its folder is."""
    evaluations = {
        step: {key: value for key, value in values.items() if not key.endswith("_se")}
        for step, values in run.evaluations.items()
    }
    return replace(run, evaluations=evaluations, pictures={}, place="")


def test_a_study_in_mlflow_is_the_study_in_its_folder(mirror: Mirror, tmp_path: Path) -> None:
    runs, elsewhere = tmp_path / "runs", tmp_path / "elsewhere"
    study = leave_study(
        runs, ["wide", "base"], ended=False, description="d", seeds=[0, 1], figures=["figure1"]
    )
    folders = [
        leave(runs, "wide", 1, parent=study),
        leave(runs, "wide", 0, parent=study, curve={200: 4.0}),
        leave(runs, "base", 0, parent=study, status="failed", reason="the losses were not finite"),
    ]
    names = {f"base/{folders[2].name}": "the losses were not finite"}
    leave_study(
        runs, ["wide", "base"], folders[:2], names, description="d", seeds=[0, 1], figures=["figure1"]
    )
    for folder in (study, *folders):
        mirror.replay(folder)

    def found(name: str) -> Found:
        return read_runs([name], elsewhere, mirror.uri)

    here, there = read_runs([str(study)], runs), found("ring")
    assert [told(run) for run in there.runs] == [told(run) for run in here.runs]
    assert [list(run.pictures) for run in there.runs] == [[200]] * 3
    assert all(run.pictures[200].read_bytes().startswith(b"\x89PNG") for run in there.runs)
    assert (there.name, there.description, there.seeds) == (here.name, here.description, here.seeds)
    assert there.figures == here.figures == {"figure1": {}}
    assert " ".join(there.command) == " ".join(here.command)
    study_id, run_id = (mirrored_run_id(folder) for folder in (study, folders[0]))
    assert len(found(str(study_id)).runs) == 3
    assert (found(str(run_id)).runs[0].variant, found(str(run_id)).runs[0].seed) == ("wide", 1)
    assert [run.seed for run in found("ring/wide").runs] == [1, 0]
    assert one_run("ring/wide/seed0", elsewhere, mirror.uri).values["fid"] == 4.0
    beside = one_run(str(run_id), elsewhere)  # the database beside the folder of runs, where nothing is said
    assert (beside.variant, beside.seed) == ("wide", 1)

    file = tmp_path / "ring.yaml"
    file.write_text("name: ring\ndescription: from the file\n")
    assert found(str(file)).description == "from the file"
    with pytest.raises(UnknownNameError, match="did you mean `ring/wide/seed1`"):
        found("ring/wide/seed12")
    with pytest.raises(UnknownNameError, match="did you mean `ring`"):
        found("rings")


def test_a_store_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no MLflow database"):
        read_runs(["ring"], tmp_path, f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(
        HarnessError, match=r"MLflow at http://\*\*\*@127\.0\.0\.1:9 cannot be read"
    ) as caught:
        read_runs(["ring"], tmp_path, "http://user:secret@127.0.0.1:9")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_study_in_mlflow_that_has_not_ended_says_what_was_asked(mirror: Mirror, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    study = leave_study(runs, ["ns", "hinge"], ended=False, seeds=[0, 1])
    run = leave(runs, "ns", parent=study)
    for folder in (study, run):
        mirror.replay(folder)
    found = read_runs(["ring"], tmp_path / "elsewhere", mirror.uri)
    assert (found.variants, found.seeds, len(found.runs)) == (("ns", "hinge"), (0, 1), 1)

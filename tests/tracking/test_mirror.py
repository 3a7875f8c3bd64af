"""Replaying a log: as often as one likes, into any store, past whatever people do there."""

import math
import multiprocessing.pool
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from mirrored import artifacts, datasets_of, images_sent, metrics_logged, metrics_sent, models_of, run_of
from mlflow.entities import Run, ViewType
from PIL import Image
from torch import nn

from harness.events import Events
from harness.files import read_json, write_json
from harness.tracking.mirror import Mirror, mirrored_run_id
from harness.tracking.model import export_generator


@pytest.fixture
def mirror(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)  # to be restored: a mirror sets it
    yield Mirror(store, tmp_path / "mlruns")
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]  # as it was before anybody set it


def begin(folder: Path, key: str = "key", **params: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with Events(folder) as events:
        events.write("start", experiment="try", name="base/seed0", tags={"harness.run": key})
        events.write("params", values={"log_every": 10, **params})


def work(folder: Path, step: int = 1) -> None:
    with Events(folder) as events:
        events.metrics("train", step, {"train/loss_d": step / 7, "train/loss_g": math.nan})
        events.metrics("eval", step, {"eval/fid": 3.0 + step, "eval/kid": math.inf})
        Image.new("L", (300, 200)).save(folder / f"{step}.png")
        events.image("samples", step, f"{step}.png")


def end(folder: Path, status: str = "FINISHED", **tags: str) -> None:
    with Events(folder) as events:
        (folder / "results.json").write_text("{}")
        events.write("artifact", file="results.json")
        events.write("tags", values=tags)
        events.write("end", status=status)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run with some of everything."""
    folder = tmp_path / "run"
    begin(folder)
    work(folder)
    network = nn.Sequential(nn.Linear(8, 4), nn.Unflatten(1, (1, 2, 2)))
    export_generator(network, torch.zeros(2, 8), folder / "model")
    with Events(folder) as events:
        events.write("dataset", name="d", digest="0" * 64, source="s", context="training", profile="{}")
        events.write("model", file="model", at_step=1)
    end(folder)
    return folder


def all_runs(mirror: Mirror, view: int = ViewType.ACTIVE_ONLY) -> list[Run]:
    experiment = mirror.client.get_experiment_by_name("try")
    assert experiment
    return list(mirror.client.search_runs([experiment.experiment_id], run_view_type=view))


def assert_once_and_whole(mirror: Mirror, folder: Path) -> None:
    (run,) = all_runs(mirror)
    assert run.info.run_id == mirrored_run_id(folder)
    assert run.info.status == "FINISHED"
    assert metrics_sent(mirror.client, run) == metrics_logged(folder)
    assert images_sent(mirror.client, run) == {("samples", 1, "png"): 1, ("samples", 1, "webp"): 1}
    assert len(datasets_of(run)) == len(models_of(run)) == 1
    assert "results.json" in artifacts(mirror.client, run)
    experiment = run.info.experiment_id
    assert len(mirror.client.search_logged_models([experiment])) == 1
    assert mirror.pending(folder) == 0


def test_what_is_not_finite_never_reaches_mlflow(mirror: Mirror, folder: Path) -> None:
    mirror.replay(folder)
    assert run_of(mirror.client, folder).data.metrics == {"train/loss_d": 1 / 7, "eval/fid": 4.0}


def test_the_same_log_sent_twice_is_there_once(mirror: Mirror, folder: Path) -> None:
    count = mirror.pending(folder)
    assert mirror.replay(folder) == count > 0
    assert_once_and_whole(mirror, folder)
    assert mirror.replay(folder) == 0
    (folder / "mlflow.json").unlink()  # as after a crash before it was written
    assert mirror.replay(folder) == count
    assert_once_and_whole(mirror, folder)


@pytest.mark.parametrize("crash_after", range(0, 9, 2))
def test_a_crash_after_any_event_is_mended_by_sending_the_rest(
    crash_after: int, mirror: Mirror, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0

    def crash(path: Path, value: object) -> None:
        nonlocal written
        written += 1
        if written > crash_after:
            raise KeyboardInterrupt
        write_json(path, value)

    with monkeypatch.context() as patch:
        patch.setattr("harness.tracking.mirror.write_json", crash)
        with pytest.raises(KeyboardInterrupt):
            mirror.replay(folder)
    mirror.replay(folder)
    assert_once_and_whole(mirror, folder)


def test_a_resumed_run_loses_the_reason_of_its_last_end_and_keeps_its_first_parameters(
    mirror: Mirror, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    begin(folder)
    end(folder, "KILLED", **{"harness.reason": "stopped", "mlflow.note.content": "**stopped**"})
    mirror.replay(folder)
    killed = run_of(mirror.client, folder)
    assert (killed.info.status, killed.data.tags["harness.reason"]) == ("KILLED", "stopped")
    begin(folder, log_every=7, new="n")
    mirror.replay(folder)
    running = run_of(mirror.client, folder)
    assert running.info.status == "RUNNING"
    assert not {"harness.reason", "mlflow.note.content"} & running.data.tags.keys()
    assert running.data.params == {"log_every": "10", "new": "n"}
    end(folder)
    mirror.replay(folder)
    assert run_of(mirror.client, folder).info.status == "FINISHED"
    assert len(all_runs(mirror)) == 1


def test_a_store_that_lost_a_run_gets_it_again(mirror: Mirror, folder: Path, tmp_path: Path) -> None:
    mirror.replay(folder)
    record = read_json(folder / "mlflow.json")
    mirror.client._tracking_client.store._hard_delete_run(record["run_id"])
    fresh = Mirror(mirror.uri, tmp_path / "mlruns")
    assert fresh.replay(folder) > 0
    assert record["run_id"] != mirrored_run_id(folder)
    (run,) = all_runs(fresh)
    assert run.info.status == "FINISHED"
    assert metrics_sent(fresh.client, run) == metrics_logged(folder)


def test_a_run_in_the_bin_stays_there_until_there_is_news(
    mirror: Mirror, folder: Path, tmp_path: Path
) -> None:
    mirror.replay(folder)
    run_id = str(mirrored_run_id(folder))
    mirror.client.delete_run(run_id)
    assert Mirror(mirror.uri, tmp_path / "mlruns").replay(folder) == 0
    assert all_runs(mirror) == []
    begin(folder)
    mirror.client.delete_experiment(mirror.client.get_run(run_id).info.experiment_id)
    mirror.replay(folder)
    assert [run.info.run_id for run in all_runs(mirror)] == [run_id]
    assert len(all_runs(mirror, ViewType.ALL)) == 1


def test_files_that_a_person_removed_are_passed_over(mirror: Mirror, folder: Path) -> None:
    (folder / "1.png").unlink()
    (folder / "results.json").unlink()
    mirror.replay(folder)
    assert run_of(mirror.client, folder).info.status == "FINISHED"


def test_a_file_in_a_folder_stays_in_its_folder(mirror: Mirror, folder: Path) -> None:
    (folder / "figures").mkdir()
    (folder / "figures/curve.svg").write_text("<svg/>")
    with Events(folder) as events:
        events.write("artifact", file="figures/curve.svg")
    mirror.replay(folder)
    run = run_of(mirror.client, folder)
    assert {"results.json", "figures"} <= set(artifacts(mirror.client, run))
    assert artifacts(mirror.client, run, "figures") == ["figures/curve.svg"]


def test_a_child_that_is_sent_first_brings_its_parent(mirror: Mirror, tmp_path: Path) -> None:
    parent, child = tmp_path / ".studies/s", tmp_path / "base/seed0"
    begin(parent, "parent")
    child.mkdir(parents=True)
    with Events(child) as events:
        tags = {"harness.run": "child"}
        events.write("start", experiment="try", name="c", parent="../../.studies/s", tags=tags)
    mirror.replay(child)
    tags = run_of(mirror.client, child).data.tags
    assert tags["mlflow.parentRunId"] == mirrored_run_id(parent)


def test_many_who_send_one_log_at_once_make_one_run(mirror: Mirror, folder: Path, tmp_path: Path) -> None:
    mirrors = [Mirror(mirror.uri, tmp_path / "mlruns") for _ in range(4)]
    with multiprocessing.pool.ThreadPool(4) as pool:
        sent = pool.map(lambda one: one.replay(folder), mirrors)
    assert sorted(sent)[:3] == [0, 0, 0]
    assert_once_and_whole(mirror, folder)


def test_another_store_gets_all_of_it(
    mirror: Mirror, folder: Path, tmp_path: Path, empty_store: Path
) -> None:
    mirror.replay(folder)
    other = tmp_path / "elsewhere" / "mlflow.db"
    other.parent.mkdir()
    other.write_bytes(empty_store.read_bytes())
    second = Mirror(f"sqlite:///{other}", other.parent / "mlruns")
    assert second.pending(folder) > 0
    second.replay(folder)
    assert_once_and_whole(second, folder)

"""Cells and studies, in this process: the same numbers again, nothing twice, and failures with a reason."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from folders import events, only_run, results, run_folders, status, weights
from processes import Harness
from torch import Tensor, nn

from harness.catalog import TABLES
from harness.config import Cell, load
from harness.evaluation import Evaluator
from harness.networks import Latent, Pair, Shape
from harness.outcomes import Study
from harness.signals import StopSignal
from harness.study import run_study
from harness.train import Window
from harness.workplace import Workplace

FID_ONLY = ("evaluation.metrics=[fid]", "evaluation.every=null")


class Listener:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.trained: list[str] = []
        self.warnings: list[str] = []

    def started(self, cell: Cell, first_step: int) -> None:
        self.trained.append(f"{cell.variant}/{cell.seed}")

    def window(self, cell: Cell, window: Window) -> None: ...
    def evaluated(self, cell: Cell, step: int, values: Mapping[str, float]) -> None: ...
    def finished(self, cell: Cell, seconds: float) -> None: ...

    def warned(self, message: str) -> None:
        self.warnings.append(message)


Train = Callable[..., tuple[Study, Listener]]


@pytest.fixture
def train(tiny: Path, tmp_path: Path) -> Train:
    """Run the tiny experiment with `overrides`, in the folder `into`, without MLflow."""

    def call(*overrides: str, into: str = "runs") -> tuple[Study, Listener]:
        listener = Listener()
        loaded = load(tiny, overrides, TABLES)
        place = Workplace(
            tmp_path / into, tmp_path, torch.device("cpu"), None, listener, StopSignal(), system_interval=60
        )
        return run_study(loaded, place), listener

    return call


def test_a_seed_gives_the_same_weights_and_values_again_and_another_seed_does_not(
    train: Train, tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        train(into=folder)
    train("seeds=[1]", into="c")
    first, again, other = (only_run(tmp_path / folder) for folder in ("a", "b", "c"))
    assert weights(first) == weights(again) != weights(other)
    assert results(first)["values"] == results(again)["values"] != results(other)["values"]
    curves = [
        {key: value for key, value in event["values"].items() if "per_second" not in key}
        for run in (first, again)
        for event in events(run)
        if event["kind"] == "metrics" and event["stream"] != "system"
    ]
    assert curves[: len(curves) // 2] == curves[len(curves) // 2 :]


def test_results_hold_all_that_a_number_needs(train: Train, tmp_path: Path) -> None:
    train("evaluation.metrics=[fid,kid,inception_score,prdc,criterion]")
    found = results(only_run(tmp_path / "runs"))
    assert found["values"].keys() == found["floor"]["values"].keys() == found["ceiling"]["values"].keys()
    expected = {"fid", "kid", "inception_score", "precision", "recall", "criterion"}
    assert expected <= found["values"].keys()
    assert {column["key"] for column in found["columns"]} <= found["values"].keys()
    assert found["floor"]["values"]["fid"] < found["ceiling"]["values"]["fid"]
    assert (found["steps"], found["num_samples"]) == (60, 200)
    assert found["protocol"]["num_samples"] == 200
    assert len(found["fingerprint"]) == 64
    assert found["identity"].keys() == {"config", "data", "code", "torch", "device"}


def test_what_is_finished_is_not_trained_again(train: Train, tmp_path: Path) -> None:
    train(*FID_ONLY)
    run = only_run(tmp_path / "runs")
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*") if file.is_file()}
    study, listener = train(*FID_ONLY)
    assert listener.trained == []
    assert [outcome.reused for outcome in study.outcomes] == [True]
    assert study.intervals("base")["fid"].mean == results(run)["values"]["fid"]
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*") if file.is_file()} == before


def test_another_seed_trains_only_that_one_and_the_statistics_take_in_both(
    train: Train, tmp_path: Path
) -> None:
    train(*FID_ONLY)
    study, listener = train(*FID_ONLY, "seeds=[0,1]")
    assert listener.trained == ["base/1"]
    assert [outcome.reused for outcome in study.outcomes] == [True, False]
    assert study.intervals("base")["fid"].n == 2
    (parent,) = (tmp_path / "runs/tiny/.studies").iterdir()
    summaries = [event for event in events(parent) if event.get("stream") == "summary"]
    assert [event["values"]["eval/fid_n"] for event in summaries if event["step"] == 60] == [1, 2]


def test_seeds_trained_one_by_one_are_summarised_together_when_asked_for(
    train: Train, tmp_path: Path
) -> None:
    for seeds in ("[0]", "[1]", "[0,1]"):
        _, listener = train(*FID_ONLY, f"seeds={seeds}")
    assert listener.trained == []
    (parent,) = (tmp_path / "runs/tiny/.studies").iterdir()
    summaries = [event for event in events(parent) if event.get("stream") == "summary"]
    assert [event["values"]["eval/fid_n"] for event in summaries] == [1, 1, 2]
    assert {event["step"] for event in summaries} == {60}


def test_what_changes_a_result_changes_the_folder_and_what_does_not_does_not(
    train: Train, tmp_path: Path
) -> None:
    changes = (
        "training.learning_rate=1e-3",
        "seeds=[1]",
        "network.latent.size=9",
        "evaluation.num_samples=300",
    )
    train(*FID_ONLY)
    for number, change in enumerate(changes, start=2):
        train(*FID_ONLY, change)
        assert len(run_folders(tmp_path / "runs")) == number
    _, listener = train(
        *FID_ONLY, "training.log_every=7", "training.checkpoint_every=11", "description=other"
    )
    assert listener.trained == []
    assert len(run_folders(tmp_path / "runs")) == 1 + len(changes)


@pytest.mark.parametrize(
    "how",
    [
        (),
        ("training.ema=0", "network.generator_normalization=batch"),
        ("penalties=[{name: gradient_penalty, weight: 1}]", "training.discriminator_steps=2"),
    ],
    ids=["average", "batch_norm", "random_penalty"],
)
def test_looking_more_often_changes_no_weight(how: tuple[str, ...], train: Train, tmp_path: Path) -> None:
    ways = {
        "plain": (),
        "evaluated": ("evaluation.every=10",),
        "logged": ("training.log_every=7", "training.checkpoint_every=11"),
    }
    for name, way in ways.items():
        train(*FID_ONLY, *how, *way, into=name)
    plain, evaluated, logged = (only_run(tmp_path / name) for name in ways)
    assert weights(plain) == weights(evaluated) == weights(logged)
    assert results(plain)["values"] == results(evaluated)["values"] == results(logged)["values"]
    assert plain.name == logged.name
    assert plain.name != evaluated.name  # it decides what is in results and curves


def test_a_loss_that_is_not_finite_fails_the_cell_with_its_step_and_spares_the_others(
    train: Train, tmp_path: Path, tiny: Path
) -> None:
    exploding = "{loss: wasserstein, training.optimizer: sgd, training.learning_rate: 1e6}"
    tiny.write_text(tiny.read_text() + f"variants: {{exploding: {exploding}, sound: {{}}}}\n")
    study, listener = train(*FID_ONLY)
    bad, good = study.outcomes
    assert bad.results is None
    assert "not finite at step" in bad.reason
    assert good.results
    assert bad.reason in "".join(listener.warnings)
    run = bad.prepared.run
    assert (status(run.path)["status"], status(run.path)["reason"]) == ("failed", bad.reason)
    assert not run.results.exists()
    step = int(bad.reason.split()[-1])
    assert all(int(file.stem.split("-")[1]) < step for file in run.checkpoints.glob("*.json"))
    assert events(run.path)[-1]["status"] == "FAILED"
    assert any(event.get("values", {}).get("harness.reason") == bad.reason for event in events(run.path))


class _Constant(nn.Module):
    """Draws one image, whatever it is given."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.image = nn.Parameter(torch.zeros(shape))

    def forward(self, z: Tensor) -> Tensor:
        return self.image.expand(len(z), *self.image.shape) + 0 * z.sum()


def constant_pair(shape: Shape) -> Pair:
    """Networks whose generator has collapsed from the start."""
    discriminator = nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1] * shape[2], 1), nn.Flatten(0))
    return Pair(_Constant(shape), discriminator, Latent(size=8))


def test_a_generator_that_draws_one_image_is_a_failure_with_a_reason(train: Train, tmp_path: Path) -> None:
    study, _ = train(*FID_ONLY, "network=test_run:constant_pair")
    assert study.outcomes[0].results is None
    assert "collapsed" in study.outcomes[0].reason
    assert status(only_run(tmp_path / "runs"))["status"] == "failed"


def test_a_metric_that_is_not_finite_is_a_failure_that_names_it(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.metrics.inputs import Values

    class Broken:
        columns = ()
        needs: frozenset[str] = frozenset()

        def compute(self, inputs: object) -> Values:
            return Values({"fid": float("nan")})

    monkeypatch.setattr("harness.run.build_metrics", lambda cell: {"fid": Broken()})
    study, _ = train(*FID_ONLY)
    assert study.outcomes[0].reason == "not finite: fid"


def test_a_full_disk_fails_the_run_in_words_and_the_next_command_goes_on(
    train: Train, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Evaluator, "score", full)
        study, _ = train(*FID_ONLY)
    assert "No space left" in study.outcomes[0].reason
    study, _ = train(*FID_ONLY)
    assert study.outcomes[0].results
    said = status(only_run(tmp_path / "runs"))
    assert (said["status"], said["reason"]) == ("finished", "")


def test_a_run_killed_after_its_results_gets_its_last_words_from_the_next_command(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("harness.run.close_record", killed)
        with pytest.raises(Killed):
            train(*FID_ONLY)
    run = only_run(tmp_path / "runs")
    assert status(run)["status"] == "running"
    before = results(run)
    _, listener = train(*FID_ONLY)
    assert listener.trained == []
    assert results(run) == before
    assert status(run)["status"] == "finished"
    assert [event["kind"] for event in events(run)][-3:] == ["artifact", "tags", "end"]


def test_the_second_command_says_so_and_a_failed_cell_is_exit_code_3(
    tiny: Path, harness: Harness, tmp_path: Path, store: str
) -> None:
    tiny.write_text(
        tiny.read_text().replace("[0]", "[0]\nvariants: {nan: {training.learning_rate: 1e30}, sound: {}}")
    )
    first = harness("run", str(tiny), *FID_ONLY)
    assert first.returncode == 3
    assert first.stderr.strip().endswith("error: 1 of 2 runs have no result")
    assert "nan/seed0 failed: the losses were not finite at step" in first.stderr
    assert "sound" in first.stderr
    (sound,) = (tmp_path / "runs/tiny/sound").iterdir()
    before = (sound / "results.json").stat().st_mtime_ns
    second = harness("run", str(tiny), *FID_ONLY)
    assert second.returncode == 3
    assert "1 of 2 cells were finished already" in second.stderr
    assert (sound / "results.json").stat().st_mtime_ns == before

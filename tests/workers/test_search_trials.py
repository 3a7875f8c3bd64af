"""Trials of a search by a real worker: each ends as what it was, in the study, on disk and in MLflow."""

from collections.abc import Iterator
from math import fsum
from pathlib import Path

import pytest
from conducted import Conducted, past, place
from folders import results, status
from optuna.trial import TrialState
from processes import TINY

from harness.events import Events
from harness.queue.slots import HISTORY, claim, standing, tally
from harness.search.suggest import suggest
from harness.sweep.conclusion import Conclusion
from harness.tracking.mirror import mirrored_run_id
from harness.trials import pareto_front
from harness.workers.brief import next_worker
from harness.workers.search import AS_WRITTEN, SearchWork

CHEAP = TINY.replace("steps: 60,", "steps: 60, learning_rate: 2.0e-3, ema: 0,").replace(
    "metrics: [fid, kid, inception_score, prdc]", "metrics: [fid]"
)
FATES = """
search_space:
  training.learning_rate: {choice: {hopeless: 1.0e-9, exploding: 1.0e+30, fine: 2.0e-3}}
search:
  num_samples: 200
  every: 10
  sampler: grid
  pruner: {name: median, startup_trials: 1, warmup: 0}
  trials: 10
"""
MISFITS = """
search_space:
  training.batch_size: {choice: [32, 30]}
  training.packing: {choice: [1, 4]}
search: {objective: [fid, seconds], num_samples: 100, every: 60, sampler: grid, trials: 5, final_seeds: 1}
"""
SEEDS = """
search_space:
  training.learning_rate: {choice: [1.0e-9, 1.0e-3]}
search:
  seeds: [3, 1, 4, 5, 9]
  num_samples: 100
  every: 60
  sampler: grid
  pruner: {name: wilcoxon, warmup: 0}
  trials: 2
"""
PATIENCE = """
search_space:
  training.learning_rate: {choice: {a: 1.0e-9, b: 1.1e-9, c: 1.2e-9, d: 1.3e-9}}
search: {num_samples: 100, every: 20, sampler: grid, pruner: none, trials: 5, patience: 2}
"""


def kept(folder: Path) -> set[str]:
    """What lies in the folders of a trial's seeds."""
    return {file.name for seed in folder.glob("seed*") for file in seed.iterdir()}


@pytest.fixture(scope="module")
def fates(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conducted]:
    """As written, then a learning rate that learns nothing, one that explodes, and the one of the file."""
    with place(tmp_path_factory.mktemp("fates"), CHEAP + FATES, empty_store) as made:
        yield made.conducted()


def test_the_first_trial_is_the_file_as_it_is_and_the_grid_has_as_many_trials_as_points(
    fates: Conducted,
) -> None:
    (study,) = fates.studies
    assert tally(study).total == len(fates.trials) == 4
    assert [trial.user_attrs.get(AS_WRITTEN) for trial in study.trials] == [True, None, None, None]
    rate = "training.learning_rate"
    assert [trial.params.get(rate) for trial in fates.trials] == [None, "hopeless", "exploding", "fine"]
    assert [trial.state for trial in fates.trials] == ["complete", "pruned", "failed", "complete"]
    # The same configuration and seed: the same number, to the last bit.
    assert fates.trials[0].values == fates.trials[3].values
    assert fates.trials[0].curve == fates.trials[3].curve


def test_a_pruned_trial_is_killed_in_mlflow_and_keeps_the_curve_it_had(fates: Conducted) -> None:
    trial = fates.trials[1]
    assert list(trial.curve) == list(range(10, max(trial.curve) + 1, 10))
    assert max(trial.curve) < 60
    assert trial.values == (trial.curve[max(trial.curve)],)
    folder = fates.folder / "trial0001"
    (seed,) = folder.glob("seed*")
    assert status(folder)["status"] == status(seed)["status"] == "pruned"
    assert trial.reason == status(folder)["reason"] == f"pruned at step {max(trial.curve)} of 60"
    run = fates.place.in_mlflow("trial")["trial0001"]
    assert run.info.status == "KILLED"
    assert run.data.tags["harness.outcome"] == "pruned"
    assert fates.place.history(run, "eval/fid") == sorted(trial.curve.items())
    assert "objective/fid" not in run.data.metrics


def test_a_training_that_explodes_fails_with_its_reason_and_never_counts(fates: Conducted) -> None:
    (study,) = fates.studies
    trial = fates.trials[2]
    assert (trial.state, trial.values) == ("failed", ())
    assert "not finite" in trial.reason or "collapsed" in trial.reason
    folder = fates.folder / "trial0002"
    assert (status(folder)["status"], status(folder)["reason"]) == ("failed", trial.reason)
    run = fates.place.in_mlflow("trial")["trial0002"]
    assert run.info.status == "FAILED"
    assert run.data.tags["harness.reason"] == trial.reason
    assert study.trials[2].state is TrialState.FAIL
    assert f"trial 2: failed: {trial.reason}" in fates.said


def test_a_finished_trial_is_in_mlflow_what_it_is_in_the_study(fates: Conducted) -> None:
    (study,) = fates.studies
    runs = fates.place.in_mlflow("trial")
    assert set(runs) == {f"trial{number:04d}" for number in range(4)}
    trial, run = fates.trials[3], runs["trial0003"]
    assert run.info.status == "FINISHED"
    assert run.info.run_id == mirrored_run_id(fates.folder / "trial0003")
    assert run.data.tags["harness.run"] == study.trials[3].user_attrs["run"]
    assert run.data.metrics["objective/fid"] == trial.values[0]
    assert fates.place.history(run, "eval/fid") == sorted(trial.curve.items())
    assert [step for step, _ in fates.place.history(run, "train/loss_d")] == list(trial.curve)
    assert run.data.params["search/training.learning_rate"] == "fine"
    assert run.data.params["training.learning_rate"] == "0.002"
    (result,) = (results(seed) for seed in (fates.folder / "trial0003").glob("seed*"))
    assert result["values"]["fid"] == trial.values[0] == trial.curve[60]
    assert result["num_samples"] == 200
    assert "validation" in result["protocol"]["data"]


def test_checkpoints_of_ended_trials_are_gone_and_weights_stay(fates: Conducted) -> None:
    for number in range(4):
        assert "checkpoints" not in kept(fates.folder / f"trial{number:04d}")
    assert "generator.safetensors" in kept(fates.folder / "trial0000")
    assert "model" not in kept(fates.folder / "trial0000")


@pytest.fixture(scope="module")
def misfits(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conducted]:
    """Every end of the space is a configuration, but 30 images make no packs of 4."""
    with place(tmp_path_factory.mktemp("misfits"), CHEAP + MISFITS, empty_store) as made:
        yield made.conducted()


@pytest.fixture(scope="module")
def concluded(misfits: Conducted) -> Conclusion:
    """After every worker died with something still to send."""
    for trial in misfits.folder.glob("trial*"):
        with Events(trial) as events:
            events.write("tags", values={"said": "at last"})
    return misfits.concluded()


def test_a_point_that_is_no_configuration_fails_with_the_reason_and_the_search_goes_on(
    misfits: Conducted,
) -> None:
    trials = {tuple(trial.params.values()): trial for trial in misfits.trials}
    assert set(trials) == {(), ("32", "1"), ("32", "4"), ("30", "1"), ("30", "4")}
    bad = trials.pop(("30", "4"))
    assert bad.state == "failed"
    assert "packing" in bad.reason
    assert "\n" not in bad.reason
    assert {trial.state for trial in trials.values()} == {"complete"}
    assert f"trial{bad.number:04d}" not in misfits.place.in_mlflow("trial")  # nothing was trained


def test_what_a_dead_worker_had_not_sent_is_in_mlflow_in_the_end(
    misfits: Conducted, concluded: Conclusion
) -> None:
    runs = misfits.place.in_mlflow("trial")
    assert len(runs) == 4
    assert {run.data.tags.get("said") for run in runs.values()} == {"at last"}


def test_of_two_objectives_both_are_measured_and_the_report_has_the_pareto_front(
    misfits: Conducted, concluded: Conclusion
) -> None:
    complete = [trial for trial in misfits.trials if trial.state == "complete"]
    for trial in complete:
        (result,) = (results(seed) for seed in (misfits.folder / f"trial{trial.number:04d}").glob("seed*"))
        assert trial.values == (result["values"]["fid"], result["seconds"])
        run = misfits.place.in_mlflow("trial")[f"trial{trial.number:04d}"]
        assert (run.data.metrics["objective/fid"], run.data.metrics["objective/seconds"]) == trial.values
    front = pareto_front(misfits.trials, misfits.plan.searched[0].objectives)
    assert front
    report = concluded.folder / "report.md"
    table = report.read_text().partition("## The Pareto front")[2].partition("##")[0]
    assert all(f"trial {trial.number}" in table for trial in front)
    assert "figures/pareto.fid.seconds.png" in concluded.report.files
    assert concluded.report.warnings == ()


def test_the_value_of_a_trial_is_the_mean_over_its_seeds_and_a_worse_one_is_spared_the_last_ones(
    empty_store: Path, tmp_path: Path
) -> None:
    with place(tmp_path, CHEAP + SEEDS, empty_store) as made:
        done = made.conducted()
        written, slow = done.trials
        found = {
            number: {
                results(seed)["seed"]: results(seed)["values"]["fid"]
                for seed in (done.folder / f"trial{number:04d}").glob("seed*")
            }
            for number in (0, 1)
        }
        assert set(found[0]) == {3, 1, 4, 5, 9}
        assert written.values[0] == pytest.approx(fsum(found[0].values()) / 5, rel=1e-12)
        assert written.curve == {index: found[0][seed] for index, seed in enumerate((3, 1, 4, 5, 9))}
        # 0.5⁴ < 0.1: after four seeds, each of them worse, enough is known.
        assert set(found[1]) == {3, 1, 4, 5}
        assert all(found[1][seed] > found[0][seed] for seed in found[1])
        assert slow.state == "complete"
        assert slow.values[0] == pytest.approx(fsum(found[1].values()) / 4, rel=1e-12)
        run = made.in_mlflow("trial")["trial0000"]
        assert [value for _, value in made.history(run, "seed9/eval/fid")][-1] == found[0][9]
        assert len(list((done.folder / "trial0000").glob("seed*"))) == 5


def test_without_patience_or_time_no_trial_begins_and_the_others_wait(
    empty_store: Path, tmp_path: Path
) -> None:
    with place(
        tmp_path,
        CHEAP.replace("60, learning_rate: 2.0e-3", "20, learning_rate: 4.0e-3") + PATIENCE,
        empty_store,
    ) as made:
        (study,) = made.conducted().studies
        counts = tally(study)
        assert (counts.complete, counts.waiting, counts.running) == (3, 2, 0)
        (study,) = made.conducted("search.patience=null", deadline=past()).studies
        assert tally(study) == counts
        (study,) = made.conducted("search.patience=null").studies
        assert (tally(study).complete, tally(study).waiting) == (5, 0)
        assert [trial.number for trial in standing(study)] == list(range(5))


ONE = """
search_space: {training.learning_rate: {log_uniform: [1.0e-4, 1.0e-2]}}
search: {num_samples: 200, sampler: random, pruner: none, trials: 4}
"""


def test_the_last_trial_of_a_dead_worker_is_taken_up_by_the_next(tmp_path: Path, empty_store: Path) -> None:
    with place(tmp_path, CHEAP + ONE, empty_store) as made:
        (study,) = made.opened(made.planned("search.trials=1"))
        assert claim(study, made.storage) is not None  # by someone who is never heard of again
        found = made.conducted("search.trials=1")
        assert tally(study).finished == tally(study).total == 1
        (trial,) = standing(study)
        assert (trial.state, trial.system_attrs[HISTORY]) == (TrialState.COMPLETE, [0])
        assert found.said == (f"trial 0: FID {trial.value:.4g}",)


def test_every_worker_of_every_command_proposes_points_of_its_own(tmp_path: Path, empty_store: Path) -> None:
    with place(tmp_path, CHEAP + ONE, empty_store) as made:
        planned = made.planned()
        (searched,) = planned.searched
        (study,) = made.opened(planned)
        assert claim(study, made.storage) is not None  # the file's own
        numbers = [next_worker(study, made.storage.url) for _ in range(3)]
        assert numbers == [0, 1, 2]
        points = []
        for number in numbers:  # at one moment, as workers that begin together do
            SearchWork(study, planned.loaded, "base", tmp_path, tmp_path, None, number)
            trial = claim(study, made.storage)
            assert trial is not None
            points.append(suggest(trial, searched.space)["training.learning_rate"])
        assert len(set(points)) == 3

"""What is optimised is known before the first trial, and no trial is better for having no number."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.catalog import build_metrics
from harness.config import Evaluation, Part, Search, Setup, Training
from harness.errors import ConfigError, RunFailedError
from harness.search.objective import SECONDS, looks, objectives, patience_spent, reduced, searching
from harness.trials import Objective, TrialRecord

FID = Objective("fid", "FID", higher_is_better=False)
RECALL = Objective("recall", "Recall", higher_is_better=True)


def setup_with(*metrics: str, steps: int = 6000) -> Setup:
    return Setup(
        dataset=Part(name="digits"),
        network=Part(name="mlp"),
        loss=Part(name="hinge"),
        training=Training(steps=steps),
        evaluation=Evaluation(
            metrics=tuple(Part(name=name) for name in metrics), diagnostics=(Part(name="gradient"),)
        ),
    )


SETUP = setup_with("kid", "fid", "prdc", "criterion")
METRICS = build_metrics(SETUP)


def test_names_are_values_of_the_metrics_with_their_better_side() -> None:
    assert objectives(["fid", "recall", "seconds"], METRICS) == (FID, RECALL, SECONDS)
    assert objectives(["jsd"], METRICS) == (Objective("jsd", "JSD", higher_is_better=False),)
    assert not SECONDS.higher_is_better


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fidd", r"`fidd` is given by none of evaluation.metrics; did you mean `fid`\?"),
        ("prdc", r"`prdc` is a metric of several values: name one of precision, recall, density, coverage"),
        ("kid_se", r"`kid_se` is how uncertain kid is, of which no side is better: take `kid`"),
        ("xyz", r"`xyz` is given by none of evaluation.metrics; known: coverage, criterion, .*, seconds"),
    ],
)
def test_anything_else_is_refused_in_one_line(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^search.objective: {message}") as refused:
        objectives([name], METRICS)
    assert "\n" not in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        objectives(["fid", "fidd", "prdc"], METRICS)
    assert len(str(refused.value).split("\n")) == 2


def test_what_compares_with_training_images_is_no_objective() -> None:
    with pytest.raises(ConfigError, match="compares with training images, and trials with validation ones"):
        objectives(["authpct"], build_metrics(setup_with("memorization")))


@pytest.mark.parametrize(
    ("steps", "every", "expected"), [(6000, None, 750), (5, None, 1), (6000, 500, 500), (60, 500, 60)]
)
def test_a_curve_has_eight_looks_unless_it_is_told(steps: int, every: int | None, expected: int) -> None:
    found = looks(setup_with("fid", steps=steps), Search(every=every), 2)
    assert (found.every, found.steps, found.seeds) == (expected, steps, 2)


@pytest.mark.parametrize(
    ("objective", "needed"),
    [(("fid",), ["fid"]), (("recall", "fid"), ["fid", "prdc"]), (("jsd", "seconds"), ["criterion"])],
)
def test_trials_measure_only_what_they_need_and_never_on_the_test_split(
    objective: tuple[str, ...], needed: list[str]
) -> None:
    search = Search(objective=objective, num_samples=300)
    trial = searching(SETUP, search, looks(SETUP, search, 1), METRICS)
    evaluation = trial.evaluation
    assert [part.name for part in evaluation.metrics] == needed
    assert (evaluation.reference, evaluation.num_samples, evaluation.every) == ("validation", 300, 750)
    assert evaluation.diagnostics == ()
    assert trial.model_copy(update={"evaluation": SETUP.evaluation}) == SETUP
    assert Evaluation.model_validate(evaluation.model_dump()) == evaluation


def test_seeds_are_averaged() -> None:
    assert reduced({0: (1.0, 10.0), 7: (3.0, 30.0)}, [FID, SECONDS]) == (2.0, 20.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_seed_without_a_number_fails_the_trial(bad: float) -> None:
    with pytest.raises(RunFailedError, match=f"^recall of seed 7 is {bad}$"):
        reduced({0: (1.0, 0.5), 7: (1.0, bad)}, [FID, RECALL])


def record(number: int, *values: float) -> TrialRecord:
    return TrialRecord(number, "complete" if values else "failed", {}, values, {}, 1.0, "")


def test_patience_counts_from_the_last_new_best() -> None:
    records = [record(n, value) for n, value in enumerate([5.0, 4.0, 4.0, 6.0])] + [record(4)]
    assert patience_spent(records, [FID], 3)
    assert not patience_spent(records, [FID], 4)
    assert not patience_spent([*records, record(5, 3.9)], [FID], 1)
    assert not patience_spent(records, [FID], None)
    assert not patience_spent([], [FID], 1)


def test_a_better_side_and_a_new_place_on_the_front_are_new_bests() -> None:
    assert not patience_spent([record(0, 0.1), record(1, 0.2)], [RECALL], 1)
    assert patience_spent([record(0, 0.2), record(1, 0.1)], [RECALL], 1)
    assert not patience_spent([record(0, 5.0, 10.0), record(1, 6.0, 9.0)], [FID, SECONDS], 1)
    assert patience_spent([record(0, 5.0, 10.0), record(1, 5.0, 11.0)], [FID, SECONDS], 1)


@given(values=st.lists(st.floats(0, 100), min_size=1, max_size=20), patience=st.integers(1, 20))
def test_patience_is_the_trials_after_the_first_least_value(values: list[float], patience: int) -> None:
    records = [record(number, value) for number, value in enumerate(values)]
    after = len(values) - 1 - values.index(min(values))
    assert patience_spent(records[::-1], [FID], patience) == (after >= patience)

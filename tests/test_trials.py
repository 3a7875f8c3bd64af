"""Which trials are best: facts about small searches, and what holds for all of them."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.trials import (
    Objective,
    TrialRecord,
    best_so_far,
    best_trial,
    complete_trials,
    pareto_front,
    ranked,
)

FID = Objective("fid", "FID", higher_is_better=False)
RECALL = Objective("recall", "recall", higher_is_better=True)


def trial(number: int, *values: float, state: str = "complete") -> TrialRecord:
    return TrialRecord(number, state, {"loss": "hinge"}, values, {}, 1.0, "")  # type: ignore[arg-type]


def numbers(trials: tuple[TrialRecord, ...]) -> list[int]:
    return [each.number for each in trials]


def test_better_is_strict_and_has_a_direction() -> None:
    assert FID.better(1, 2)
    assert RECALL.better(2, 1)
    assert not FID.better(1, 1)
    assert not RECALL.better(1, 1)
    assert (FID.worst([1, 3, 2]), RECALL.worst([1, 3, 2])) == (3, 1)


def test_the_best_trial_is_complete_finite_and_the_earliest_of_equals() -> None:
    trials = [
        trial(5, 2.0),
        trial(2, 2.0),
        trial(1, 0.5, state="pruned"),
        trial(0, state="failed"),
        trial(3, math.inf),
        trial(4, 3.0),
    ]
    best = best_trial(trials, FID)
    assert best is not None
    assert best.number == 2
    assert numbers(complete_trials(trials)) == [2, 4, 5]
    assert numbers(ranked(trials, FID)) == [2, 5, 4]
    assert numbers(ranked(trials, RECALL)) == [4, 2, 5]
    assert best_trial([trial(0, state="failed"), trial(1, 1.0, state="pruned")], FID) is None
    assert best_trial([], FID) is None


def test_the_best_so_far_goes_by_number_and_leaves_pruned_ones_out() -> None:
    trials = [trial(3, 4.0), trial(0, 5.0), trial(1, 1.0, state="pruned"), trial(2, 7.0)]
    assert best_so_far(trials, FID) == [(0, 5.0), (2, 5.0), (3, 4.0)]
    assert best_so_far(trials, RECALL) == [(0, 5.0), (2, 7.0), (3, 7.0)]
    assert best_so_far([trial(0, 1.0, 9.0), trial(1, 2.0, 8.0)], FID, 1) == [(0, 9.0), (1, 8.0)]


def test_a_trial_without_parameters_is_the_file_and_may_be_the_best() -> None:
    file = replace(trial(0, 1.0), params={})
    assert file.changes_nothing
    assert not trial(0, 1.0).changes_nothing
    assert best_trial([trial(1, 2.0), file], FID) is file
    assert numbers(ranked([trial(1, 2.0), file], FID)) == [0, 1]


def test_the_front_respects_the_direction_of_each_objective() -> None:
    trials = [trial(0, 1.0, 0.1), trial(1, 2.0, 0.9), trial(2, 2.0, 0.5), trial(3, 3.0, 0.9)]
    assert numbers(pareto_front(trials, [FID, RECALL])) == [0, 1]
    assert numbers(pareto_front(trials, [FID, FID])) == [0]
    assert numbers(pareto_front(trials, [RECALL, RECALL])) == [3]


def test_equals_stand_on_the_front_together_and_what_was_not_measured_does_not() -> None:
    trials = [trial(0, 1.0, 1.0), trial(1, 1.0, 1.0), trial(2, 0.5), trial(3, 0.1, math.nan)]
    assert numbers(pareto_front(trials, [FID, FID])) == [0, 1]


points = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=25)


@given(points, st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_every_trial_is_on_the_front_or_beaten_by_one_that_is(
    values: list[tuple[int, int, int]], up: tuple[bool, bool, bool]
) -> None:
    objectives = [Objective(str(index), "", higher) for index, higher in enumerate(up)]
    trials = [trial(number, *map(float, each)) for number, each in enumerate(values)]
    front = pareto_front(trials, objectives)

    def dominates(a: TrialRecord, b: TrialRecord) -> bool:
        signs = [1 if objective.higher_is_better else -1 for objective in objectives]
        gains = [sign * (x - y) for sign, x, y in zip(signs, a.values, b.values, strict=True)]
        return min(gains) >= 0 and max(gains) > 0

    for each in trials:
        assert (each in front) != any(dominates(other, each) for other in front)
    for index, objective in enumerate(objectives):
        best = best_trial(trials, objective, index)
        assert best is not None
        assert any(each.values[index] == best.values[index] for each in front)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30), st.booleans())
def test_the_best_so_far_never_gets_worse_and_ends_at_the_best(values: list[float], up: bool) -> None:
    objective = Objective("x", "x", up)
    trials = [trial(number, value) for number, value in enumerate(values)]
    curve = [value for _, value in best_so_far(trials, objective)]
    assert not any(objective.better(before, after) for before, after in pairwise(curve))
    best = best_trial(trials, objective)
    assert best is not None
    assert curve[-1] == pytest.approx(best.values[0])

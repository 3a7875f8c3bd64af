"""A grid is complete, without repetition, and what Optuna takes as fixed parameters."""

from itertools import product

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spaces import BATCH, BETA, EMA, PENALTY, RATE, UPDATES, WEIGHT, problem_with

from harness.config import Parameter, Space
from harness.errors import ConfigError
from harness.search import SAMPLERS
from harness.search.grid import MOST_POINTS, grid_points, highest
from harness.search.suggest import suggest

STEPPED_WEIGHT = Parameter(WEIGHT.key, "float", 1.0, 2.0, step=0.5, when=WEIGHT.when)
SPACE = Space((BETA, UPDATES, PENALTY, STEPPED_WEIGHT))


def test_every_combination_once() -> None:
    betas = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    weighted = [{PENALTY.key: name, WEIGHT.key: w} for name in ("r1", "dragan") for w in (1.0, 1.5, 2.0)]
    expected = [
        {BETA.key: beta, UPDATES.key: updates} | rest
        for beta, updates in product(betas, range(1, 6))
        for rest in [*weighted[:3], {PENALTY.key: "none"}, *weighted[3:]]
    ]
    assert grid_points(SPACE) == expected


def test_points_are_of_the_space() -> None:
    assert not [problem for point in grid_points(SPACE) if (problem := problem_with(point, SPACE))]


@given(low=st.integers(-50, 50), steps=st.integers(0, 40), step=st.integers(1, 9), rest=st.integers(0, 8))
def test_steps_of_tenths_are_what_a_person_would_write(low: int, steps: int, step: int, rest: int) -> None:
    high = low + steps * step + min(rest, step - 1)
    parameter = Parameter("x", "float", low / 10, high / 10, step=step / 10)
    values = [point["x"] for point in grid_points(Space((parameter,)))]
    assert values == [(low + index * step) / 10 for index in range(steps + 1)]
    assert highest(parameter) == values[-1]


def test_optuna_takes_the_points_as_they_are() -> None:
    study = optuna.create_study(sampler=SAMPLERS["grid"](0).sampler)
    points = grid_points(SPACE)[::7]
    for point in points:
        study.enqueue_trial(dict(point))
    assert [suggest(study.ask(), SPACE) for _ in points] == points


def test_only_the_grid_is_enumerated() -> None:
    assert [name for name in SAMPLERS if SAMPLERS[name](0).enumerated] == ["grid"]


def test_ranges_without_steps_are_refused_all_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        grid_points(Space((RATE, UPDATES, EMA, BATCH)))
    assert str(refused.value).split("\n") == [
        f"search_space.{key}: sampler grid needs a choice, or a range with a `step`"
        for key in (RATE.key, EMA.key, BATCH.key)
    ]


def test_a_grid_that_no_one_could_train_is_refused() -> None:
    long = Parameter("training.steps", "int", 1, 10**12)
    with pytest.raises(ConfigError, match="more than 10,000 points"):
        grid_points(Space((long,)))
    assert len(grid_points(Space((Parameter("training.steps", "int", 1, MOST_POINTS),)))) == MOST_POINTS

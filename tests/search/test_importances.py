"""The parameter that decides the result is found, on either side, and behind a condition."""

import warnings
from collections.abc import Callable

import optuna
import pytest
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState
from spaces import SPACE, WEIGHT

from harness.config import Point
from harness.search.importances import importances
from harness.search.suggest import suggest


def study_of(value: Callable[[Point], tuple[float, ...]], *directions: str, trials: int = 80) -> optuna.Study:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(directions=directions, sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(trials):
        trial = study.ask()
        study.tell(trial, value(suggest(trial, SPACE)))
    optuna.logging.set_verbosity(verbosity)
    return study


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_what_matters_comes_first(direction: str) -> None:
    sign = 1 if direction == "minimize" else -1
    found = importances(
        study_of(lambda point: (sign * (float(point["training.ema"]) - 0.7) ** 2,), direction)
    )
    assert next(iter(found)) == "training.ema"
    assert found["training.ema"] > 0.5
    assert sum(found.values()) == pytest.approx(1)
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_of_several_objectives_it_is_the_first() -> None:
    study = study_of(
        lambda point: (float(point["training.ema"]), float(point["training.learning_rate"])),
        "maximize",
        "minimize",
    )
    assert next(iter(importances(study))) == "training.ema"


def test_a_choice_and_what_depends_on_it() -> None:
    study = study_of(lambda point: (float(point.get(WEIGHT.key, 100)),), "minimize")
    found = importances(study)
    assert set(list(found)[:2]) == {"penalties", WEIGHT.key}


def test_nothing_is_said_of_fewer_than_two_trials() -> None:
    study = study_of(lambda point: (1.0,), "minimize", trials=1)
    for state in (TrialState.FAIL, TrialState.PRUNED):
        trial = study.ask()
        suggest(trial, SPACE)
        study.tell(trial, state=state)
    assert importances(study) == {}
    assert importances(optuna.create_study()) == {}


@pytest.mark.parametrize("trials", [2, 10])
def test_trials_that_are_all_alike_say_nothing(trials: int) -> None:
    assert importances(study_of(lambda point: (1.0,), "minimize", trials=trials)) == {}


@pytest.mark.parametrize("trials", [2, 3])
def test_few_trials_give_no_warning_and_shares_all_the_same(trials: int) -> None:
    study = study_of(lambda point: (float(point["training.ema"]),), "minimize", trials=trials)
    with pytest.warns(UserWarning, match="Some regimes for parameter"):
        get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = importances(study)
    assert set(found) == {parameter.key for parameter in SPACE.parameters}
    assert sum(found.values()) == pytest.approx(1)


def test_the_files_own_configuration_which_sets_nothing_gives_no_warning() -> None:
    study = study_of(lambda point: (float(point["training.ema"]),), "minimize", trials=30)
    study.tell(study.ask(), 2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert next(iter(importances(study))) == "training.ema"

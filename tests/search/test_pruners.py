"""Pruners stop what is worse than the others, and nothing else."""

from collections.abc import Callable, Iterator, Sequence

import optuna
import pytest

from harness.errors import ConfigError
from harness.search import PRUNERS, Looks, Pruning

LOOKS = Looks(every=100, steps=800)
STEPS = range(100, 801, 100)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


def trained(study: optuna.Study, curve: Callable[[int], float], steps: Sequence[int] = STEPS) -> int | None:
    """One trial with that curve: the step at which it was stopped, None where it ran to its end."""
    trial = study.ask()
    for step in steps:
        trial.report(curve(step), step)
        if step < steps[-1] and trial.should_prune():
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return step
    study.tell(trial, curve(steps[-1]))
    return None


def study_with(pruning: Pruning, direction: str = "minimize") -> optuna.Study:
    return optuna.create_study(study_name="pruned", pruner=pruning.pruner, direction=direction)


@pytest.mark.parametrize("sign", [1, -1])
def test_median_stops_a_trial_above_the_median_once_warm(sign: int) -> None:
    study = study_with(PRUNERS["median"](LOOKS), "minimize" if sign == 1 else "maximize")
    for level in (1, 2, 3, 4, 5):
        assert trained(study, lambda step, level=level: sign * (level + 100 / step)) is None
    assert trained(study, lambda step: sign * (3.5 + 100 / step)) == 200
    assert trained(study, lambda step: sign * (2.5 + 100 / step)) is None


def test_median_waits_for_its_startup_trials_and_its_warm_up() -> None:
    study = study_with(PRUNERS["median"](LOOKS, startup_trials=2, warmup=4))
    assert [trained(study, lambda step, level=level: level) for level in (1.0, 9.0, 9.0)] == [None, None, 500]


def test_median_compares_the_second_training_with_second_trainings() -> None:
    looks = Looks(every=100, steps=200, seeds=2)
    steps = [looks.reported(index, step) for index in range(2) for step in (100, 200)]
    assert steps == [100, 200, 300, 400]
    assert steps[-1] == looks.last
    study = study_with(PRUNERS["median"](looks, startup_trials=1))
    assert trained(study, {100: 5, 200: 5, 300: 1, 400: 1}.__getitem__, steps) is None
    assert trained(study, {100: 4, 200: 4, 300: 4, 400: 4}.__getitem__, steps) == 300


def test_hyperband_lets_a_third_go_on_and_never_stops_the_best() -> None:
    pruning = PRUNERS["hyperband"](LOOKS)
    study = study_with(pruning)
    levels = [(7 * index) % 40 + 1 for index in range(40)]
    ends = {level: trained(study, lambda step, level=level: level) for level in levels}
    assert ends[1] is None
    assert {end for end in ends.values() if end} <= {100, 300}  # looks at which a share of the training ends
    assert 10 < sum(end is not None for end in ends.values()) < 40


def test_hyperband_takes_one_look_for_no_look() -> None:
    study = study_with(PRUNERS["hyperband"](Looks(every=800, steps=800)))
    assert {trained(study, lambda step, level=level: level, [800]) for level in range(5)} == {None}


def seeds_until_stopped(study: optuna.Study, values: Sequence[float]) -> int:
    trial = study.ask()
    for index, value in enumerate(values):
        trial.report(value, index)
        if index + 1 < len(values) and trial.should_prune():
            study.tell(trial, sum(values[: index + 1]) / (index + 1))
            return index + 1
    study.tell(trial, sum(values) / len(values))
    return len(values)


def test_wilcoxon_stops_what_is_worse_seed_by_seed() -> None:
    """Four seeds, all of them worse, are the first whose p-value, 1/16, is below 0.1."""
    pruning = PRUNERS["wilcoxon"](Looks(100, 800, seeds=8))
    assert pruning.over == "seeds"
    study = study_with(pruning)
    hard = [1.0, 9.0, 2.0, 8.0, 3.0, 7.0, 4.0, 6.0]  # some seeds are harder than others for every trial
    assert seeds_until_stopped(study, hard) == 8
    assert seeds_until_stopped(study, [value + 0.1 * (i + 1) for i, value in enumerate(hard)]) == 4
    assert seeds_until_stopped(study, [value - 0.1 * (i + 1) for i, value in enumerate(hard)]) == 8
    assert study.best_trial.number == 2


@pytest.mark.parametrize(("threshold", "needed"), [(0.1, 5), (0.3, 3), (0.05, 6), (0.6, 2)])
def test_wilcoxon_is_refused_where_it_could_stop_nothing(threshold: float, needed: int) -> None:
    wilcoxon = PRUNERS["wilcoxon"]
    with pytest.raises(ConfigError, match=f"search.seeds at least {needed}"):
        wilcoxon(Looks(100, 800, seeds=needed - 1), threshold=threshold)
    study = study_with(wilcoxon(Looks(100, 800, seeds=needed), threshold=threshold, warmup=0))
    seeds_until_stopped(study, [0.0] * needed)
    stopped = seeds_until_stopped(study, [1.0 + index for index in range(needed)])
    assert stopped == max(2, needed - 1) if needed > 2 else stopped == 2


def test_none_stops_nothing() -> None:
    pruning = PRUNERS["none"](LOOKS)
    study = study_with(pruning)
    assert {trained(study, lambda step, level=level: level) for level in range(10)} == {None}
    assert pruning.over is None

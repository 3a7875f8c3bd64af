"""Every sampler keeps to its space, knows what it tried, and proposes other points when it goes on."""

import subprocess
import sys
import warnings
from collections.abc import Iterator

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from spaces import BATCH, BETA, EMA, PENALTY, PLAIN, RATE, SPACE, UPDATES, WEIGHT, problem_with

from harness.config import Point, Space
from harness.search import SAMPLERS, sampler_seed
from harness.search.suggest import suggest

TRIALS = 30
ADAPTIVE = ("tpe", "cma_es")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


def loss(point: Point) -> float:
    """Least in the middle of the plain parameters' ranges, and for r1."""
    far = abs(float(point["training.ema"]) - 0.45) + abs(float(point["training.betas.0"]) - 0.4)
    return far + (0.0 if point.get("penalties", "r1") == "r1" else 1.0)


def searched(study: optuna.Study, space: Space, trials: int = TRIALS) -> list[Point]:
    """The points of that many more trials."""
    points: list[Point] = []
    for _ in range(trials):
        trial = study.ask()
        points.append(suggest(trial, space))
        study.tell(trial, loss(points[-1]))
    return points


def study_of(sampler: str, seed: int, **options: int) -> optuna.Study:
    return optuna.create_study(sampler=SAMPLERS[sampler](seed, **options).sampler)


@pytest.mark.parametrize("name", SAMPLERS)
def test_points_are_of_the_space_and_conditions_hold(name: str) -> None:
    study = study_of(name, 0)
    points = searched(study, SPACE)
    assert [problem for point in points if (problem := problem_with(point, SPACE))] == []
    assert {WEIGHT.key in point for point in points} == {True, False}
    assert [trial.params for trial in study.trials] == points


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_same_seed_proposes_the_same_points(name: str) -> None:
    assert searched(study_of(name, 3), SPACE) == searched(study_of(name, 3), SPACE)
    assert searched(study_of(name, 3), SPACE) != searched(study_of(name, 4), SPACE)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_search_that_goes_on_proposes_other_points(name: str) -> None:
    study = study_of(name, sampler_seed(0, 0, 0))
    before = searched(study, SPACE)
    study.sampler = SAMPLERS[name](sampler_seed(0, 0, len(study.trials))).sampler
    after = searched(study, SPACE)
    assert [point for point in after if point in before] == []


def test_seeds_differ_between_workers_and_between_starts_and_are_numpy_s() -> None:
    seeds = [sampler_seed(base, worker, n) for base in range(3) for worker in range(8) for n in range(30)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert sampler_seed(1, 2, 3) == sampler_seed(1, 2, 3)


def test_optuna_knows_the_space_as_it_was_written() -> None:
    study = study_of("random", 0)
    searched(study, SPACE)
    known = {key: found for trial in study.trials for key, found in trial.distributions.items()}
    assert known == {
        RATE.key: FloatDistribution(1e-5, 1e-2, log=True),
        BETA.key: FloatDistribution(0.0, 0.9, step=0.1),
        EMA.key: FloatDistribution(0.0, 0.9),
        UPDATES.key: IntDistribution(1, 5),
        BATCH.key: IntDistribution(16, 256, log=True),
        PENALTY.key: CategoricalDistribution(("r1", "none", "dragan")),
        WEIGHT.key: FloatDistribution(0.01, 10.0, log=True),
    }


@pytest.mark.parametrize("name", ADAPTIVE)
def test_what_learns_ends_nearer_than_it_began(name: str) -> None:
    """Means over several seeds, of the first ten trials and of the last ten of sixty."""
    first, last = 0.0, 0.0
    for seed in range(5):
        values = [loss(point) for point in searched(study_of(name, seed), PLAIN, 60)]
        first, last = first + sum(values[:10]), last + sum(values[-10:])
    assert last < 0.6 * first


def test_generations_of_nsga_ii_move() -> None:
    values = [loss(point) for point in searched(study_of("nsga_ii", 0, population=10), PLAIN, 100)]
    assert sum(values[-20:]) < 0.6 * sum(values[:20])


@pytest.mark.parametrize("name", [name for name in SAMPLERS if SAMPLERS[name](0).several])
def test_those_for_several_objectives_have_them(name: str) -> None:
    study = optuna.create_study(sampler=SAMPLERS[name](0).sampler, directions=["minimize", "maximize"])
    for _ in range(TRIALS):
        trial = study.ask()
        point = suggest(trial, SPACE)
        assert problem_with(point, SPACE) == ""
        study.tell(trial, [loss(point), float(point[RATE.key])])


def test_cma_es_says_that_it_has_one() -> None:
    sampling = SAMPLERS["cma_es"](0)
    assert not sampling.several
    study = optuna.create_study(sampler=sampling.sampler, directions=["minimize", "minimize"])
    trial = study.ask()
    with pytest.raises(ValueError, match="multi-objective"):
        suggest(trial, PLAIN)


def test_tpe_keeps_away_from_what_still_runs() -> None:
    """Workers that ask at the same time are not sent to one place."""
    study = study_of("tpe", 0)
    searched(study, SPACE)
    waiting = [suggest(study.ask(), SPACE) for _ in range(8)]
    assert len({point[EMA.key] for point in waiting}) == 8


@pytest.mark.parametrize("name", SAMPLERS)
def test_no_sampler_warns(name: str, caplog: pytest.LogCaptureFixture) -> None:
    optuna.logging.enable_propagation()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        searched(study_of(name, 0), SPACE)
    optuna.logging.disable_propagation()
    assert caplog.messages == []


def test_the_tables_do_not_wait_for_optuna() -> None:
    code = "import sys, harness.catalog, harness.search; print('optuna' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"

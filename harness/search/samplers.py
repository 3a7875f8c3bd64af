"""Who proposes the next point. An entry takes the seed of this worker and returns a `Sampling`."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from harness.seeding import derive

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

Startup = Annotated[int, Field(ge=1, description="trials at random before the sampler learns from them")]
Candidates = Annotated[int, Field(ge=1, description="points drawn for every one that is proposed")]
CmaPopulation = Annotated[
    int | None, Field(ge=2, description="trials of one generation; null: 4 + 3 ln(number of parameters)")
]
Population = Annotated[int, Field(ge=2, description="trials of one generation")]
CrossoverShare = Annotated[float, Field(ge=0, le=1, description="share of children that have two parents")]
Swap = Annotated[float, Field(ge=0, le=1, description="chance that a parameter comes from the second parent")]
Mutation = Annotated[
    float | None,
    Field(
        ge=0,
        le=1,
        description="chance that a parameter is drawn anew; null: one over the number of parameters",
    ),
]


@dataclass(frozen=True)
class Sampling:
    """A sampler of Optuna's, made for one worker.

    `enumerated`: the points are all those of the space's grid, put into the study as fixed parameters
    (`grid.grid_points`), and the sampler decides nothing. `several`: whether it can have several objectives.
    """

    sampler: "BaseSampler"
    enumerated: bool = False
    several: bool = True


def sampler_seed(base: int, worker: int, existing: int) -> int:
    """The seed, below 2^32, of a worker's sampler, of a study that has `existing` trials when it starts.

    With one and the same seed a search that is continued would propose the points that it began with, and
    two workers would propose the same ones.
    """
    return derive(base, f"sampler/{worker}", existing) % 2**32


def tpe(seed: int, *, startup_trials: Startup = 10, candidates: Candidates = 24) -> Sampling:
    """Parzen estimator: points where good trials are dense and bad ones are not (Bergstra et al. 2011).

    Parameters are modelled jointly, those of one condition apart from the rest. A trial that still runs
    counts as a bad one, so that several workers keep away from each other.
    """
    from optuna.exceptions import ExperimentalWarning
    from optuna.samplers import TPESampler

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # `group`: what conditional parameters need
        sampler = TPESampler(
            seed=seed,
            n_startup_trials=startup_trials,
            n_ei_candidates=candidates,
            multivariate=True,
            group=True,
            constant_liar=True,
        )
    return Sampling(sampler)


def random(seed: int) -> Sampling:
    """Every parameter by itself, uniform over its range or the logarithm of it (Bergstra and Bengio 2012)."""
    from optuna.samplers import RandomSampler

    return Sampling(RandomSampler(seed=seed))


def grid(seed: int) -> Sampling:
    """Every combination of the choices and of the steps of the ranges, in order, and nothing twice."""
    from optuna.samplers import RandomSampler

    return Sampling(RandomSampler(seed=seed), enumerated=True)


def cma_es(
    seed: int,
    *,
    startup_trials: Startup = 1,
    population: CmaPopulation = None,
) -> Sampling:
    """CMA-ES: a normal distribution that moves towards good trials (Hansen 2016); for one objective.

    Choices and conditional parameters, of which it knows nothing, are drawn at random.
    """
    from optuna.samplers import CmaEsSampler, RandomSampler

    sampler = CmaEsSampler(
        seed=seed,
        n_startup_trials=startup_trials,
        popsize=population,
        independent_sampler=RandomSampler(seed=derive(seed, "independent") % 2**32),
        warn_independent_sampling=False,
    )
    return Sampling(sampler, several=False)


def nsga_ii(
    seed: int,
    *,
    population: Population = 10,
    crossover: CrossoverShare = 0.9,
    swap: Swap = 0.5,
    mutation: Mutation = None,
) -> Sampling:
    """NSGA-II: generations that keep whom no other beats in every objective (Deb et al. 2002)."""
    from optuna.samplers import NSGAIISampler

    sampler = NSGAIISampler(
        seed=seed,
        population_size=population,
        crossover_prob=crossover,
        swapping_prob=swap,
        mutation_prob=mutation,
    )
    return Sampling(sampler)

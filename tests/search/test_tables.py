"""Every entry of the search's tables says what it is and what can be set; configurations become samplers."""

from pathlib import Path

import optuna
import pytest

from harness.catalog import TABLES, build_pruner, build_sampler
from harness.config import Experiment, Setup, load
from harness.errors import ConfigError
from harness.options import describe, options_model
from harness.search.suggest import suggest

BASELINE = Path(__file__).parents[2] / "experiments" / "baseline.yaml"
ENTRIES = [
    pytest.param(entry, id=f"{place} {name}")
    for place in ("search.sampler", "search.pruner", "search_space")
    for name, entry in TABLES[place].items()
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_entries_and_options_are_described(entry: object) -> None:
    assert describe(entry).endswith(".")
    for name, field in options_model(entry).model_fields.items():
        assert field.description, name
        assert not field.is_required(), name


def experiment_with(*overrides: str) -> tuple[Experiment, Setup]:
    loaded = load(BASELINE, overrides, TABLES)
    return loaded.experiment, loaded.variants["base"].setup


def test_options_of_a_file_reach_the_sampler() -> None:
    experiment, _ = experiment_with("search.sampler={name: nsga_ii, population: 7}")
    sampler = build_sampler(experiment, 3).sampler
    assert isinstance(sampler, optuna.samplers.NSGAIISampler)
    assert sampler.population_size == 7


def test_a_sampler_of_one_objective_is_refused_for_two() -> None:
    experiment, _ = experiment_with(
        "search.sampler=cma_es", "search.objective=[fid,seconds]", "search.pruner=none"
    )
    with pytest.raises(ConfigError, match=r"^search\.sampler: cma_es has one objective only: take tpe or"):
        build_sampler(experiment, 3)


def test_a_pruner_looks_as_often_as_the_search_says_and_at_every_seed() -> None:
    experiment, setup = experiment_with("search.pruner=wilcoxon", "search.seeds=[0,1,2]")
    with pytest.raises(ConfigError, match="pruner wilcoxon stops no trial of 3 seeds"):
        build_pruner(experiment, setup)
    experiment, setup = experiment_with("search.pruner=median", "search.every=500", "training.steps=4000")
    study = optuna.create_study(pruner=build_pruner(experiment, setup).pruner)
    for level in (0, 0, 0, 0, 0, 1):
        trial = study.ask()
        pruned = []
        for step in range(500, 4001, 500):
            trial.report(level, step)
            pruned.append(trial.should_prune())
        study.tell(trial, level)
    assert pruned == [False, *[True] * 7]


def test_the_preset_is_a_space_of_the_baseline() -> None:
    loaded = load(BASELINE, ["search_space=compare_gan"], TABLES)
    space = loaded.space("base")
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    keys = {parameter.key for parameter in space.parameters}
    assert {"training.learning_rate", "training.betas.0", "training.discriminator_steps"} <= keys
    for _ in range(20):
        point = suggest(study.ask(), space)
        assert set(point) == keys
        found = loaded.changed("base", space.changes(point))  # a valid configuration
        assert found.training.learning_rate == point["training.learning_rate"]

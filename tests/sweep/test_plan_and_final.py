"""What a search is before and after its trials: its studies, what it refuses, who won, what is compared."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from conducted import Place, place
from optuna.trial import TrialState
from processes import TINY

from harness.errors import ConfigError
from harness.queue.definition import create_study
from harness.queue.slots import claim, finish, standing, tally
from harness.search.suggest import suggest
from harness.sweep.final import final, look, winners
from harness.sweep.plan import Plan
from harness.sweep.standing import standing_of
from harness.workers.brief import brief_of
from harness.workers.search import AS_WRITTEN

SPACE = """
search_space:
  training.learning_rate: {choice: {slow: 1.0e-4, fast: 2.0e-3}}
  training.steps: {int_uniform: [40, 60], step: 20}
search: {seeds: [0, 2], num_samples: 100, trials: 3, final_seeds: 3, sampler: grid, pruner: none}
seeds: [0, 1]
"""
VARIANTS = "variants: {plain: {}, hinged: {loss: hinge}}\n"
TEXT = TINY.replace("seeds: [0]\n", "") + SPACE


@pytest.fixture
def made(tmp_path: Path, empty_store: Path) -> Iterator[Place]:
    with place(tmp_path, TEXT, empty_store) as here:
        yield here


def tell(made: Place, planned: Plan, number: int, *values: float) -> None:
    """Claim the first slots of study number `number`, and say of each what came of it."""
    (study, searched) = made.opened(planned)[number], planned.searched[number]
    for value in values:
        trial = claim(study, made.storage)
        assert trial is not None
        if not trial.user_attrs.get(AS_WRITTEN):
            suggest(trial, searched.space)
        finish(study, trial, TrialState.COMPLETE, [value])


def test_one_configuration_is_one_study_whose_first_slot_is_the_file(made: Place) -> None:
    planned = made.planned()
    assert planned.folder == Path("tiny/.sweeps/tiny")
    (study,) = made.opened(planned)
    assert study.study_name == "tiny"
    first, *others = study.trials
    assert first.user_attrs[AS_WRITTEN]
    assert "fixed_params" not in first.system_attrs
    # Three trials in all: the file and the first two points of the grid.
    assert [trial.system_attrs["fixed_params"] for trial in others] == [
        {"training.learning_rate": "slow", "training.steps": steps} for steps in (40, 60)
    ]
    brief = brief_of(study)
    assert (brief.variant, brief.studies, brief.key) == ("base", ("tiny",), "0123456789abcdef")
    assert brief.trials_folder(made.runs) == made.runs


def test_more_trials_are_those_that_are_missing_and_never_more_than_the_grid_has(made: Place) -> None:
    for trials, total in ((3, 3), (4, 4), (3, 4), (50, 5), (50, 5)):
        (study,) = made.opened(made.planned(f"search.trials={trials}"))
        assert tally(study).waiting == total
    points = [trial.system_attrs.get("fixed_params") for trial in standing(study)]
    assert len({str(point) for point in points}) == 5


def test_random_slots_are_filled_up_to_the_exact_number(made: Place) -> None:
    for trials in (2, 7, 5):
        (study,) = made.opened(made.planned("search.sampler=random", f"search.trials={trials}"))
    assert tally(study).waiting == 7
    assert sum(bool(trial.user_attrs.get(AS_WRITTEN)) for trial in study.trials) == 1


def test_several_variants_are_searched_only_on_demand_each_with_the_same_budget(made: Place) -> None:
    made.file.write_text(TEXT + VARIANTS)
    with pytest.raises(ConfigError, match=r"has 2 variants: search each of them with --per-variant"):
        made.planned()
    planned = made.planned(per_variant=True)
    studies = made.opened(planned)
    assert [study.study_name for study in studies] == ["tiny/plain", "tiny/hinged"]
    assert [tally(study).total for study in studies] == [3, 3]
    folders = [brief_of(study).trials_folder(made.runs) for study in studies]
    assert folders == [made.runs / "plain", made.runs / "hinged"]
    assert {brief_of(study).studies for study in studies} == {("tiny/plain", "tiny/hinged")}


@pytest.mark.parametrize(
    ("override", "difference"),
    [
        ("search_space.training.learning_rate={choice: {slow: 1.0e-4, fast: 3.0e-3}}", "learning_rate"),
        ("search.objective=seconds", 'objective was ["fid"], is now ["seconds"]'),
        ("search.seeds=[0]", "seeds was [0, 2], is now [0]"),
        ("loss=hinge", 'configuration.loss.name was "non_saturating", is now "hinge"'),
        ("search.sampler=tpe", 'search.sampler.name was "grid", is now "tpe"'),
        ("search.pruner=median", 'search.pruner.name was "none", is now "median"'),
        ("name=other", 'experiment was "tiny", is now "other"'),
        ("search.num_samples=50", "configuration.evaluation.num_samples was 100, is now 50"),
    ],
)
def test_a_study_goes_on_only_with_what_it_was_begun_for(made: Place, override: str, difference: str) -> None:
    made.opened(made.planned())
    with pytest.raises(ConfigError) as refused:
        made.opened(made.planned(override))
    first, *lines = str(refused.value).splitlines()
    assert "study `tiny`" in first
    assert "take another name with --study" in first
    assert any(difference in line for line in lines), lines
    (study,) = made.opened(made.planned(override, name="other"))
    assert study.study_name == "other"


@pytest.mark.parametrize(
    "override",
    [
        "search.trials=9",
        "search.patience=4",
        "search.seconds=100",
        "search.final_seeds=1",
        "search.seed=3",
        "description=another",
    ],
)
def test_how_it_is_searched_may_change_on_the_way(made: Place, override: str) -> None:
    (first,) = made.opened(made.planned())
    (second,) = made.opened(made.planned(override))
    assert first.study_name == second.study_name
    assert tally(second).total >= 3


def test_where_what_is_searched_stands_in_the_file_is_what_all_trials_are_to_beat(made: Place) -> None:
    made.opened(made.planned())
    made.file.write_text(TEXT.replace("steps: 60,", "steps: 60, learning_rate: 7.0e-4,"))
    with pytest.raises(
        ConfigError, match=r"configuration\.training\.learning_rate was 0\.0002, is now 0\.0007"
    ):
        made.opened(made.planned())


def test_a_name_is_that_of_one_study_or_of_one_for_each_variant(made: Place) -> None:
    made.opened(made.planned())
    made.file.write_text(TEXT + VARIANTS)
    with pytest.raises(ConfigError, match="is a search of one configuration; take another name"):
        made.opened(made.planned(per_variant=True))
    made.opened(made.planned(name="other", per_variant=True))
    made.file.write_text(TEXT)
    with pytest.raises(ConfigError, match="is a search of every variant; take another name"):
        made.opened(made.planned(name="other"))


@pytest.mark.parametrize("key", ["evaluation.num_samples", "evaluation.metrics", "dataset"])
def test_what_would_measure_trials_otherwise_is_not_searched(made: Place, key: str) -> None:
    values = {
        "evaluation.num_samples": "{int_uniform: [50, 90]}",
        "evaluation.metrics": "{choice: {a: [fid], b: [kid]}}",
        "dataset": "{choice: [digits, mnist]}",
    }
    with pytest.raises(ConfigError, match=rf"search_space\.{key}: trials that differ in their"):
        made.planned(f"search_space.{key}={values[key]}")


def test_what_is_made_by_a_killed_command_is_finished_by_the_next(made: Place) -> None:
    planned = made.planned()
    (searched,) = planned.searched
    create_study(made.storage, "tiny", searched.directions, searched.definition)
    (study,) = made.opened(planned)
    assert brief_of(study).key == "0123456789abcdef"
    assert study.trials[0].user_attrs[AS_WRITTEN]
    assert tally(study).total == 3


def test_the_winner_is_compared_with_the_file_over_fresh_seeds_trained_for_as_long(made: Place) -> None:
    planned = made.planned("search.trials=5")
    tell(made, planned, 0, 5.0, 4.0, 4.5, 3.0, 3.5)
    (won,) = winners(planned, made.ended(planned))
    assert won.trial.number == 3
    assert won.changes == {"training.learning_rate": 2e-3, "training.steps": 40}
    loaded = final(planned, [won])
    assert set(loaded.variants) == {"baseline", "winner"}
    cells = {(cell.variant, cell.seed): cell for cell in loaded.cells}
    # 0 and 1 are the experiment's, 0 and 2 the trials'.
    assert {seed for _, seed in cells} == {3, 4, 5}
    baseline, winner = cells["baseline", 3], cells["winner", 3]
    assert winner.training.learning_rate == 2e-3
    assert baseline.training.learning_rate == planned.loaded.experiment.training.learning_rate
    assert baseline.training.steps == winner.training.steps == 40
    for cell in cells.values():
        assert cell.evaluation.reference == "test"
        assert cell.evaluation.num_samples == planned.loaded.experiment.evaluation.num_samples
    changed = {key for key, value in winner.flat().items() if value != baseline.flat()[key]}
    assert changed == {"training.learning_rate", "variant"}


def test_where_nothing_beats_the_file_nobody_has_won(made: Place) -> None:
    planned = made.planned()
    tell(made, planned, 0, 3.0, 4.0, 3.0)
    assert winners(planned, made.ended(planned)) == []


def test_each_variant_has_a_winner_beside_itself(made: Place) -> None:
    made.file.write_text(TEXT + VARIANTS)
    planned = made.planned(per_variant=True)
    for number in (0, 1):
        tell(made, planned, number, 5.0, 4.0)
    loaded = final(planned, winners(planned, made.ended(planned)))
    assert set(loaded.variants) == {"plain", "plain_winner", "hinged", "hinged_winner"}
    assert {cell.evaluation.reference for cell in loaded.cells} == {"test"}
    losses = {cell.variant: cell.loss.name for cell in loaded.cells}
    assert losses["hinged"] == losses["hinged_winner"] == "hinge"
    assert losses["plain"] == losses["plain_winner"] == "non_saturating"


def test_names_of_winners_are_nobody_elses(made: Place) -> None:
    made.file.write_text(TEXT + "variants: {a: {}, a_winner: {evaluation.reference: validation}}\n")
    planned = made.planned(per_variant=True)
    for number in (0, 1):
        tell(made, planned, number, 5.0, 4.0)
    won = winners(planned, made.ended(planned))
    names = [name for each in won for name in (each.origin, each.name)]
    assert len(set(names)) == 4
    loaded = final(planned, won)
    assert set(loaded.variants) == set(names)
    assert {cell.evaluation.reference for cell in loaded.cells} == {"test"}


def test_a_whole_part_that_was_chosen_gives_the_file_its_length_too(made: Place) -> None:
    long = TEXT.replace("training.steps: {int_uniform: [40, 60], step: 20}", "")
    made.file.write_text(
        long.replace(
            "training.learning_rate: {choice: {slow: 1.0e-4, fast: 2.0e-3}}",
            "training: {choice: {short: {steps: 60}, long: {steps: 120}}}",
        )
    )
    planned = made.planned()
    tell(made, planned, 0, 5.0, 4.0, 3.0)
    (won,) = winners(planned, made.ended(planned))
    assert {cell.training.steps for cell in final(planned, [won]).cells} == {120}


def test_every_final_is_one_look_at_the_test_split(made: Place) -> None:
    planned = made.planned("search.trials=5")
    tell(made, planned, 0, 5.0, 4.0, 4.5, 3.0, 3.5)
    (study,) = made.opened(planned)
    (won,) = winners(planned, made.ended(planned))
    one = final(planned, [won])
    other = final(planned, [replace(won, trial=made.ended(planned)["base"][1])])
    more = final(made.planned("search.trials=5", "search.final_seeds=4"), [won])
    assert [look(study, each) for each in (one, one, other, one, more)] == [1, 1, 2, 2, 3]
    again = optuna.load_study(study_name="tiny", storage=made.storage)
    assert look(again, more) == 3


def test_the_standing_counts_all_studies_and_knows_the_best_of_them(made: Place) -> None:
    made.file.write_text(TEXT + VARIANTS)
    planned = made.planned(per_variant=True)
    studies = made.opened(planned)
    before = standing_of(planned, studies)
    assert (before.counted.total, before.best, before.seconds_left) == (6, None, None)
    tell(made, planned, 0, 4.0)
    tell(made, planned, 1, 3.0)
    trial = claim(studies[0], made.storage)
    assert trial is not None
    finish(studies[0], trial, TrialState.PRUNED, reason="worse than the others")
    assert claim(studies[1], made.storage) is not None
    now = standing_of(planned, studies)
    assert (now.counted.complete, now.counted.pruned, now.counted.waiting) == (2, 1, 2)
    assert (now.variant, now.best and now.best.values) == ("hinged", (3.0,))
    assert now.seconds_left is not None

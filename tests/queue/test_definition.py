"""A study goes on with what it was begun with."""

import threading

import pytest
from optuna.storages import RDBStorage

from harness.errors import ConfigError, UnknownNameError
from harness.queue.definition import create_study, definition_of, load_study, wait_for_study

SPACE = {
    "search_space": {
        "training.learning_rate": {"log_uniform": [1e-5, 1e-2]},
        "loss": {"choice": ["hinge", "wasserstein"]},
    },
    "seeds": (0, 1),
}


def test_the_same_definition_finds_the_same_study(storage: RDBStorage) -> None:
    study, is_new = create_study(storage, "base/wgan-gp", ["minimize"], SPACE)
    same, is_new_again = create_study(storage, "base/wgan-gp", ["minimize"], dict(reversed(SPACE.items())))
    assert (is_new, is_new_again, same._study_id) == (True, False, study._study_id)
    assert definition_of(same) == SPACE | {"seeds": [0, 1]}


@pytest.mark.parametrize(
    ("directions", "changes", "differences"),
    [
        (["minimize", "minimize"], {}, ['directions was ["minimize"], is now ["minimize", "minimize"]']),
        (["minimize"], {"seeds": [0]}, ["seeds was [0, 1], is now [0]"]),
        (
            ["minimize"],
            {
                "search_space": {
                    "training.learning_rate": {"uniform": [0, 1]},
                    "loss": {"choice": ["hinge"]},
                    "penalties": {"choice": ["r1"]},
                }
            },
            [
                'search_space.training.learning_rate was {"log_uniform": [1e-05, 0.01]}, '
                'is now {"uniform": [0, 1]}',
                'search_space.loss.choice was ["hinge", "wasserstein"], is now ["hinge"]',
                'search_space.penalties was absent, is now {"choice": ["r1"]}',
            ],
        ),
        (
            ["minimize"],
            {f"key{index}": "x" * 200 for index in range(9)},
            [f'key{index} was absent, is now "{"x" * 98}…' for index in range(5)],
        ),
    ],
)
def test_another_definition_is_refused_with_what_differs(
    storage: RDBStorage, directions: list[str], changes: dict[str, object], differences: list[str]
) -> None:
    create_study(storage, "s", ["minimize"], SPACE)
    with pytest.raises(ConfigError) as refused:
        create_study(storage, "s", directions, SPACE | changes)  # type: ignore[arg-type]
    first, *lines = str(refused.value).split("\n")
    assert "study `s`" in first
    assert "--study" in first
    assert "secret" not in first
    assert [line.strip() for line in lines] == differences


def test_a_study_of_another_program_is_refused(storage: RDBStorage) -> None:
    import optuna

    optuna.create_study(storage=storage, study_name="s").add_trial(optuna.create_trial(value=1.0))
    with pytest.raises(ConfigError, match="was not begun by harness"):
        create_study(storage, "s", ["minimize"], SPACE)


@pytest.mark.parametrize("name", ["", "a//b", "../a", "a b", "a\n", "/a"])
def test_names_that_are_no_paths_are_refused(storage: RDBStorage, name: str) -> None:
    with pytest.raises(ConfigError, match="a name has only"):
        create_study(storage, name, ["minimize"], SPACE)


def test_an_unknown_name_is_answered_with_a_near_one(storage: RDBStorage) -> None:
    with pytest.raises(UnknownNameError, match="none yet"):
        load_study(storage, "s")
    create_study(storage, "baseline", ["minimize"], SPACE)
    with pytest.raises(UnknownNameError, match="did you mean `baseline`"):
        load_study(storage, "baselnie")
    with pytest.raises(UnknownNameError, match="known: baseline"):
        wait_for_study(storage, "x", timeout=0)


def test_a_worker_waits_for_its_study(storage: RDBStorage) -> None:
    begin = threading.Timer(0.3, create_study, (storage, "s", ["minimize"], SPACE))
    begin.start()
    assert definition_of(wait_for_study(storage, "s", timeout=60))["seeds"] == [0, 1]
    begin.join()

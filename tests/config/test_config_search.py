"""The section `search`: its defaults, its parts, and that it changes no training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from config_examples import GOOD, TABLES
from jsonschema import Draft202012Validator

from harness.config import Loaded, Part, Search, experiment_schema, load, load_text, to_yaml
from harness.config.reading import parse
from harness.config.tree import plain
from harness.errors import ConfigError
from harness.registry import Registry


def tpe(*, startup_trials: int = 10) -> None:
    """A sampler with an option."""


def nothing() -> None:
    """No options."""


def wilcoxon(*, threshold: float = 0.1) -> None:
    """A pruner with an option."""


WITH_SEARCH = {
    **TABLES,
    "search.sampler": Registry[Any]("sampler", "harness.samplers", tpe=tpe, random=nothing),
    "search.pruner": Registry[Any](
        "pruner", "harness.pruners", median=nothing, none=nothing, wilcoxon=wilcoxon
    ),
}
VALIDATOR = Draft202012Validator(experiment_schema(WITH_SEARCH))
Loads = Callable[..., Loaded]


@pytest.fixture
def loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loads:
    monkeypatch.chdir(tmp_path)

    def call(extra: str = "", *overrides: str) -> Loaded:
        Path("x.yaml").write_text(GOOD + extra)
        return load("x.yaml", overrides, WITH_SEARCH)

    return call


def accepts(text: str) -> bool:
    node = parse(GOOD + text)
    assert node is not None
    return VALIDATOR.is_valid(plain(node))


def test_without_the_section_a_search_is_for_fid(loads: Loads) -> None:
    search = loads().experiment.search
    assert search == Search(sampler=Part(name="tpe", options={"startup_trials": 10}))
    assert (search.objective, search.pruner.name, search.trials) == (("fid",), "median", 50)
    assert loads().experiment.trial_seeds == (0,)


def test_it_changes_no_training(loads: Loads) -> None:
    space = "search_space: {training.ema: {choice: [0, 0.5]}}\n"
    searched = loads("search: {objective: kid, seeds: [3, 4], trials: 2}\n" + space)
    assert searched.cells == loads().cells
    assert [cell.config_hash for cell in searched.cells] == [cell.config_hash for cell in loads().cells]
    assert searched.experiment.trial_seeds == (3, 4)


@pytest.mark.parametrize(
    ("written", "objective", "pruner"),
    [
        ("{}", ("fid",), "median"),
        ("{objective: kid}", ("kid",), "median"),
        ("{objective: [kid]}", ("kid",), "median"),
        ("{objective: kid, pruner: }", ("kid",), "median"),
        ("{objective: [fid, seconds]}", ("fid", "seconds"), "none"),
        ("{objective: [fid, seconds], pruner: none}", ("fid", "seconds"), "none"),
        ("{pruner: none}", ("fid",), "none"),
        ("{pruner: {name: wilcoxon, threshold: 0.2}}", ("fid",), "wilcoxon"),
    ],
)
def test_objectives_and_their_pruner(
    loads: Loads, written: str, objective: tuple[str, ...], pruner: str
) -> None:
    loaded = loads(f"search: {written}\n")
    search = loaded.experiment.search
    assert (search.objective, search.pruner.name) == (objective, pruner)
    assert accepts(f"search: {written}\n")
    assert load_text(to_yaml(loaded.experiment), "again", WITH_SEARCH).experiment == loaded.experiment


def test_the_options_of_its_parts_are_completed(loads: Loads) -> None:
    search = loads("search: {sampler: random, pruner: wilcoxon}\n", "search.sampler=tpe").experiment.search
    assert search.sampler == Part(name="tpe", options={"startup_trials": 10})
    assert search.pruner == Part(name="wilcoxon", options={"threshold": 0.1})


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("objective: [fid, fid]", "search.objective.1 is fid for the second time"),
        ("objective: []", "search.objective must have at least 1 item, not 0"),
        ("objective: ", "search.objective must be a list, not null"),
        ("objective: [3]", "search.objective.0 must be text, not 3"),
        ("seeds: [1, 1]", "search.seeds.1 is 1 for the second time"),
        ("seeds: []", "search.seeds must have at least 1 item, not 0"),
        ("trials: 0", "search.trials must be at least 1, not 0"),
        ("seconds: 0", "search.seconds must be greater than 0, not 0"),
        ("final_seeds: 0", "search.final_seeds must be at least 1, not 0"),
        ("trails: 5", "unknown key `trails` in search; did you mean `trials`?"),
        ("sampler: tpa", "unknown sampler `tpa`; did you mean `tpe`?"),
        ("sampler: {name: tpe, startup: 5}", "unknown key `startup` in search.sampler `tpe`; did you mean"),
        ("pruner: {name: wilcoxon, threshold: a}", 'search.pruner.threshold must be a number, not "a"'),
        ("pruner: 5", "search.pruner must be a name, or a mapping with a `name`"),
    ],
)
def test_one_mistake_one_line(loads: Loads, written: str, problem: str) -> None:
    text = f"search:\n  {written}\n"
    with pytest.raises(ConfigError) as caught:
        loads(text)
    assert str(caught.value).startswith(f"x.yaml:11: {problem}")
    assert "\n" not in str(caught.value)
    if "second time" not in problem:
        assert not accepts(text)


def test_several_objectives_are_not_pruned(loads: Loads) -> None:
    with pytest.raises(ConfigError) as caught:
        loads("search:\n  objective: [fid, kid]\n  pruner: median\n")
    assert str(caught.value) == (
        "x.yaml:12: search.pruner must be none with several objectives: no pruner judges by more than one; "
        "leave it out"
    )


def test_an_empty_text_is_no_experiment() -> None:
    with pytest.raises(ConfigError, match=r"^study x:1: the experiment is empty$"):
        load_text("# nothing\n", "study x")
    with pytest.raises(ConfigError, match=r"^study x:1: an experiment file is a mapping"):
        load_text("[1]", "study x")

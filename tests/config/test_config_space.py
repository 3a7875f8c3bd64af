"""`search_space`: what is read, the points it allows, the configuration at them, and every refusal's line."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from config_examples import GOOD, TABLES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from harness.config import (
    Loaded,
    Parameter,
    Part,
    Setup,
    Space,
    Value,
    check_space,
    experiment_schema,
    load,
    load_text,
    to_yaml,
)
from harness.config.reading import parse
from harness.config.tree import plain
from harness.errors import ConfigError
from harness.registry import Registry


def rates(setup: Setup) -> Mapping[str, Any]:
    """A learning rate, and a width where there are widths."""
    rate = {"training.learning_rate": {"log_uniform": [1e-5, 1e-2]}}
    width = {"network.widths.0": {"choice": [64, 128]}} if setup.network.name == "mlp" else {}
    return {**rate, **width}


def wrong(setup: Setup) -> Mapping[str, Any]:
    """Not a distribution."""
    return {"training.ema": 3}


def infinite(setup: Setup) -> Mapping[str, Any]:
    """Not plain data."""
    return {"training.ema": {"uniform": [0, float("inf")]}}


def broken(setup: Setup) -> Mapping[str, Any]:
    """A mistake in the code of a user's own preset."""
    return {"training.ema": setup.loss.options["weight"]}


WITH_SPACES = {
    **TABLES,
    "search_space": Registry[Any](
        "search space", "harness.search_spaces", rates=rates, wrong=wrong, infinite=infinite
    ),
}
VALIDATOR = Draft202012Validator(experiment_schema(WITH_SPACES))
Loads = Callable[..., Loaded]


@pytest.fixture
def loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loads:
    monkeypatch.chdir(tmp_path)

    def call(extra: str = "", *overrides: str, text: str = GOOD) -> Loaded:
        Path("x.yaml").write_text(text + extra)
        return load("x.yaml", overrides, WITH_SPACES)

    return call


def accepts(text: str) -> bool:
    node = parse(text)
    assert node is not None
    return VALIDATOR.is_valid(plain(node))


EVERYTHING = """\
search_space:
  penalties.0.weight: {log_uniform: [1e-2, 10], when: {penalties: r1}}
  training.betas.0: {uniform: [0, 0.9], step: 0.1}
  training.discriminator_steps: {int_uniform: [1, 5], step: 2}
  training.batch_size: {log_int_uniform: [16, 256]}
  training.learning_rate: {choice: [1e-3, 2e-4]}
  training.simultaneous: {choice: [true, false]}
  loss: {choice: [hinge, {name: least_squares, flip: true}]}
  penalties: {choice: {r1: [{name: r1, weight: 0.5}], none: []}}
  loss.real: {uniform: [0.5, 2], when: {loss: [least_squares], training.simultaneous: [true]}}
"""


def test_every_distribution_is_read(loads: Loads) -> None:
    space = loads(EVERYTHING).space("base")
    found = {parameter.key: parameter for parameter in space.parameters}
    assert found["training.betas.0"] == Parameter("training.betas.0", "float", 0.0, 0.9, step=0.1)
    assert found["training.discriminator_steps"] == Parameter(
        "training.discriminator_steps", "int", 1, 5, step=2
    )
    assert found["training.batch_size"] == Parameter("training.batch_size", "int", 16, 256, log=True)
    assert found["training.learning_rate"].choices == {"1e-3": 1e-3, "2e-4": 2e-4}
    assert found["training.simultaneous"].choices == {"true": True, "false": False}
    assert found["loss"].choices == {
        "hinge": "hinge",
        "least_squares": {"name": "least_squares", "flip": True},
    }
    assert found["penalties"].choices == {"r1": [{"name": "r1", "weight": 0.5}], "none": []}
    assert found["penalties.0.weight"] == Parameter(
        "penalties.0.weight", "float", 0.01, 10.0, log=True, when={"penalties": ("r1",)}
    )
    assert found["loss.real"].when == {"loss": ("least_squares",), "training.simultaneous": ("true",)}
    assert accepts(GOOD + EVERYTHING)


def test_conditions_come_before_what_depends_on_them_and_all_else_stays(loads: Loads) -> None:
    keys = [parameter.key for parameter in loads(EVERYTHING).space("base").parameters]
    assert keys.index("penalties") < keys.index("penalties.0.weight")
    rest = [key for key in keys if key != "penalties.0.weight"]
    assert rest == [line.split(":")[0].strip() for line in EVERYTHING.splitlines()[2:]]


def test_a_point_becomes_a_configuration(loads: Loads) -> None:
    loaded = loads(EVERYTHING)
    space = loaded.space("base")
    point: dict[str, Value] = {
        "training.betas.0": 0.3,
        "training.discriminator_steps": 3,
        "training.learning_rate": "1e-3",
        "loss": "least_squares",
        "training.simultaneous": "true",
        "loss.real": 0.75,
        "penalties": "r1",
        "penalties.0.weight": 4.0,
    }
    setup = loaded.changed("base", space.changes(point))
    assert setup.training.betas == (0.3, 0.999)  # the file leaves them at their default
    assert (setup.training.learning_rate, setup.training.simultaneous) == (1e-3, True)
    assert setup.loss == Part(name="least_squares", options={"real": 0.75, "flip": True})
    assert setup.penalties == (Part(name="r1", options={"weight": 4.0}),)
    assert setup.training.steps == 6000
    without = loaded.changed("base", space.changes({**point, "penalties": "none"}))
    assert without.penalties == ()


def test_without_changes_it_is_the_variant_itself(loads: Loads) -> None:
    loaded = loads("variants: {a: {}, b: {network: maxout, training.ema: 0}}\n")
    for cell in loaded.cells:
        setup = loaded.changed(cell.variant, {})
        assert all(getattr(cell, field) == getattr(setup, field) for field in Setup.model_fields)


def test_changes_are_laid_over_the_variant(loads: Loads) -> None:
    loaded = loads("variants: {a: {training.learning_rate: 1, network: maxout}}\n", "training.steps=5")
    setup = loaded.changed("a", {"training.learning_rate": 3, "network.pieces": 7})
    assert (setup.training.learning_rate, setup.training.steps) == (3.0, 5)
    assert setup.network.options["pieces"] == 7


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"training.learning_rate": -1},
            "search_space.training.learning_rate = -1: training.learning_rate must be at least 0, not -1",
        ),
        (
            {"training.laerning_rate": 1},
            "search_space.training.laerning_rate = 1: unknown key `laerning_rate` in training; did you mean"
            " `learning_rate`?",
        ),
        (
            {"loss": {"name": "hing"}},
            'search_space.loss = {"name": "hing"}: unknown loss `hing`; did you mean',
        ),
        ({"penalties.1.weight": 3}, "search_space.penalties.1.weight = 3: no item 1: the list has 1"),
        ({"seeds": [1]}, "search_space.seeds = [1]: unknown key `seeds`"),
        (
            {"training.final_momentum": 0.5},
            "search_space.training.final_momentum = 0.5: training.final_momentum needs momentum_steps beside",
        ),
        (
            {"training.batch_size": 63, "training.packing": 2},
            "search_space.training.packing = 2: training.packing must divide `batch_size`, which is 63",
        ),
    ],
)
def test_a_mistake_of_a_change_names_key_and_value(
    loads: Loads, changes: Mapping[str, Any], problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loads().changed("base", changes)
    assert str(caught.value).startswith(problem)
    assert "\n" not in str(caught.value)


def test_a_mistake_elsewhere_names_the_changes_behind_it(loads: Loads) -> None:
    with pytest.raises(ConfigError) as caught:
        loads(text=GOOD.replace("2e-4", "2e-4\n  packing: 4")).changed("base", {"training.batch_size": 6})
    assert str(caught.value) == (
        "x.yaml:9: training.packing must divide `batch_size`, which is 6 "
        "(with search_space.training.batch_size = 6)"
    )


def test_items_of_lists_that_the_file_leaves_out(loads: Loads) -> None:
    loaded = loads()
    assert loaded.changed("base", {"network.widths.1": 7}).network.options["widths"] == [256, 7]
    fewer = loaded.changed("base", {"evaluation.metrics.0": "kid", "evaluation.metrics.1": "fid"})
    assert [part.name for part in fewer.evaluation.metrics[:3]] == ["kid", "fid", "inception_score"]
    with pytest.raises(ConfigError, match="no item 2: the list has 2"):
        loaded.changed("base", {"training.betas.2": 0.5})


# Presets


@pytest.mark.parametrize("written", ["search_space: rates\n", "search_space: {preset: rates}\n"])
def test_a_preset_depends_on_the_configuration(loads: Loads, written: str) -> None:
    loaded = loads(f"{written}variants: {{a: {{}}, b: {{network: maxout}}}}\n")
    keys = {name: [one.key for one in loaded.space(name).parameters] for name in ("a", "b")}
    assert keys == {"a": ["training.learning_rate", "network.widths.0"], "b": ["training.learning_rate"]}
    assert loaded.space("a").parameters[1].choices == {"64": 64, "128": 128}
    assert accepts(GOOD + written)


def test_entries_beside_a_preset_replace_add_and_leave_out(loads: Loads) -> None:
    text = "search_space:\n  preset: rates\n  training.learning_rate: {uniform: [0, 1]}\n"
    text += "  network.widths.0:\n  training.ema: {uniform: [0.5, 0.75]}\n"
    loaded = loads(text)
    assert loaded.space("base") == Space(
        (
            Parameter("training.learning_rate", "float", 0.0, 1.0),
            Parameter("training.ema", "float", 0.5, 0.75),
        )
    )
    assert accepts(GOOD + text)
    assert not accepts(GOOD + text.replace("  preset: rates\n", ""))
    again = load_text(to_yaml(loaded.experiment), "again", WITH_SPACES)
    assert again.space("base") == loaded.space("base")


# Written and read again


KEYS = ["training.learning_rate", "training.ema", "network.latent.size", "loss", "training.simultaneous"]
SCALARS = ["1e-3", ".5", "2", "hinge", "~", "true", "{name: least_squares, real: 2}", "'1e-3 '", "[1, 2]"]


@st.composite
def spaces(draw: st.DrawFn) -> str:
    lines = ["search_space:"]
    for key in draw(st.lists(st.sampled_from(KEYS), min_size=1, unique=True)):
        low, width = draw(st.integers(1, 50)), draw(st.integers(1, 50))
        kinds = ["uniform", "log_uniform", "int_uniform", "log_int_uniform", "choice"]
        kind = draw(st.sampled_from(kinds))
        if kind == "choice":
            chosen = draw(st.lists(st.sampled_from(SCALARS), min_size=2, unique=True))
            as_list = "[1, 2]" not in chosen and draw(st.booleans())
            labels = (f"'{index} {key}': {value}" for index, value in enumerate(chosen))
            inside = f"[{', '.join(chosen)}]" if as_list else f"{{{', '.join(labels)}}}"
        else:
            ends = (low, low + width) if "int" in kind else (low / 64, (low + width) / 64)
            inside = str(list(ends))
        lines.append(f"  {key}: {{{kind}: {inside}}}")
    return "\n".join(lines) + "\n"


EACH = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)


@EACH
@given(spaces())
def test_a_space_survives_being_written(loads: Loads, text: str) -> None:
    loaded = loads(text)
    written = to_yaml(loaded.experiment)
    again = load_text(written, "again", WITH_SPACES)
    assert again.experiment == loaded.experiment
    assert again.space("base") == loaded.space("base")
    assert list(again.space("base").parameters) == list(loaded.space("base").parameters)
    assert to_yaml(again.experiment) == written
    assert again.cells == loaded.cells == loads().cells
    assert again.path == Path("again")


def test_everything_survives_being_written(loads: Loads) -> None:
    search = "search: {objective: [fid, seconds], seeds: [4], trials: 7, sampler: {name: grid, x: 1}}\n"
    loaded = loads(EVERYTHING + search)
    again = load_text(to_yaml(loaded.experiment), "again", WITH_SPACES)
    assert again.experiment == loaded.experiment
    assert again.space("base") == loaded.space("base")
    assert again.experiment.search == loaded.experiment.search
    assert again.cells == loads().cells


def test_what_a_study_remembers(loads: Loads) -> None:
    reversed_keys = EVERYTHING.splitlines()
    reversed_keys[1:] = reversed(reversed_keys[1:])
    described = loads(EVERYTHING).space("base").described()
    assert loads("\n".join(reversed_keys) + "\n").space("base").described() == described
    assert described["training.betas.0"] == {"uniform": [0.0, 0.9], "step": 0.1}
    assert described["training.batch_size"] == {"log_int_uniform": [16, 256]}
    assert described["training.learning_rate"] == {"choice": [{"1e-3": 1e-3}, {"2e-4": 2e-4}]}
    assert described["penalties.0.weight"]["when"] == {"penalties": ["r1"]}
    other = EVERYTHING.replace("[1e-3, 2e-4]", "[2e-4, 1e-3]")  # a sampler would number them otherwise
    assert loads(other).space("base").described() != described


# Checked before the first trial


@st.composite
def points(draw: st.DrawFn, space: Space) -> dict[str, Value]:
    point: dict[str, Value] = {}
    for one in space.parameters:
        if not space.active(one, point):
            continue
        if one.kind == "choice":
            point[one.key] = draw(st.sampled_from(sorted(one.choices)))
        elif one.kind == "int":
            point[one.key] = draw(st.integers(int(one.low), int(one.high)))
        else:
            point[one.key] = draw(st.floats(one.low, one.high))
    return point


@EACH
@given(st.data())
def test_where_the_ends_are_valid_every_point_is(loads: Loads, data: st.DataObject) -> None:
    loaded = loads(EVERYTHING)
    check_space(loaded, "base")
    space = loaded.space("base")
    point = data.draw(points(space))
    setup = loaded.changed("base", space.changes(point))
    assert setup.training.batch_size == point["training.batch_size"]
    assert setup.loss.name == point["loss"]
    weights = [part.options["weight"] for part in setup.penalties]
    assert weights == ([point["penalties.0.weight"]] if point["penalties"] == "r1" else [])


@pytest.mark.parametrize(
    ("space", "problem"),
    [
        (
            "training.ema: {uniform: [0.5, 2]}",
            "11: search_space.training.ema = 2.0: training.ema must be less than 1, not 2.0",
        ),
        (
            "training.laerning_rate: {uniform: [0, 1]}",
            "11: search_space.training.laerning_rate = 0.0: unknown key `laerning_rate` in training; did you",
        ),
        (
            "training.steps: {uniform: [1, 10]}",
            "11: search_space.training.steps = 1.0: training.steps must be an integer, not 1.0; write 1",
        ),
        (
            "loss: {choice: [hinge, hing]}",
            '11: search_space.loss = "hing": unknown loss `hing`; did you mean',
        ),
        (
            "loss: {choice: [hinge, least_squares]}\n  loss.real: {uniform: [1, 2], when: {loss: hinge}}",
            "12: search_space.loss.real = 1.0: unknown key `real` in loss `hinge`",
        ),
        (
            "loss.weight: {uniform: [1, 2]}",
            "11: search_space.loss.weight = 1.0: unknown key `weight` in loss",
        ),
        (
            "training.packing: {choice: [2, 3]}",
            "11: search_space.training.packing = 3: training.packing must divide `batch_size`, which is 64",
        ),
        (
            "penalties: {choice: {none: [], r1: [r1]}}\n"
            "  penalties.0.weight: {uniform: [0, 1], when: {penalties: r1}}",
            "12: search_space.penalties.0.weight = 0.0: penalties.0.weight must be greater than 0, not 0.0",
        ),
        (
            "evaluation.protocol: {choice: {a: 1, b: c}}",
            "11: search_space.evaluation.protocol = 1: evaluation.",
        ),
        (
            "training: {choice: {a: 1, b: {steps: 5}}}",
            "11: search_space.training = 1: training must be a mapping",
        ),
    ],
)
def test_an_impossible_point_is_found_before_it_is_drawn(loads: Loads, space: str, problem: str) -> None:
    loaded = loads(f"search_space:\n  {space}\n")
    with pytest.raises(ConfigError) as caught:
        check_space(loaded, "base")
    assert str(caught.value).split("\n")[0].startswith(f"x.yaml:{problem}")


def test_every_label_of_a_condition_is_tried(loads: Loads) -> None:
    text = """\
search_space:
  penalties: {choice: {none: [], one: [r1], other: [{name: centred, target: 1}]}}
  penalties.0.weight: {uniform: [1, 2], when: {penalties: [one, other]}}
"""
    with pytest.raises(ConfigError, match=r"weight = 1\.0: unknown key `weight` in penalties\.0 `centred`"):
        check_space(loads(text), "base")
    check_space(loads(text.replace("[one, other]", "[one]")), "base")


def test_no_more_than_five_mistakes_are_told(loads: Loads) -> None:
    entries = "".join(f"  training.none{index}: {{uniform: [0, 1]}}\n" for index in range(7))
    with pytest.raises(ConfigError) as caught:
        check_space(loads(f"search_space:\n{entries}"), "base")
    lines = str(caught.value).split("\n")
    assert len(lines) == 6
    assert lines[-1].startswith("... and ")


def test_options_that_a_condition_brings_are_there_when_a_choice_is_tried(loads: Loads) -> None:
    text = """\
search_space:
  penalties: {choice: {none: [], centred: [centred]}}
  penalties.0.target: {uniform: [1, 2], when: {penalties: centred}}
"""
    check_space(loads(text), "base")


# Refusals


REFUSED = [
    ("seeds: {choice: [1, 2]}", "11: `seeds` cannot be searched: it is of the whole experiment"),
    (
        "name: rates",
        "11: `name` cannot be searched: it is of the whole experiment; a preset is named by `preset`",
    ),
    ("search.trials: {int_uniform: [1, 2]}", "11: `search` cannot be searched"),
    ("training..ema: {uniform: [0, 1]}", "11: `training..ema` is not a key"),
    (
        "loss: hinge",
        "11: search_space.loss must say how it is searched, as in `training.learning_rate: {log_",
    ),
    ("loss:", "11: search_space.loss must say how it is searched"),
    ("loss: [hinge, least_squares]", "11: search_space.loss must say how it is searched"),
    ("loss: {choise: [a, b]}", "11: unknown key `choise` in search_space.loss; did you mean `choice`?"),
    ("loss: {}", "11: search_space.loss must have exactly one of uniform, log_uniform, int_uniform, "),
    ("loss: {uniform: [0, 1], choice: [a, b]}", "11: search_space.loss must have exactly one of uniform"),
    (
        "training:\n    ema: {uniform: [0, 1]}",
        "12: unknown key `ema` in search_space.training; write the key with dots, as in `training.learning_",
    ),
    (
        "training.ema: {uniform: [0.5, 0.5]}",
        "11: search_space.training.ema.uniform must be [lowest, highest], ",
    ),
    (
        "training.ema: {uniform: [0.5, 0.25]}",
        "11: search_space.training.ema.uniform must be [lowest, highest]",
    ),
    (
        "training.ema: {uniform: 0.5}",
        "11: search_space.training.ema.uniform must be [lowest, highest], as in",
    ),
    (
        "training.ema: {uniform: [0, 0.5, 1]}",
        "11: search_space.training.ema.uniform must be [lowest, highest]",
    ),
    (
        "training.ema: {uniform: [0, .inf]}",
        "11: search_space.training.ema.uniform must be of finite numbers, not",
    ),
    (
        "training.ema: {uniform: [0, one]}",
        "11: search_space.training.ema.uniform must be of finite numbers, not",
    ),
    (
        "training.ema: {uniform: [0, true]}",
        "11: search_space.training.ema.uniform must be of finite numbers, not",
    ),
    (
        "training.ema: {uniform: [0, []]}",
        "11: search_space.training.ema.uniform must be of finite numbers, not a",
    ),
    (
        "training.ema: {log_uniform: [0, 1]}",
        "11: search_space.training.ema.log_uniform must be above 0, not 0.0",
    ),
    (
        "training.steps: {int_uniform: [1.0, 2]}",
        "11: search_space.training.steps.int_uniform must be of integers, not `1.0`; write 1",
    ),
    (
        "training.steps: {int_uniform: [1, 2.5]}",
        "11: search_space.training.steps.int_uniform must be of integers",
    ),
    (
        "training.steps: {log_int_uniform: [1, 9], step: 2}",
        "11: search_space.training.steps.step is for uniform and int_uniform, not for log_int_uniform",
    ),
    (
        "training.steps: {int_uniform: [1, 9], step: 0}",
        "11: search_space.training.steps.step must be above 0",
    ),
    (
        "training.steps: {int_uniform: [1, 10], step: 2}",
        "11: search_space.training.steps.step: 2 does not lead from 1 to 10; end the range at 9",
    ),
    (
        "training.ema: {uniform: [0, 1], step: 1e-300}",
        "11: search_space.training.ema.step must be larger than",
    ),
    (
        f"training.ema: {{uniform: [0, 1{'0' * 400}]}}",
        "11: search_space.training.ema.uniform must be of finite",
    ),
    (
        "training.ema: {uniform: [0, 0.5], step: 0.75}",
        "11: search_space.training.ema.step: 0.75 does not lead from 0.0 to 0.5; make it smaller",
    ),
    (
        "loss: {choice: [hinge]}",
        "11: search_space.loss.choice must be a list of values or a mapping from label",
    ),
    (
        "loss: {choice: hinge}",
        "11: search_space.loss.choice must be a list of values or a mapping from label",
    ),
    (
        "loss: {choice: {name: least_squares, real: 2}}",
        "11: search_space.loss.choice is one part; write a list",
    ),
    ("loss: {choice: [hinge, name]}", "11: `name` in search_space.loss.choice cannot be a label; give all"),
    (
        "loss: {choice: [hinge, hinge]}",
        "11: search_space.loss.choice has `hinge` for the second time; give all",
    ),
    (
        "loss: {choice: [{name: hinge, flip: true}, hinge]}",
        "11: search_space.loss.choice has `hinge` for the second time",
    ),
    ("training.ema: {choice: [1, '1']}", "11: search_space.training.ema.choice has `1` for the second time"),
    (
        "network.widths: {choice: [[1], [2]]}",
        "11: a value of search_space.network.widths.choice has no name; give",
    ),
]

REFUSED_TOGETHER = [
    (
        "training.ema: {uniform: [0, 1], when: {los: hinge}}\n  loss: {choice: [hinge, least_squares]}",
        "11: search_space.training.ema.when: `los` is not searched; did you mean `loss`?",
    ),
    (
        "training.ema: {uniform: [0, 1], when: {loss: hing}}\n  loss: {choice: [hinge, least_squares]}",
        "11: search_space.training.ema.when: `loss` has no choice `hing`; did you mean `hinge`?",
    ),
    (
        "training.ema: {uniform: [0, 1], when: {training.steps: 1}}\n  training.steps: {int_uniform: [1, 2]}",
        "11: search_space.training.ema.when: `training.steps` is no choice; no other key is a choice",
    ),
    (
        "training.ema: {uniform: [0, 1], when: loss}",
        "11: search_space.training.ema.when must name another choice",
    ),
    (
        "training.ema: {uniform: [0, 1], when: {loss: []}}",
        "11: search_space.training.ema.when must name another",
    ),
    (
        "loss: {choice: [hinge, least_squares], when: {network: mlp}}\n"
        "  network: {choice: [mlp, maxout], when: {loss: hinge}}",
        "11: search_space has conditions that go round in a circle: `loss`, `network`",
    ),
    (
        "loss: {choice: [hinge, least_squares], when: {loss: hinge}}",
        "11: search_space has conditions that go round in a circle: `loss`",
    ),
    (
        "loss: {choice: [hinge, least_squares]}\n  loss.real: {uniform: [0, 1]}",
        "12: search_space.loss.real is inside search_space.loss; say with which choice it is there: when: {l",
    ),
    (
        "training: {choice: {a: {ema: 0}, b: {}}}\n  training.ema: {uniform: [0, 1]}",
        "12: search_space.training.ema is inside search_space.training; say with which choice it is there",
    ),
    (
        "loss: {choice: [hinge, least_squares]}\n"
        "  network: {choice: [mlp, maxout], when: {loss: hinge}}\n"
        "  training.ema: {uniform: [0, 1], when: {network: mlp, loss: least_squares}}",
        "13: search_space.training.ema is never searched: its conditions leave no choice of `loss`",
    ),
]


@pytest.mark.parametrize(("entry", "message"), REFUSED + REFUSED_TOGETHER)
def test_one_mistake_one_line(loads: Loads, entry: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loads(f"search_space:\n  {entry}\n").space("base")
    assert str(caught.value).startswith(f"x.yaml:{message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("entry", [entry for entry, _ in REFUSED])
def test_what_is_wrong_by_itself_is_found_when_the_file_is_read(loads: Loads, entry: str) -> None:
    with pytest.raises(ConfigError):
        loads(f"search_space:\n  {entry}\n")


NOT_SAID = (
    *(
        "[0.5, 0.5]",
        "[0.5, 0.25]",
        ".inf",
        "00000",
        "step: 2",
        "step: 0.75",
        "1e-300",
        "[hinge, name]",
        "hinge, hinge",
    ),
    *("'1'", "flip: true}, hinge", "[[1], [2]]", "training..ema", "1.0, 2"),
)


@pytest.mark.parametrize("entry", [e for e, _ in REFUSED if not any(part in e for part in NOT_SAID)])
def test_the_schema_refuses_what_shape_tells(entry: str) -> None:
    assert not accepts(f"{GOOD}search_space:\n  {entry}\n")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("search_space: ratse", "10: unknown search space `ratse`; did you mean `rates`?"),
        ("search_space: {preset: ratse}", "10: unknown search space `ratse`; did you mean `rates`?"),
        ("search_space: {preset: 3}", "10: search_space.preset must be the name of a preset"),
        ("search_space: 3", "10: search_space must be the name of a preset, or a mapping"),
        ("search_space: [a]", "10: search_space must be the name of a preset, or a mapping"),
        ("serach_space: rates", "10: unknown key `serach_space`; did you mean `search_space`?"),
        ("variants: {a: {search_space: rates}}", "10: `search_space` cannot be inside a variant"),
        ("variants: {a: {search.trials: 3}}", "10: `search` cannot be inside a variant"),
        ("matrix: {search_space: [rates, wrong]}", "10: `search_space` cannot be an axis"),
    ],
)
def test_what_the_whole_cannot_be(loads: Loads, written: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loads(written + "\n")
    assert str(caught.value).startswith(f"x.yaml:{problem}")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (
            "",
            "x.yaml: there is no search_space; add one, as in `search_space: {training.learning_rate: {log_",
        ),
        ("search_space: {}\n", "x.yaml: there is no search_space; add one"),
        (
            "search_space: infinite\n",
            "x.yaml:10: search space `infinite`: training.ema.uniform.1 must be a finite number, not inf",
        ),
        ("search_space: wrong\n", "x.yaml:10: search space `wrong`: search_space.training.ema must say how"),
        (
            "search_space:\n  preset: rates\n  network.width.0:\n",
            "x.yaml:12: preset `rates` has no `network.width.0` to leave out; did you mean `network.widths.0",
        ),
        (
            "search_space: {preset: rates, training.learning_rate: , network.widths.0: }\n",
            "x.yaml:10: there is no search_space; add one",
        ),
    ],
)
def test_what_cannot_be_searched(loads: Loads, written: str, problem: str) -> None:
    loaded = loads(written)
    with pytest.raises(ConfigError) as caught:
        loaded.space("base")
    assert str(caught.value).startswith(problem)


def test_a_preset_of_the_users_own(loads: Loads, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("own_spaces")
    module.rates, module.broken = rates, broken  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "own_spaces", module)
    assert loads("search_space: own_spaces:rates\n").space("base").parameters[0].log
    with pytest.raises(ConfigError, match=r"^x\.yaml:10: search space `own_spaces:broken` cannot be used: "):
        loads("search_space: own_spaces:broken\n").space("base")


def test_without_a_table_of_presets_there_are_none(loads: Loads) -> None:
    loads("search_space: rates\n")
    with pytest.raises(ConfigError, match="no presets are known"):
        load("x.yaml").space("base")


def test_a_variant_that_is_not_there(loads: Loads) -> None:
    loaded = loads("search_space: rates\nvariants: {hinge: {}}\n")
    for wrong_name in (lambda: loaded.space("hing"), lambda: loaded.changed("hing", {})):
        with pytest.raises(ConfigError, match=r"x\.yaml: no variant `hing`; did you mean `hinge`\?"):
            wrong_name()


def test_a_point_of_another_space(loads: Loads) -> None:
    space = loads(EVERYTHING).space("base")
    with pytest.raises(ConfigError, match=r"`los` is not in the search space; did you mean `loss`\?"):
        space.changes({"los": "hinge"})
    with pytest.raises(ConfigError, match=r"search_space\.loss has no choice `hing`; did you mean `hinge`?"):
        space.changes({"loss": "hing"})


# The command line


def test_the_command_line_names_a_space_and_changes_its_entries(loads: Loads) -> None:
    named = loads("", "search_space=rates", "search_space.training.learning_rate={uniform: [0, 1]}")
    assert named.space("base").parameters[0] == Parameter("training.learning_rate", "float", 0.0, 1.0)
    assert named.space("base").parameters[1].key == "network.widths.0"
    narrowed = loads(EVERYTHING, "search_space.training.betas.0={uniform: [0, 0.5]}").space("base")
    assert Parameter("training.betas.0", "float", 0.0, 0.5) in narrowed.parameters
    assert len(narrowed.parameters) == 9
    alone = loads(EVERYTHING, "search_space={training.ema: {uniform: [0, 0.5]}}", "search.trials=3")
    assert [one.key for one in alone.space("base").parameters] == ["training.ema"]
    assert alone.experiment.search.trials == 3
    for loaded in (named, alone):
        again = load_text(to_yaml(loaded.experiment), "again", WITH_SPACES)
        assert again.space("base") == loaded.space("base")
        assert again.cells == loaded.cells
    with pytest.raises(ConfigError, match=r"^override `search_space\.loss=hinge`: search_space\.loss must"):
        loads("", "search_space.loss=hinge")


@pytest.mark.parametrize("override", ["loss=least_squares", "loss.flip=true", "training={batch_size: 8}"])
def test_what_is_searched_cannot_be_overridden(loads: Loads, override: str) -> None:
    text = EVERYTHING.replace("  loss.real", "  evaluation.every: {int_uniform: [1, 2]}\n  #")
    loaded = loads(text, override if "flip" not in override else "loss=least_squares", override)
    with pytest.raises(ConfigError, match=r"^override `.*`: `\S+` is searched, which would undo this; leave"):
        loaded.space("base")


def test_all_else_can_be_overridden(loads: Loads) -> None:
    loaded = loads(EVERYTHING, "training.steps=5", "network=maxout", "seeds=7,")
    assert {cell.training.steps for cell in loaded.cells} == {5}
    check_space(loaded, "base")
    assert loaded.changed("base", {"training.ema": 0}).network.name == "maxout"

"""From file and command line to cells: what they are, and what is said when they cannot be."""

import sys
from pathlib import Path
from types import ModuleType

import pytest
from config_examples import GOOD, TABLES, Load
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.config import Part, load, load_cell, to_yaml
from harness.errors import ConfigError

VARIANTS = (
    GOOD
    + """\
variants:
  plain: {}
  fast: {training: {learning_rate: 1e-3}}
  maxout:
    network: maxout
    network.latent.size: 64
    penalties: []
"""
)


def refusal(loaded: Load, *arguments: object, **options: object) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(*arguments, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_a_file_without_variants_has_one(loaded: Load) -> None:
    result = loaded()
    assert [(cell.experiment, cell.variant, cell.seed) for cell in result.cells] == [
        ("baseline", "base", 0),
        ("baseline", "base", 1),
    ]
    assert result.path == Path("experiments/x.yaml")
    assert result.experiment.variants == {}
    cell = result.cells[0]
    assert cell.network.options == {"latent": {"size": 32, "distribution": "normal"}, "widths": [256, 256]}
    assert cell.penalties == (Part(name="r1", options={"weight": 10.0}),)
    assert (cell.training.steps, cell.training.learning_rate, cell.training.batch_size) == (6000, 2e-4, 64)
    assert [metric.name for metric in cell.evaluation.metrics][:2] == ["fid", "kid"]


def test_variants_are_the_cells_in_the_order_of_the_file(loaded: Load) -> None:
    result = loaded(text=VARIANTS)
    assert [(cell.variant, cell.seed) for cell in result.cells] == [
        (variant, seed) for variant in ("plain", "fast", "maxout") for seed in (0, 1)
    ]
    plain, fast, maxout = result.cells[::2]
    assert plain.config_hash == loaded().cells[0].config_hash
    assert fast.training.learning_rate == 1e-3
    assert fast.training.steps == 6000
    assert maxout.network.name == "maxout"
    assert maxout.network.options["latent"] == {"size": 64, "distribution": "normal"}
    assert maxout.penalties == ()


def test_an_override_holds_in_every_cell(loaded: Load) -> None:
    penalties = "penalties=r1,{name: centred, target: 1}"
    result = loaded(None, "training.learning_rate=5e-4", "seeds=7,", penalties, text=VARIANTS)
    assert {cell.training.learning_rate for cell in result.cells} == {5e-4}
    assert {cell.seed for cell in result.cells} == {7}
    assert {len(cell.penalties) for cell in result.cells} == {2}


def test_an_override_of_a_part_leaves_a_variant_its_refinements(loaded: Load) -> None:
    text = GOOD + "variants:\n  a: {network.latent.size: 8}\n  b: {network: mlp}\n"
    text += "  c: {network: {name: mlp, widths: [1]}}\n"
    cells = loaded({"[0, 1]": "[0]"}, "network.pieces=2", "network=maxout", text=text).cells
    assert {cell.network.name for cell in cells} == {"maxout"}
    assert {cell.network.options["pieces"] for cell in cells} == {2}
    assert [cell.network.options["latent"]["size"] for cell in cells] == [8, 100, 100]


def test_the_name_can_be_overridden(loaded: Load) -> None:
    result = loaded(None, "name=other")
    assert result.experiment.name == "other"
    assert {cell.experiment for cell in result.cells} == {"other"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"learning_rate": "laerning_rate"},
            "8: unknown key `laerning_rate` in training; did you mean `learning_rate`?",
        ),
        ({"loss: hinge": "lss: hinge\nloss: hinge"}, "4: unknown key `lss`; did you mean `loss`?"),
        ({"loss: hinge": "loss: hinge\nsteps: 5"}, "5: unknown key `steps`; did you mean `training.steps`?"),
        (
            {"network: mlp": "network: {name: mlp, size: 3}"},
            "3: unknown key `size` in network `mlp`; did you mean `latent.size`?",
        ),
        ({"loss: hinge": "loss: hinge\nreport: {}"}, "5: unknown key `report`; known: augmentations, "),
        ({"steps: 6000": "steps: -1"}, "7: training.steps must be at least 1, not -1"),
        ({"steps: 6000": "steps: many"}, '7: training.steps must be an integer, not "many"'),
        ({"steps: 6000": "steps: true"}, "7: training.steps must be an integer, not true"),
        ({"steps: 6000": "steps: 1e3"}, "7: training.steps must be an integer, not 1000.0; write 1000"),
        ({"steps: 6000": "steps:"}, "7: training.steps must be an integer, not null"),
        ({"  steps: 6000\n": ""}, "6: missing key `steps` in training"),
        ({"dataset: digits\n": ""}, "1: missing key `dataset`"),
        ({"2e-4": ".nan"}, "8: training.learning_rate must be a finite number, not NaN"),
        (
            {"2e-4": "0"},
            "8: training.learning_rate must be above 0, or `discriminator_learning_rate` be given: as it is,"
            " nothing learns",
        ),
        ({"2e-4": "fast"}, '8: training.learning_rate must be a number, not "fast"'),
        (
            {"2e-4": "2e-4\n  betas: [0.5]"},
            "9: training.betas is too short: item 1, counted from 0, is missing",
        ),
        ({"2e-4": "2e-4\n  betas: [0.5, 1]"}, "9: training.betas.1 must be less than 1, not 1"),
        ({"2e-4": "2e-4\n  packing: 3"}, "9: training.packing must divide `batch_size`, which is 64"),
        ({"2e-4": "2e-4\n  betas: [0, 0, 0]"}, "9: training.betas must have at most 2 items, not 3"),
        (
            {"2e-4": "2e-4\n  optimizer: sgd\n  final_momentum: 0.7"},
            "10: training.final_momentum needs momentum_steps beside it",
        ),
        (
            {"2e-4": "2e-4\n  optimizer: sgd\n  momentum_steps: 7"},
            "10: training.momentum_steps needs final_momentum beside it",
        ),
        (
            {"2e-4": "2e-4\n  final_momentum: 0.7\n  momentum_steps: 7"},
            "9: training.final_momentum is for the optimizer sgd only, not for adam",
        ),
        (
            {"2e-4": "2e-4\n  optimizer: Adam"},
            '9: training.optimizer must be one of `adam`, `sgd`, `rmsprop`, not "Adam"; did you mean `adam`?',
        ),
        (
            {"training:\n  steps: 6000\n  learning_rate: 2e-4": "training:"},
            "6: training must be a mapping, not null; write {}",
        ),
        ({"name: baseline": "name: 5"}, '1: name must be text, not 5; quote it: "5"'),
        ({"name: baseline": "name: a/b"}, "1: name must be letters, digits, `_`, `-` and single `.`"),
        ({"[0, 1]": "[]"}, "9: seeds must have at least 1 item, not 0"),
        ({"[0, 1]": "3"}, "9: seeds must be a list, not 3; write [3]"),
        ({"[0, 1]": "[0, 0]"}, "9: seeds.1 is 0 for the second time"),
        ({"[0, 1]": "\n  - 0\n  - -1"}, "11: seeds.1 must be at least 0, not -1"),
        ({"[0, 1]": "[0, 2147483648]"}, "9: seeds.1 must be less than 2147483648, not 2147483648"),
        ({"dataset: digits": "dataset: 5"}, "2: dataset must be a name, or a mapping with a `name`"),
        ({"network: mlp": "network: {widths: [3]}"}, "3: missing key `name` in network"),
        ({"network: mlp": "network: mpl"}, "3: unknown network `mpl`; did you mean `mlp`?"),
        (
            {"network: mlp": "network:\n  name: mlp\n  latnt: {size: 3}"},
            "5: unknown key `latnt` in network `mlp`; did you mean `latent`?",
        ),
        (
            {"network: mlp": "network:\n  name: mlp\n  latent:\n    sise: 3"},
            "6: unknown key `sise` in network.latent; did you mean `size`?",
        ),
        (
            {"network: mlp": "network:\n  name: mlp\n  latent:\n    size: 0"},
            "6: network.latent.size must be at least 1, not 0",
        ),
        (
            {"network: mlp": "network:\n  name: mlp\n  latent: 3"},
            "5: network.latent must be a mapping, not 3",
        ),
        (
            {"network: mlp": "network:\n  name: mlp\n  widths: [a]"},
            '5: network.widths.0 must be an integer, not "a"',
        ),
        (
            {"network: mlp": "network:\n  name: mlp\n  deep:\n    a: [1, .inf]"},
            "6: network.deep.a.1 must be a finite number, not inf",
        ),
        (
            {"network: mlp": "network: {name: maxout, scale: [1]}"},
            "3: network.scale must be a number or text, not [1]",
        ),
        (
            {"loss: hinge": "loss: {name: hinge, flip: 1}"},
            "4: unknown key `flip` in loss `hinge`; it takes no options",
        ),
        (
            {"loss: hinge": "loss: {name: least_squares, flip: yes}"},
            '4: loss.flip must be true or false, not "yes"; write true',
        ),
        ({"[r1]": "r1"}, '5: penalties must be a list, not "r1"; write [r1]'),
        ({"[r1]": "[r1, centred]"}, "5: missing key `target` in penalties.1 `centred`"),
        ({"[r1]": "\n  - r1\n  - name: centered"}, "7: unknown penalty `centered`; did you mean `centred`?"),
        ({"hinge": "os:nothing"}, "4: cannot import loss `os:nothing`: "),
        ({"hinge": "os:sep"}, "4: loss `os:sep` cannot be used: "),
        ({"hinge": "':'"}, "4: loss `:` should be `package.module:Name`"),
        (
            {"seeds": "evaluation:\n  metrics: [fid, kid, fid]\nseeds"},
            "10: evaluation.metrics.2 is `fid` for the second time",
        ),
        (
            {"seeds": "evaluation:\n  metrics:\n    - fid\n    - fdi\nseeds"},
            "12: unknown metric `fdi`; did you mean `fid`?",
        ),
        (
            {"seeds": "evaluation: {features: clasifier}\nseeds"},
            "9: unknown extractor `clasifier`; did you mean `classifier`?",
        ),
        ({"seeds": "evaluation:\n  every: 0\nseeds"}, "10: evaluation.every must be at least 1, not 0"),
        ({"seeds": "variants: [a]\nseeds"}, '9: variants must be a mapping, not ["a"]'),
        ({"seeds": "variants:\n  a:\nseeds"}, "10: variants.a must be a mapping, not null; write {}"),
        ({"seeds": "variants:\n  a/b: {}\nseeds"}, "10: the name `a/b` in variants must be letters"),
        ({"seeds": "variants:\n  a:\n    seeds: [1]\nseeds"}, "11: `seeds` cannot be inside a variant"),
        ({"seeds": "variants:\n  a: {name: b}\nseeds"}, "10: `name` cannot be inside a variant"),
        ({"seeds": "variants:\n  a: {variants.b: {}}\nseeds"}, "10: `variants` cannot be inside a variant"),
        (
            {"seeds": "variants:\n  a:\n    training:\n      stepz: 3\nseeds"},
            "12: unknown key `stepz` in training; did you mean `steps`?",
        ),
        (
            {"seeds": "variants:\n  a: {training.steps: 0}\nseeds"},
            "10: training.steps must be at least 1, not 0",
        ),
        (
            {"seeds": "variants:\n  a: {network: mpl}\nseeds"},
            "10: unknown network `mpl`; did you mean `mlp`?",
        ),
        ({"seeds": "variants:\n  a: {lss: hinge}\nseeds"}, "10: unknown key `lss`; did you mean `loss`?"),
        ({"seeds": "variants:\n  a: {deep.x: .nan}\nseeds"}, "10: variants.a.deep.x must be a finite number"),
        ({"seeds": "variants:\n  a: {penalties.4.weight: 1}\nseeds"}, "10: no item 4: the list has 1"),
        ({"seeds": "variants:\n  a: {training..steps: 1}\nseeds"}, "10: `training..steps` is not a key"),
    ],
)
def test_one_mistake_one_line(loaded: Load, changes: dict[str, str], message: str) -> None:
    text = refusal(loaded, changes)
    assert text.startswith(f"experiments/x.yaml:{message}")
    assert "\n" not in text


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.steps=many", 'training.steps must be an integer, not "many"'),
        (
            "training.laerning_rate=1",
            "unknown key `laerning_rate` in training; did you mean `learning_rate`?",
        ),
        ("steps=5", "unknown key `steps`; did you mean `training.steps`?"),
        ("network=mpl", "unknown network `mpl`; did you mean `mlp`?"),
        ("network.latnt=3", "unknown key `latnt` in network `mlp`; did you mean `latent`?"),
        ("penalties.0.weight=0", "penalties.0.weight must be greater than 0, not 0"),
        ("dataset=folder", "missing key `root` in dataset `folder`"),
        ("seeds=0", "seeds must be a list, not 0; write [0]"),
    ],
)
def test_an_override_is_named_instead_of_a_line(loaded: Load, override: str, message: str) -> None:
    assert refusal(loaded, None, override) == f"override `{override}`: {message}"
    if not override.startswith(("steps", "seeds")):
        assert (
            refusal(loaded, None, override, text=GOOD + "variants: {a: {}, b: {}}")
            == f"override `{override}`: {message}"
        )


def test_several_mistakes_are_told_in_the_order_of_the_file(loaded: Load) -> None:
    text = refusal(loaded, {"steps": "stepz", "2e-4": "-1", "[0, 1]": "[]"})
    assert text.split("\n") == [
        "experiments/x.yaml:6: missing key `steps` in training",
        "experiments/x.yaml:7: unknown key `stepz` in training; did you mean `steps`?",
        "experiments/x.yaml:8: training.learning_rate must be at least 0, not -1",
        "experiments/x.yaml:9: seeds must have at least 1 item, not 0",
    ]


def test_no_more_than_five_mistakes_are_told(loaded: Load) -> None:
    lines = refusal(loaded, {"mlp": "{name: mlp, a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1}"}).split("\n")
    assert len(lines) == 6
    assert lines[-1] == "... and 2 more"


def test_a_mistake_of_the_base_is_told_once_for_all_variants(loaded: Load) -> None:
    assert refusal(loaded, {"mlp": "mpl"}, text=GOOD + "variants: {a: {}, b: {}}\n").count("\n") == 0


@pytest.mark.parametrize("text", ["just text", "[1]", "5", "~"])
def test_a_file_must_be_a_mapping(loaded: Load, text: str) -> None:
    assert refusal(loaded, text=text).startswith("experiments/x.yaml:1: an experiment file is a mapping")


def test_integers_are_numbers_but_only_exact_ones_are_integers(loaded: Load) -> None:
    cell = loaded({"2e-4": "1"}).cells[0]
    assert cell.training.learning_rate == 1.0
    one, two = (loaded({"[r1]": f"[{{name: r1, weight: {weight}}}]"}).cells[0] for weight in ("10", "10.0"))
    assert one.config_hash == two.config_hash == loaded().cells[0].config_hash


def test_without_tables_parts_are_taken_as_they_are(loaded: Load) -> None:
    loaded()
    cell = load("experiments/x.yaml", ["network=anything", "network.x=1"]).cells[0]
    assert cell.network == Part(name="anything", options={"x": 1})
    with pytest.raises(ValueError, match="networks"):
        load("experiments/x.yaml", (), {"networks": TABLES["network"]})


def test_a_module_of_the_users_own(loaded: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    def net(*, depth: int = 3) -> None: ...

    module = ModuleType("own_module")
    module.net = net  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "own_module", module)
    cell = loaded({"network: mlp": "network: {name: 'own_module:net'}"}).cells[0]
    assert cell.network == Part(name="own_module:net", options={"depth": 3})
    assert loaded(None, "network=own_module:net", "network.depth=5").cells[0].network.options == {"depth": 5}
    assert "unknown key `dpth` in network `own_module:net`; did you mean `depth`?" in refusal(
        loaded, None, "network=own_module:net", "network.dpth=5"
    )


def test_a_cell_is_written_and_read_back(loaded: Load) -> None:
    for cell in loaded(text=VARIANTS).cells:
        Path("config.yaml").write_text(to_yaml(cell), encoding="utf-8")
        assert load_cell("config.yaml") == cell
        assert load_cell("config.yaml").config_hash == cell.config_hash


OVERRIDES = [
    "training.steps=3",
    "training={steps: 4, ema: 0}",
    "training.learning_rate=1e-5",
    "network=maxout",
    "network=mlp",
    "network.latent.size=7",
    "network={name: mlp, widths: [9]}",
    "network.name=maxout",
    "penalties=[r1]",
    "penalties=[]",
    "penalties.0.weight=3",
    "loss=least_squares",
    "loss.real=2",
    "seeds=5,6",
    "name=other",
]
CHANGES = [
    "training.steps: 9",
    "training: {learning_rate: 3e-3}",
    "training: {steps: 8}",
    "network: maxout",
    "network: mlp",
    "network.latent.size: 5",
    "network: {latent: {size: 6}}",
    "network: {name: mlp, widths: [4]}",
    "network.name: mlp",
    "penalties: [r1, r1]",
    "penalties: [{name: r1, weight: 2}]",
    "penalties.0.weight: 4",
    "loss: least_squares",
    "loss: {name: least_squares, real: 3}",
    "loss.real: 4",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    st.lists(
        st.lists(st.sampled_from(CHANGES), max_size=3, unique_by=lambda line: line.split(":")[0]), max_size=3
    ),
    st.lists(st.sampled_from(OVERRIDES), max_size=3),
)
def test_the_resolved_experiment_gives_the_same_cells(
    loaded: Load, variants: list[list[str]], overrides: list[str]
) -> None:
    text = GOOD.replace("mlp", "{name: mlp, widths: [2]}")
    if variants:
        text += "variants:\n" + "".join(
            f"  v{i}: {{{', '.join(lines)}}}\n" for i, lines in enumerate(variants)
        )
    try:
        result = loaded(None, *overrides, text=text)
    except ConfigError:
        return  # some of these contradict each other
    again = loaded(text=to_yaml(result.experiment))
    assert again.experiment == result.experiment
    assert again.cells == result.cells
    if "training.steps=3" in overrides:
        assert {cell.training.steps for cell in result.cells} == {3}
    if overrides[-1:] == ["network=maxout"] and not any("network" in other for other in overrides[:-1]):
        assert {cell.network.name for cell in result.cells} == {"maxout"}

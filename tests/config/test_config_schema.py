"""The JSON Schema: valid itself, agrees with `load` on what it can express, and teaches."""

from collections.abc import Iterator
from typing import Any

import pytest
from config_examples import GOOD, TABLES, Load
from jsonschema import Draft202012Validator

from harness.config import experiment_schema, to_yaml
from harness.config.reading import parse
from harness.config.tree import plain

SCHEMA = experiment_schema(TABLES)
VALIDATOR = Draft202012Validator(SCHEMA)


def accepts(text: str, validator: Draft202012Validator = VALIDATOR) -> bool:
    node = parse(text)
    assert node is not None
    return validator.is_valid(plain(node))


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    for child in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from nodes(child)


def test_it_is_a_schema_whose_references_all_lead_somewhere() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for node in nodes(SCHEMA):
        if isinstance(reference := node.get("$ref"), str):
            assert reference.removeprefix("#/$defs/") in SCHEMA["$defs"], reference


def test_every_key_of_the_file_is_described() -> None:
    for properties in (
        SCHEMA["properties"],
        *(SCHEMA["$defs"][name]["properties"] for name in ("Training", "Evaluation")),
    ):
        assert all(field["description"] for field in properties.values())
    described = {
        option["title"]: option.get("description") for option in SCHEMA["$defs"]["network"]["anyOf"][1:3]
    }
    assert described == {"mlp": "A multilayer perceptron.", "maxout": "Maxout layers."}
    assert next(iter(SCHEMA["properties"])) == "name"


def test_option_models_of_one_name_do_not_meet() -> None:
    assert SCHEMA["$defs"]["network.mlp.Latent"]["properties"]["size"]["default"] == 32
    assert {"network.mlp.Latent", "network.maxout.Latent"} <= SCHEMA["$defs"].keys()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("network: mlp", "network: {name: mlp, latent: {size: 3}, widths: [1, 2]}"),
        ("network: mlp", "network: my.module:Net"),
        ("network: mlp", "network: {name: 'my.module:Net', depth: 3}"),
        ("dataset: digits", "dataset: {name: folder, root: /data}"),
        ("[r1]", "[]"),
        ("[r1]", "[r1, {name: centred, target: 1}]"),
        ("seeds", "evaluation: {features: classifier, metrics: [fid, {name: kid}], every: 3}\nseeds"),
        ("seeds", "variants: {a: {}, b: {loss: hinge, training.steps: 3}, c: {training: {ema: 0}}}\nseeds"),
        ("seeds", "variants: {a: {network: {latent: {size: 3}}}, b: {network.latent.size: 3}}\nseeds"),
        ("seeds", "variants: {a: {evaluation: {features: classifier, num_samples: 3}}}\nseeds"),
    ],
)
def test_good_files(old: str, new: str, loaded: Load) -> None:
    text = GOOD.replace(old, new)
    assert accepts(text)
    if "my.module" not in text:
        result = loaded(text=text)
        assert accepts(to_yaml(result.experiment))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: baseline", "nmae: baseline"),
        ("name: baseline", "name: a/b"),
        ("dataset: digits\n", ""),
        ("dataset: digits", "dataset: folder"),  # has an option without default
        ("dataset: digits", "dataset: {name: folder}"),
        ("network: mlp", "network: mpl"),
        ("network: mlp", "network: {name: mpl}"),
        ("network: mlp", "network: {name: mlp, latnt: {size: 3}}"),
        ("network: mlp", "network: {name: mlp, latent: {sise: 3}}"),
        ("network: mlp", "network: {name: mlp, latent: {size: 0}}"),
        ("network: mlp", "network: {name: mlp, pieces: 3}"),
        ("network: mlp", "network: {latent: {size: 3}}"),
        ("[r1]", "r1"),
        ("[r1]", "[r2]"),
        ("steps: 6000", "steps: 0"),
        ("steps: 6000", "steps: many"),
        ("learning_rate", "laerning_rate"),
        ("[0, 1]", "[]"),
        ("[0, 1]", "[-1]"),
        ("seeds", "evaluation: {metrics: [fdi]}\nseeds"),
        ("seeds", "evaluation: {features: clasifier}\nseeds"),
        ("seeds", "report: {}\nseeds"),
        ("seeds", "variants: {a/b: {}}\nseeds"),
        ("seeds", "variants: {a: {seeds: [1]}}\nseeds"),
        ("seeds", "variants: {a: {name: b}}\nseeds"),
        ("seeds", "variants: {a: {lss: hinge}}\nseeds"),
        ("seeds", "variants: {a: {loss: hing}}\nseeds"),
        ("seeds", "variants: {a: {training: {stepz: 3}}}\nseeds"),
        ("seeds", "variants: {a: {evaluation: {features: clasifier}}}\nseeds"),
        ("seeds", "variants: {a: }\nseeds"),
    ],
)
def test_bad_files(old: str, new: str) -> None:
    assert old in GOOD
    assert not accepts(GOOD.replace(old, new))


def test_without_tables_any_part_will_do() -> None:
    schema = experiment_schema({})
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert accepts(GOOD.replace("mlp", "{name: anything, x: 1}"), validator)
    assert not accepts(GOOD.replace("mlp", "{x: 1}"), validator)
    assert not accepts(GOOD.replace("steps:", "stepz:"), validator)

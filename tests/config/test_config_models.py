"""The models by themselves: what they accept, how they are hashed, flattened and written."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from harness.config import Cell, Evaluation, Experiment, Part, Search, Training, plain_yaml, to_yaml
from harness.config.models import Setup
from harness.config.reading import parse
from harness.config.tree import plain


def cell(**changes: Any) -> Cell:
    fields: dict[str, Any] = {
        "experiment": "x",
        "variant": "base",
        "seed": 0,
        "dataset": Part(name="digits"),
        "network": Part(name="mlp", options={"latent": {"size": 32}, "widths": [256, 256], "empty": {}}),
        "loss": Part(name="hinge"),
        "penalties": (Part(name="r1", options={"weight": 0.1}),),
        "training": Training(steps=10),
    }
    return Cell(**{**fields, **changes})


@pytest.mark.parametrize("model", [Part, Training, Evaluation, Search, Setup, Experiment, Cell])
def test_every_field_teaches(model: type[BaseModel]) -> None:
    assert model.model_config["frozen"]
    assert all(field.description for field in model.model_fields.values())


def test_a_part_is_a_name_or_a_flat_mapping() -> None:
    assert Part.model_validate_json('"mlp"') == Part(name="mlp")
    flat = Part.model_validate_json('{"name": "mlp", "latent": {"size": 3}}')
    assert flat == Part(name="mlp", options={"latent": {"size": 3}})
    assert flat.model_dump() == {"name": "mlp", "latent": {"size": 3}}
    # `options` is no key of the file: it would be an option of that name.
    assert Part.model_validate_json('{"name": "mlp", "options": {}}').options == {"options": {}}


@pytest.mark.parametrize(
    "text",
    ["5", "null", "[]", "{}", '""', '{"name": 5}', '{"latent": 3}', '{"name": "x", "a": {"b": [NaN]}}'],
)
def test_what_is_no_part(text: str) -> None:
    with pytest.raises(ValidationError):
        Part.model_validate_json(text)


def test_options_are_plain_data() -> None:
    with pytest.raises(ValidationError, match="plain data"):
        Part(name="x", options={"a": object()})
    with pytest.raises(ValidationError, match="not text"):
        Part(name="x", options={"a": {1: 2}})


@pytest.mark.parametrize("name", ["a", "A-1_b.c", "0", "_x", "x" * 80])
def test_safe_names(name: str) -> None:
    assert cell(experiment=name).experiment == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".a", "-a", "a..b", "a/b", "a b", "a\n", "é", "x" * 81, "a.", "a\\b"]
)
def test_unsafe_names(name: str) -> None:
    with pytest.raises(ValidationError):
        cell(experiment=name)


def test_the_hash_is_of_what_decides_the_result() -> None:
    same = cell()
    for changes in ({"experiment": "y"}, {"variant": "v"}, {"seed": 7}):
        assert cell(**changes).config_hash == same.config_hash
    assert cell(training=Training(steps=10, log_every=1, checkpoint_every=7)).config_hash == same.config_hash
    others = [
        cell(training=Training(steps=11)),
        cell(training=Training(steps=10, learning_rate_decay=0.5)),
        cell(training=Training(steps=10, simultaneous=True)),
        cell(penalties=()),
        cell(loss=Part(name="wasserstein")),
        cell(evaluation=Evaluation(num_samples=5)),
        cell(dataset=Part(name="digits", options={"a": 1})),
    ]
    assert len({other.config_hash for other in [*others, same]}) == len(others) + 1
    assert len(same.config_hash) == 64


def test_the_hash_ignores_the_order_of_options() -> None:
    one, two = ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1})
    assert (
        cell(loss=Part(name="x", options=one)).config_hash
        == cell(loss=Part(name="x", options=two)).config_hash
    )


def test_the_hash_stays_what_it_was() -> None:
    # Results are found again by it: a new field with a default must not slip in unnoticed.
    assert cell().config_hash == "dd6a315ff86a054ea0ea3327fa30a3aeeee19d9810b524a3becdf6dccdabe19e"


def test_flat() -> None:
    flat = cell().flat()
    assert flat["network.name"] == "mlp"
    assert flat["network.latent.size"] == 32
    assert flat["network.widths"] == "[256, 256]"
    assert flat["network.empty"] == "{}"
    assert flat["penalties.0.name"] == "r1"
    assert flat["penalties.0.weight"] == 0.1
    assert flat["training.discriminator_learning_rate"] is None
    assert flat["training.betas"] == "[0.5, 0.999]"
    assert flat["evaluation.metrics.4.name"] == "criterion"
    assert (flat["experiment"], flat["variant"], flat["seed"]) == ("x", "base", 0)
    assert cell(penalties=()).flat()["penalties"] == "[]"
    assert all(value is None or isinstance(value, str | int | float) for value in flat.values())


def test_yaml_of_a_cell_reads_well_and_back() -> None:
    text = to_yaml(cell())
    assert text.startswith("experiment: x\nvariant: base\nseed: 0\ndataset: digits\nnetwork:\n  name: mlp\n")
    assert "  widths: [256, 256]\n" in text
    assert "loss: hinge\n" in text
    node = parse(text)
    assert node is not None
    assert Cell.model_validate_json(json.dumps(plain(node))) == cell()


words = st.text(max_size=12) | st.sampled_from(
    ["no", "1e-4", "1", "null", "<<", "2024-01-01", ".5", "=", "~", "0x1"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
parts = st.builds(
    lambda name, options: Part(name=name, options=options),
    words.filter(bool),
    st.dictionaries(words.filter(lambda key: key != "name"), values, max_size=3),
)


@given(
    st.builds(
        Experiment,
        name=st.from_regex(r"\A[A-Za-z0-9_](\.?[A-Za-z0-9_-]){0,20}\Z"),
        description=words,
        dataset=parts,
        network=parts,
        loss=parts,
        penalties=st.lists(parts, max_size=2).map(tuple),
        training=st.builds(Training, steps=st.integers(1), learning_rate=st.floats(1e-9, 1e9)),
        evaluation=st.builds(Evaluation, num_samples=st.integers(2), features=parts),
        search_space=words | st.dictionaries(words, values, max_size=3),
        search=st.builds(Search, objective=st.sampled_from([("fid",), ("fid", "1")]), sampler=parts),
        seeds=st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=20, unique=True).map(tuple),
        variants=st.dictionaries(
            st.sampled_from(["a", "b.c", "1", "no"]), st.dictionaries(words, values, max_size=2)
        ),
    )
)
def test_yaml_of_an_experiment_reads_back_equal(experiment: Experiment) -> None:
    node = parse(to_yaml(experiment))
    assert node is not None
    assert Experiment.model_validate_json(json.dumps(plain(node))) == experiment


def test_yaml_of_plain_data_quotes_what_a_reader_would_not_take_for_text() -> None:
    data = {"a": "1e-4", "b": 1e-4, "c": {"name": "mlp"}, "d": ["no", 2]}
    assert plain_yaml(data) == "a: '1e-4'\nb: 0.0001\nc:\n  name: mlp\nd: ['no', 2]\n"


@given(st.dictionaries(words, values, max_size=4))
def test_yaml_of_plain_data_reads_back_equal(data: dict[str, Any]) -> None:
    node = parse(plain_yaml(data))
    assert node is not None
    assert plain(node) == data


def test_importing_the_configuration_is_light() -> None:
    heavy = {"torch", "mlflow", "numpy", "pandas"}
    code = f"import sys, harness.config; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

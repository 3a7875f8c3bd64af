"""A protocol named in an experiment decides what it decides, and nothing else may."""

from pathlib import Path

import pytest
from config_examples import GOOD
from config_examples import TABLES as WITHOUT

from harness.config import Loaded, NamedProtocol, Part, load, load_cell, to_yaml
from harness.errors import ConfigError
from harness.registry import Registry


def ours() -> NamedProtocol:
    """The one there is."""
    return NamedProtocol(name="ours", version=1, features=Part(name="classifier"), batch_size=7)


TABLES = {**WITHOUT, "evaluation.protocol": Registry("protocol", "harness.protocols", ours=ours)}


def loaded(tmp_path: Path, evaluation: str, ending: str = "") -> Loaded:
    file = tmp_path / "x.yaml"
    file.write_text(f"{GOOD}evaluation: {evaluation}\n{ending}")
    return load(file, (), TABLES)


def test_it_decides_extractor_and_batch_size(tmp_path: Path) -> None:
    evaluation = loaded(tmp_path, "{protocol: ours}").cells[0].evaluation
    assert (evaluation.protocol, evaluation.features.name, evaluation.batch_size) == ("ours", "classifier", 7)


def test_what_it_decides_is_hashed_and_what_it_is_called_is_not(tmp_path: Path) -> None:
    named = loaded(tmp_path, "{protocol: ours}").cells[0]
    spelt_out = loaded(tmp_path, "{features: classifier, batch_size: 7}").cells[0]
    default = loaded(tmp_path, "{num_samples: 10000}").cells[0]
    assert named.config_hash == spelt_out.config_hash != default.config_hash


@pytest.mark.parametrize(("key", "value"), [("features", "classifier"), ("batch_size", "7")])
def test_deciding_twice_is_refused_with_the_line(key: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"x\.yaml:\d+: evaluation\.{key} is decided by protocol `ours`"):
        loaded(tmp_path, f"{{protocol: ours, {key}: {value}}}")


def test_an_unknown_one_is_refused_with_the_line_and_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"x\.yaml:\d+: unknown protocol `our`; did you mean `ours`"):
        loaded(tmp_path, "{protocol: our}")


def test_a_variant_may_have_one_of_its_own(tmp_path: Path) -> None:
    found = loaded(tmp_path, "{num_samples: 10}", "variants: {a: {}, b: {evaluation.protocol: ours}}\n")
    assert [cell.evaluation.batch_size for cell in found.cells] == [500, 500, 7, 7]


def test_experiment_and_cell_are_written_and_read_back(tmp_path: Path) -> None:
    first = loaded(tmp_path, "{protocol: ours}")
    again = tmp_path / "again.yaml"
    again.write_text(to_yaml(first.experiment))
    assert load(again, (), TABLES).cells == first.cells
    again.write_text(to_yaml(first.cells[0]))
    assert load_cell(again) == first.cells[0]

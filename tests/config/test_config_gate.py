"""The section `gate` of an experiment: what may stand there, and that it changes no training."""

from pathlib import Path

import pytest

from harness.config import load
from harness.errors import ConfigError

TEXT = """\
name: x
dataset: digits
network: mlp
loss: hinge
training: {steps: 10}
seeds: [7, 1, 30]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "x.yaml"
    file.write_text(TEXT)
    return file


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("gate.margin=0%", "gate.margin must be a share above 0"),
        ("gate.margin=-0.1", "gate.margin must be a share above 0"),
        ("gate.margin=fifteen", 'such as "15%", or a number above 0'),
        ("gate.margin=true", "gate.margin must be a share above 0"),
        ("gate.looks=[5, 5]", "gate.looks.1 must be above the look before it"),
        ("gate.looks=[1, 5]", "gate.looks.0 must be at least 2, not 1"),
        ("gate.looks=[]", "gate.looks must have at least 1 item"),
        ("gate.metrik=kid", "did you mean `metric`?"),
    ],
)
def test_a_mistake_is_one_line(override: str, said: str, file: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load(file, [override])
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("written", "margin"), [("7.5%", "7.5%"), ("0.02", 0.02), ("3", 3.0)])
def test_a_margin_is_a_share_or_a_number(written: str, margin: str | float, file: Path) -> None:
    assert load(file, [f"gate.margin={written}"]).experiment.gate.margin == margin


def test_the_gate_takes_the_seeds_of_the_file_and_then_the_smallest_others(file: Path) -> None:
    assert load(file, ["gate.looks=[2, 6]"]).experiment.gate_seeds == (7, 1, 30, 0, 2, 3)
    assert load(file, ["gate.looks=[2]"]).experiment.gate_seeds == (7, 1)


def test_it_changes_no_training(file: Path) -> None:
    gated = load(file, ["gate={metric: kid, margin: 0.02, looks: [3]}"])
    assert [cell.config_hash for cell in gated.cells] == [cell.config_hash for cell in load(file).cells]


def test_it_is_of_no_variant(file: Path) -> None:
    file.write_text(TEXT + "variants: {a: {gate.margin: 5%}}\n")
    with pytest.raises(ConfigError, match="it is of the whole experiment"):
        load(file)

"""Figures belong to the experiment, diagnostics to each cell."""

from collections.abc import Callable
from pathlib import Path

import pytest
from config_examples import GOOD, TABLES
from jsonschema import Draft202012Validator

from harness.config import Loaded, experiment_schema, load, to_yaml
from harness.config.reading import parse
from harness.config.tree import plain
from harness.errors import ConfigError
from harness.registry import Registry


def curve(*, metric: str = "fid") -> None:
    """A curve."""


def gap() -> None:
    """A gap."""


WITH_BOTH = {
    **{place: TABLES[place] for place in ("dataset", "network", "loss", "penalties")},
    "evaluation.diagnostics": Registry("diagnostic", "harness.diagnostics", gap=gap),
    "figures": Registry("figure", "harness.figures", curve=curve),
}
VALIDATOR = Draft202012Validator(experiment_schema(WITH_BOTH))
Loads = Callable[..., Loaded]


@pytest.fixture
def loads(tmp_path: Path) -> Loads:
    def call(extra: str = "", *overrides: str) -> Loaded:
        file = tmp_path / "x.yaml"
        file.write_text(GOOD + extra)
        return load(file, overrides, WITH_BOTH)

    return call


def accepts(text: str) -> bool:
    node = parse(GOOD + text)
    assert node is not None
    return VALIDATOR.is_valid(plain(node))


def test_figures_are_completed_and_change_no_cell(loads: Loads) -> None:
    without, with_figures = loads(), loads("figures: [curve]\n")
    (figure,) = with_figures.experiment.figures
    assert (figure.name, figure.options) == ("curve", {"metric": "fid"})
    assert [cell.config_hash for cell in without.cells] == [cell.config_hash for cell in with_figures.cells]
    assert without.cells == with_figures.cells
    assert accepts("figures: [curve, {name: curve, metric: kid}]")


def test_figures_survive_being_written(loads: Loads, tmp_path: Path) -> None:
    loaded = loads("figures: [{name: curve, metric: kid}]\nvariants: {a: {}}\n")
    file = tmp_path / "again.yaml"
    file.write_text(to_yaml(loaded.experiment))
    assert load(file, (), WITH_BOTH).experiment.figures == loaded.experiment.figures
    assert loads("", "figures=[curve]").experiment.figures[0].name == "curve"


def test_diagnostics_decide_what_stands_in_the_results(loads: Loads) -> None:
    without, with_diagnostics = loads(), loads("evaluation: {diagnostics: [gap]}\n")
    assert without.cells[0].config_hash != with_diagnostics.cells[0].config_hash
    assert with_diagnostics.cells[0].evaluation.diagnostics[0].name == "gap"
    assert accepts("variants: {a: {evaluation: {diagnostics: [gap]}}}")


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ("figures: [cruve]\n", "x.yaml:10: unknown figure `cruve`; did you mean `curve`?"),
        ("figures: [{name: curve, metirc: x}]\n", "x.yaml:10: .*metirc.*metric"),
        ("figures: [curve, curve]\n", "x.yaml:10: .*is `curve` for the second time"),
        ("evaluation: {diagnostics: [gap, gap]}\n", "x.yaml:10: .*is `gap` for the second time"),
        ("evaluation: {diagnostics: [gpa]}\n", "x.yaml:10: unknown diagnostic `gpa`"),
        ("variants: {a: {figures: [curve]}}\n", "`figures` cannot be inside a variant"),
        ("variants: {a: {figures.0.metric: kid}}\n", "`figures` cannot be inside a variant"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(loads: Loads, extra: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        loads(extra)
    if "curve, curve" not in extra and "gap, gap" not in extra and "." not in extra:
        assert not accepts(extra)

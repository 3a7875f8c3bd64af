"""`harness ls`: what its tables say of networks, and that they say it whole at any width."""

import io

import pytest
from rich.console import Console

from harness.catalog import TABLES
from harness.commands.look import KINDS, SHAPES, list_entries, show, size_of
from harness.errors import ConfigError
from harness.networks import NETWORKS
from harness.options import describe


def printed(width: int, rows: dict[str, dict[str, object]]) -> list[str]:
    terminal = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    show(rows, terminal)
    assert isinstance(terminal.file, io.StringIO)
    return terminal.file.getvalue().splitlines()


def test_every_table_can_be_listed() -> None:
    assert sorted(KINDS.values()) == sorted(TABLES)


def test_dcgan_has_the_parameters_of_its_layers() -> None:
    generator = 101 * 128 * 49 + 2 * 128 + 128 * 64 * 16 + 2 * 64 + 64 * 16 + 1
    discriminator = (16 + 1) * 64 + 64 * 128 * 16 + 2 * 128 + 128 * 49 + 1
    assert size_of(NETWORKS["dcgan"]) == {
        "shape": (1, 28, 28), "generator_parameters": generator, "discriminator_parameters": discriminator
    }  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_counted_at_the_first_shape_that_it_draws(name: str) -> None:
    shape = size_of(NETWORKS[name])["shape"]
    for earlier in SHAPES[: SHAPES.index(shape)]:
        with pytest.raises(ConfigError):
            NETWORKS[name](earlier)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_terminal_cuts_the_summary_alone(width: int) -> None:
    rows = {name: {"summary": describe(NETWORKS[name])} | size_of(NETWORKS[name]) for name in NETWORKS}
    lines = printed(width, rows)
    assert all(len(line) <= width for line in lines)
    for line, (name, row) in zip(lines[1:], rows.items(), strict=False):
        counts = [f"{row[key]:,}" for key in ("generator_parameters", "discriminator_parameters")]
        shape = "×".join(map(str, row["shape"]))
        assert line.split()[:4] == [name, *counts, shape]
        summary = line.partition(shape)[2].strip().removesuffix("…")
        assert len(summary) > width - 50 or summary == row["summary"]
        assert row["summary"].startswith(summary)


def test_without_a_terminal_nothing_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    list_entries("networks", as_json=False)
    shown = capsys.readouterr().out
    for name in NETWORKS:
        assert describe(NETWORKS[name]) in shown

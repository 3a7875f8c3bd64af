"""Numbers are printed as far as they are known."""

import io

import pytest
from rich.console import Console

from harness.columns import Column
from harness.notes import number, plain
from harness.stats import Interval, mean_interval
from harness.table import Stand, _table


@pytest.mark.parametrize(
    ("mean", "half", "text"),
    [
        (8.7643, 0.2412, "8.76 ± 0.24"),
        (123.456, 12.34, "123 ± 12"),
        (0.01234, 0.00021, "0.01234 ± 0.00021"),
        (-1.3401, 0.129, "-1.34 ± 0.13"),
        (1.0, 0.0, "1.000 ± 0"),
        (9.96, 0.0996, "9.96 ± 0.10"),
        (1500.0, 250.0, "1500 ± 250"),
    ],
)
def test_an_interval_has_two_digits_of_half_width(mean: float, half: float, text: str) -> None:
    assert number(Interval(mean, 1.0, mean - half, mean + half, 3)) == text


def test_one_seed_has_no_interval() -> None:
    assert number(mean_interval([8.7643])) == "8.764"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (69.1163, "69.12"), (0.0432, "0.04320"), (-0.0495, "-0.04950"), (12345.6, "12346")],
)
def test_plain_numbers_have_four_digits(value: float, text: str) -> None:
    assert plain(value) == text


def test_no_title_is_markup_and_no_name_steers_the_terminal() -> None:
    columns = [Column("kid", "KID [/x]", "lower"), Column("fid", "FID [k=5]", "lower")]
    terminal = Console(file=io.StringIO(), width=100, color_system=None)
    terminal.print(
        _table(columns, [Stand("a[/b]\x1b[31m\u202e", "5", "100", {"kid": "1", "fid": "2"})], "images")
    )
    assert isinstance(terminal.file, io.StringIO)
    lines = [line.split() for line in terminal.file.getvalue().splitlines()]
    assert lines[0] == ["a[/b]\ufffd[31m\ufffd"]
    assert ["KID", "[/x]", "↓", "1"] in lines
    assert ["FID", "[k=5]", "↓", "2"] in lines

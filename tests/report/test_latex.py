"""The table for a paper. It takes no LaTeX to see that it is balanced and holds no foreign command."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured import measured, seeds

from harness.columns import Column
from harness.report.comparison import compared
from harness.report.latex import escaped, write_latex

GOOD, WORSE = [1.0, 1.2, 1.1, 1.3, 1.15], [2.0, 2.1, 2.3, 2.2, 2.05]


def latex(folder: Path, good: str = "good", name: str = "losses") -> str:
    runs = [replace(run, variant=good) for run in seeds("x", GOOD)] + seeds("base_line", WORSE)
    groups = compared(runs).groups
    write_latex(folder, groups, name, ["100 % of 10 images"])
    return (folder / "report.tex").read_text()


def body_of(text: str) -> str:
    """Without escaped characters and the comment at the top."""
    return re.sub(r"\\[\\{}&%$#_]", "", text.partition("\n")[2])


@pytest.mark.parametrize("good", ["good", r"\input{x} 50% a_b & $c$ #1 ~^ {", "[b", "*", "<s> | ±"])
def test_it_is_balanced_whatever_a_variant_is_called(tmp_path: Path, good: str) -> None:
    text = body_of(latex(tmp_path, good, name=good))
    depth = 0
    for letter in text:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        assert depth >= 0
    assert depth == 0
    assert text.count("$") % 2 == 0
    assert "%" not in text
    assert "#" not in text
    begun, ended = (re.findall(rf"\\{word}{{(\w+)}}", text) for word in ("begin", "end"))
    assert begun == ended[::-1] == ["table", "tabular"]
    rows = [line for line in text.splitlines() if "&" in line]
    assert {line.count("&") for line in rows} == {3}
    assert not any(re.match(r"\s*[\[*]", line) for line in rows)  # an option of the line break before


def test_it_says_what_the_page_says(tmp_path: Path) -> None:
    text = latex(tmp_path)
    assert r"good & 5 & $\mathbf{1.15 \pm 0.14}$ & $\mathbf{8.85 \pm 0.14}$ \\" in text
    assert r"base\_line & 5 & $2.13 \pm 0.15$ & $7.87 \pm 0.15$ \\" in text
    assert r"floor (500 images) &  & $0.5000$ & $6.500$ \\" in text
    assert r"FID $\downarrow$ & IS $\uparrow$ \\" in text
    assert r"losses: 100 \% of 10 images." in text
    assert "Bold: better than every other variant." in text


@given(st.text())
def test_no_text_leaves_a_character_with_a_meaning(text: str) -> None:
    commands = r"\\(?:text\w+|ensuremath|ldots|pm|times|infty|partial|downarrow|uparrow|circ)"
    rest = re.sub(rf"{commands}|\\[{{}}&%$#_]|[{{}}]|\^\\circ", "", escaped(text))
    assert not re.search(r"[\\&%$#_~<>|\"]", rest)


def test_many_metrics_stand_below_one_another_and_the_table_can_be_referred_to(tmp_path: Path) -> None:
    columns = tuple(Column(f"m{number}", f"M{number}", "lower") for number in range(6))
    values = {column.key: 1.0 for column in columns}
    runs = [measured("x", seed, values, columns=columns) for seed in range(2)]
    write_latex(tmp_path, compared(runs).groups, "A b_c: 1", ["said"])
    text = (tmp_path / "report.tex").read_text()
    assert text.count(r"\begin{tabular}{lrrrr}") == 2
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 1
    assert r"\label{tab:a-b-c-1}" in text

"""Text stays text, wherever it stands in Markdown."""

from html import escape, unescape
from unicodedata import bidirectional

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.pages import code, parser, plain_text

TURNS = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
"""Bidirectional classes of what changes the direction of the text around it (UAX 9, table 4)."""

MARKS = st.text(st.sampled_from("\\`*_[]()<>&#-+=~|!:;.0123 aéß\n\t\x00\"'{}$lt"), max_size=30)
TEXTS = st.text(max_size=40) | MARKS
READER = parser()


def one_line(text: str) -> str:
    """With a replacement for each control character, which is no text."""
    return "".join(
        "\ufffd" if ord(letter) < 32 or 127 <= ord(letter) < 160 or bidirectional(letter) in TURNS else letter
        for letter in " ".join(text.split())
    )


def escaped(text: str) -> str:
    return escape(one_line(text), quote=False).replace('"', "&quot;")


@given(TEXTS)
@example("# not a heading #")
@example("base\u202exyz\u2066\x1b[31m")
@example("1. no list")
@example("- - -")
@example("a **b** _c_ __d__ e_f g__h [x](y) ![x](y) <http://a.b> https://a.b `c` &lt; \\* ~~s~~ #")
@example("<script>alert(1)</script>")
def test_a_paragraph_is_the_text_and_nothing_else(text: str) -> None:
    shown = READER.render(plain_text(text))
    assert shown == (f"<p>{escaped(text)}</p>\n" if one_line(text) else "")


@given(TEXTS)
@example("#")
@example("a ##")
def test_so_is_a_heading_and_an_item(text: str) -> None:
    if one_line(text):
        assert READER.render(f"## {plain_text(text)}") == f"<h2>{escaped(text)}</h2>\n"
        assert READER.render(f"- {plain_text(text)}") == f"<ul>\n<li>{escaped(text)}</li>\n</ul>\n"
        assert READER.render(f"**{plain_text('x' + text + 'x')}**").startswith("<p><strong>x")


@given(TEXTS)
def test_and_a_cell_once_its_bars_are_escaped(text: str) -> None:
    cell = plain_text(text).replace("|", r"\|")
    shown = READER.render(f"| a | b |\n|---|---|\n| {cell} | 1 |\n")
    assert f"<tr>\n<td>{escaped(text)}</td>\n<td>1</td>\n</tr>" in shown


@given(TEXTS)
def test_and_the_words_of_an_image(text: str) -> None:
    image = READER.parse(f"![{plain_text(text)}](x.png)")[1].children
    assert image is not None
    assert len(image) == 1
    assert "".join(child.content for child in image[0].children or []) == one_line(text)


@given(TEXTS)
def test_code_holds_whatever_it_is_given(text: str) -> None:
    shown = READER.render(f"x {code(text)} x")
    words = f"<code>{escaped(text)}</code>" if one_line(text) else ""
    assert " ".join(unescape(shown).split()) == " ".join(f"<p>x {unescape(words)} x</p>".split())


@pytest.mark.parametrize(
    "text", ["non_saturating", "FID 1.047 ± 0.074 ↓", "gan/v1.2-rc3", "−log 4 = −1.3863", "p = 0.05 (5 %)"]
)
def test_ordinary_text_stays_as_readable_as_it_was(text: str) -> None:
    assert plain_text(text) == text


def test_half_a_character_does_not_break_the_file() -> None:
    assert plain_text("run-\udcff").encode() == b"run-?"

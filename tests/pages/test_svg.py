"""A figure in a page: nothing of a file runs or loads there, and on dark paper it can be read."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.figures import style
from harness.pages import document
from harness.pages.colours import INK, PAPER, contrast, declarations, of_contrast, on_dark
from harness.pages.svg import inlined

CSS = (Path(document.__file__).parent / "page.css").read_text()
COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")

HOSTILE = """<?xml version="1.0"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"
 onload="alert(1)">
<script>alert(2)</script><style>@import url(http://e.org/a.css)</style>
<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img onerror="alert(3)"/></body></foreignObject>
<defs><path id="p" d="M 0.1239 1 L 2 -3"/><clipPath id="c"><rect width="9"/></clipPath></defs>
<use xlink:href="#p" style="fill: #ffffff; stroke: #0072B2"/>
<use xlink:href="http://e.org/x.svg#p"/><image xlink:href="http://e.org/a.png"/>
<image xlink:href="data:image/svg+xml;base64,AAAA"/><image xlink:href="data:image/png;base64,AAAA"/>
<a xlink:href="javascript:alert(4)"><text>gone</text></a>
<g clip-path="url(#c)" style="background: url(http://e.org/b.png)"><animate attributeName="href"/></g>
<text style="fill: #000000">a &lt; b<tspan>!</tspan></text>
</svg>"""


def test_only_what_draws_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(HOSTILE)
    shown = inlined(tmp_path / "a.svg", "f1_", 'a "name"', caption="f1_caption")
    assert shown is not None
    assert shown.markup == (
        '<svg viewBox="0 0 9 9" role="img" aria-label="a &quot;name&quot;" aria-describedby="f1_caption">'
        '<defs><path id="f1_p" d="M 0.12 1 L 2 -3" /><clipPath id="f1_c"><rect width="9" /></clipPath></defs>'
        '<use href="#f1_p" style="fill: var(--paper); stroke: var(--c0072b2)" />'
        '<use /><image /><image /><image href="data:image/png;base64,AAAA" />'
        '<g clip-path="url(#f1_c)" />'
        '<text style="fill: var(--ink)">a &lt; b<tspan>!</tspan></text></svg>'
    )
    assert shown.colours == ("#ffffff", "#0072b2", "#000000")


@pytest.mark.parametrize("content", ["", "<svg", "<html/>", "\x00"])
def test_what_is_no_svg_is_not_shown_as_one(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(content)
    assert inlined(tmp_path / "a.svg", "f1_", "") is None


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(
        4.54, abs=0.005
    )  # the lightest grey that passes AA
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@given(COLOURS, st.floats(1.1, 14))
def test_a_colour_is_mixed_to_the_contrast_that_is_asked_for(colour: str, asked: float) -> None:
    # Eight bits a channel are coarse in the dark.
    assert contrast(of_contrast(colour, asked), PAPER) == pytest.approx(asked, rel=0.06)


@given(COLOURS)
def test_what_was_strong_on_white_is_strong_in_the_dark(colour: str) -> None:
    chosen = {each.lower() for each in (*style.CYCLE, style.FAINT)}
    if colour not in chosen:
        wanted = min(contrast(colour, "#ffffff"), contrast(INK, PAPER))
        assert contrast(on_dark(colour), PAPER) == pytest.approx(wanted, rel=0.06)


def test_lines_and_their_labels_can_be_read_in_the_dark() -> None:
    dark = [on_dark(colour.lower()) for colour in style.CYCLE if colour != style.BLACK]
    assert len(set(dark)) == len(dark)
    assert contrast(on_dark(style.FAINT.lower()), PAPER) > 2 > contrast(style.FAINT, "#ffffff")
    assert all(contrast(colour, PAPER) >= 4.5 for colour in [*dark, on_dark(style.GREY.lower()), INK])
    assert declarations(["#ffffff", "#000000", "#0072b2", "#0072b2"])[0] == "--c0072b2:#0072b2;"


def test_the_words_of_the_page_can_be_read_on_both_papers() -> None:
    for block, paper in ((CSS.split("@media screen")[0], "#ffffff"), (CSS.split("@media screen")[1], PAPER)):
        found = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block))
        assert contrast(found["tint"], paper) < 1.2
        assert all(
            contrast(found[name], ground) >= 4.5
            for name in ("quiet", "link")
            for ground in (paper, found["tint"])
        )

"""The page of a report: it needs nothing but itself, runs nothing, and holds what the Markdown holds."""

import re
import shutil
import subprocess
from collections import Counter
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from harness.figures import Drawing, NothingToDrawError
from harness.figures.style import BLUE, new_figure
from harness.notes import markdown_table
from harness.pages import FILE, PAGE, illustrated, page, plain_text, write_page

SCRIPT = "<script>parent.document.title = 'RAN'</script>"
VOID = {"meta", "img", "br", "hr", "link", "input", "wbr"}
LOADS = {"src", "srcset", "data", "poster", "action", "background"}


class Parsed(HTMLParser):
    """Every element with its attributes; fails where one is closed that is not the last that was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def line() -> Drawing:
    figure = new_figure(2.0)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], "o-", color=BLUE)
    axes.set_title(SCRIPT)
    return Drawing(figure, f"What {SCRIPT} came to", "Higher is better; D* is not.")


def report(folder: Path) -> str:
    """Names that are code, a wide table, words without an end, two figures and a picture."""
    names = ["non_saturating", SCRIPT, "wasserstein_" * 12, "a|b", *(f"loss_{i}" for i in range(10))]
    rows = [
        [f"{8 + i / 7:.3f} ± 0.024" for _ in range(8)] + ["a reason of many words " * 4] for i in range(14)
    ]
    table = markdown_table([f"metric {i}" for i in range(8)] + ["status"], [*map(plain_text, names)], rows)
    figures = [illustrated(folder, "one", line).section, illustrated(folder, "two", line).section]
    Image.new("RGB", (40, 20)).save(folder / "grid.png")
    return "\n\n".join(
        [
            f"# {plain_text(SCRIPT)}",
            "https://example.org is not linked. [Numbers](report.csv), [no link](javascript:alert(1)).",
            f"## Results\n\n{table}\n\nMean ± half-width.",
            *figures,
            "## Results\n\n![a grid](grid.png)\n\n![far](https://example.org/a.png) ![up](../grid.png)",
            f"- {plain_text('/a/path' * 60)}\n- {'`' + 'x' * 300 + '`'}\n\n```yaml\n{'y: ' + 'z' * 300}\n```",
        ]
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("report")
    Image.new("RGB", (4, 4)).save(made / "grid.png")  # beside the report: not its own
    inside = made / "in"
    inside.mkdir()
    markdown = report(inside)
    assert write_page(inside, markdown, SCRIPT) == (FILE, PAGE)
    assert (inside / FILE).read_text() == markdown
    return inside


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / PAGE).read_text()


@pytest.fixture(scope="module")
def parsed(text: str) -> Parsed:
    return Parsed(text)


def test_nothing_is_loaded_and_nothing_may_be(text: str, parsed: Parsed) -> None:
    (policy,) = [meta for meta in parsed.all("meta") if meta.get("http-equiv")]
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    for tag, attributes in parsed.found:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "foreignobject"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in LOADS or value.startswith("data:image/")
            assert tag == "a" or name != "href" or value.startswith(("#", "data:image/"))
    assert not re.search(r"url\((?!#)|@import|@font-face", text)


def test_what_was_text_is_text(text: str, parsed: Parsed) -> None:
    assert re.findall("<title>(.*)</title>", text) == [escape(SCRIPT).replace("&#x27;", "&#39;")]
    assert (
        parsed.text.count(SCRIPT) == 2 + 1 + 2 * 3
    )  # title, heading, row; of figures: contents, heading, axes
    links = [link["href"] for link in parsed.all("a")]
    assert [link for link in links if not link.startswith("#")] == ["report.csv"]
    assert "[no link](javascript:alert(1))" in parsed.text


def test_every_image_of_the_report_is_inside_and_no_other(parsed: Parsed) -> None:
    drawn = [svg for svg in parsed.all("svg") if svg["role"] == "img"]
    assert [svg["aria-label"] for svg in drawn] == [f"What {SCRIPT} came to"] * 2
    captions = [paragraph.get("id") for paragraph in parsed.all("p") if paragraph.get("class") == "caption"]
    assert captions[:2] == [svg["aria-describedby"] for svg in drawn]
    (picture,) = parsed.all("img")
    assert picture["alt"] == "a grid"
    assert picture["src"].startswith("data:image/png;base64,")
    assert parsed.text.count("far up") == 1


def test_identifiers_are_unique_and_all_that_is_pointed_to_is_there(text: str, parsed: Parsed) -> None:
    counts = Counter(attributes["id"] for _, attributes in parsed.found if "id" in attributes)
    assert set(counts.values()) == {1}
    pointed = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    assert {"results", "results-2"} <= pointed <= set(counts)


def test_a_row_and_a_column_have_headers_and_only_numbers_stand_right(parsed: Parsed) -> None:
    heads = parsed.all("th")
    assert [head.get("scope") for head in heads] == ["col"] * 9 + ["row"] * 14
    numbers = [cell.get("class") for cell in parsed.all("td")[1:]]
    assert numbers == (["number"] * 8 + [None]) * 14
    (box,) = [div for div in parsed.all("div") if "scroll" in div["class"]]
    assert (box["tabindex"], box["aria-label"]) == ("0", "Results")


def test_the_contents_are_the_sections(parsed: Parsed, tmp_path: Path) -> None:
    assert len(parsed.all("nav")) == 1
    sections = [heading["id"] for heading in parsed.all("h2")]
    assert [link["href"][1:] for link in parsed.all("a")][: len(sections)] == sections
    assert not Parsed(page(tmp_path, "# a\n\n## b\n\ntext\n", "t")).all("nav")


def test_a_page_without_a_heading_has_its_title(tmp_path: Path) -> None:
    assert "<h1>a &amp; b</h1>" in page(tmp_path, "Nothing was run.", "a & b")


def test_the_same_results_give_the_same_page(folder: Path, text: str, tmp_path: Path) -> None:
    write_page(tmp_path, report(tmp_path), SCRIPT)
    assert (tmp_path / PAGE).read_text() == text


def test_a_figure_of_very_many_points_is_a_picture(tmp_path: Path) -> None:
    def crowd() -> Drawing:
        figure = Figure()
        figure.add_subplot().plot(range(30_000), [i * 7919 % 1009 for i in range(30_000)], "o")
        return Drawing(figure, "Crowd", "Points.")

    stale = tmp_path / "figures" / "crowd.svg"
    stale.parent.mkdir()
    stale.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    drawn = illustrated(tmp_path, "crowd", crowd)
    assert drawn.files == ("figures/crowd.png",)
    assert not stale.exists()
    assert len(Parsed(page(tmp_path, drawn.section, "t")).all("img")) == 1


def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    def nothing() -> Drawing:
        raise NothingToDrawError("no run has <it>")

    drawn = illustrated(tmp_path, "a_*", nothing)
    assert drawn.section == "## a\\_\\*\n\nNot drawn: no run has &lt;it&gt;."
    assert drawn.files == ()
    assert drawn.warning == "figure `a_*`: no run has <it>"


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the page in")
def test_in_a_browser_no_script_runs_and_a_telephone_needs_no_scrolling_aside(folder: Path) -> None:
    outside = folder.parent / "telephone.html"
    outside.write_text(
        "<title>quiet</title><p id=seen></p>"
        f"<iframe src='in/{PAGE}' style='width: 360px; height: 800px; border: 0' onload=\""
        "const page = this.contentDocument, root = page.documentElement;"
        "const table = page.querySelector('.scroll'), rows = page.querySelectorAll('tbody tr');"
        "seen.textContent = [root.scrollWidth, this.contentWindow.innerWidth, page.scripts.length,"
        " table.scrollWidth > 360, rows.length].join(' ');"
        '"></iframe>'
    )
    command = [
        str(CHROMIUM),
        *(
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--allow-file-access-from-files",
        ),
        f"--user-data-dir={folder.parent / 'browser'}",
        "--dump-dom",
        outside.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "<title>quiet</title>" in done.stdout
    assert '<p id="seen">360 360 0 true 14</p>' in done.stdout

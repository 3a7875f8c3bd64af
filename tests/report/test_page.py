"""The page as a person reads it: what it says, and above all what it does not claim."""

import re
import time
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from measured import DIGITS, FID, failed, measured, seeds, text_of

from harness.columns import Column
from harness.report import origin_of, theory_table, write_report
from harness.report.fitting import WIDTH

GOOD, WORSE = [1.0, 1.2, 1.1, 1.3, 1.15], [2.0, 2.1, 2.3, 2.2, 2.05]


@pytest.fixture(autouse=True)
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """What they show is tested where they are made, and drawing takes seconds."""
    monkeypatch.setattr("harness.report.page.drawings", lambda *_: [])


def lines_of(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


def test_the_page_answers_in_the_order_people_ask(tmp_path: Path) -> None:
    report = write_report(
        tmp_path, seeds("base", WORSE) + seeds("good", GOOD), name="losses", description="a < b"
    )
    text = text_of(tmp_path)
    parts = (
        "# losses\n",
        "a &lt; b",
        "2 variants, **base**, **good**, with seeds 0 to 4: each has a result.",
        "Protocol: digits classifier, 1,000 images of digits, train split, 10,000 samples, fingerprint",
        "## Results\n",
        "| good | 5 | **1.15 ± 0.14** | 1.15 | **8.85 ± 0.14** |",
        "| base | 5 | 2.13 ± 0.15 |",
        "| floor (500 images) |",
        "| ceiling (10,000 images) |",
        "Student's t",
        "Holm-corrected",
        "## Against base\n",
        "| good | 1.00 [",
        "## Cost\n",
        "## Where this comes from\n",
        "- commit: 270c433b5ed5 with changes that were not committed",
        "- command: `harness run 'experiments/a b.yaml'`",
        "- seeds: 0, 1, 2, 3, 4\n",
        "- 1 × ceiling: C(G): saturated",
    )
    places = [text.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)
    assert {"report.md", "report.html", "report.csv", "report.json", "report.tex"} <= set(report.files)
    assert "## Not in the results" not in text


def test_one_seed_has_no_interval_no_mark_and_no_test(tmp_path: Path) -> None:
    write_report(tmp_path, seeds("base", WORSE[:1]) + seeds("good", GOOD[:1]), name="one")
    text = text_of(tmp_path)
    assert "| good | 1 | 1.000 | 9.000 |" in text
    assert "**One seed of each variant**" in text
    for claim in ("±", "Against", "**Bold**", "°", "IQM"):
        assert claim not in text


def test_what_is_missing_is_named_and_never_averaged_away(tmp_path: Path) -> None:
    runs = [
        *seeds("base", WORSE),
        *seeds("good", GOOD[:3]),
        failed("good", 3, "loss_d is NaN at step 17"),
        failed("lost", 0, "", status="stopped"),
    ]
    write_report(tmp_path, runs, name="gaps", seeds=(0, 1, 2, 3, 4))
    text = text_of(tmp_path)
    assert "**8 of 15 trainings have a result**" in text
    assert lines_of(text, "| good | 3 of 5 |")
    assert lines_of(text, "| lost | 0 of 5 | – |")
    where = "runs/digits_losses"
    assert f"| good, seed 3 | failed | loss_d is NaN at step 17 | step 100 | {where}/good/seed3 |" in text
    assert f"| lost, seed 0 | stopped | no reason given | step 100 | {where}/lost/seed0 |" in text
    assert "- good: seed 4 without a run" in text
    assert "- lost: seeds 1 to 4 without a run" in text


def test_a_study_of_failures_has_a_page_too(tmp_path: Path) -> None:
    write_report(tmp_path, [failed("base", 0, "collapse")], name="nothing")
    text = text_of(tmp_path)
    assert "**0 of 1 trainings have a result**" in text
    assert "| collapse |" in text
    assert "## Results" not in text
    assert "## Cost" not in text
    write_report(tmp_path, [], name="nothing")
    assert "There are no runs." in text_of(tmp_path)


def test_two_protocols_have_a_table_each_and_are_not_compared(tmp_path: Path) -> None:
    other = replace(DIGITS, num_samples=5000)
    write_report(tmp_path, seeds("base", GOOD) + seeds("few", WORSE, protocol=other), name="mixed")
    text = text_of(tmp_path)
    assert "**2 protocols, whose values do not compare**" in text
    assert "[1] and [2] differ in num_samples: 10000 and 5000." in text
    assert "## Results [1]\n" in text
    assert "## Results [2]\n" in text
    assert "## Against" not in text
    one, two = text.split("## Results [2]")
    assert "| few |" not in one.partition("## Results [1]")[2]
    assert "| base |" not in two.partition("## Cost")[0]


def test_an_unreliable_value_is_marked_with_its_reason(tmp_path: Path) -> None:
    runs = seeds("base", WORSE) + seeds("good", GOOD, unreliable={"fid": "2 of 10 covariances are singular"})
    write_report(tmp_path, runs, name="doubt")
    text = text_of(tmp_path)
    assert "| good | 5 | 1.15 ± 0.14 ? |" in text
    assert "- FID of good (seeds 0 to 4): 2 of 10 covariances are singular." in text


HOSTILE = "<script>alert(1)</script> | [x](javascript:y) **b** `c`"


def test_no_foreign_text_becomes_markup(tmp_path: Path) -> None:
    runs = [
        *(replace(run, variant=HOSTILE) for run in seeds("x", GOOD)),
        *seeds("base", WORSE),
        replace(failed("base", 9, HOSTILE), place=HOSTILE),
    ]
    write_report(tmp_path, runs, name=HOSTILE, description=HOSTILE, command=("harness", HOSTILE))
    text = text_of(tmp_path)
    html = MarkdownIt("commonmark").enable("table").render(text)
    for markup in ("<script", "<a ", "<strong>b<", "<code>c<"):
        assert markup not in html
    shown = unescape(re.sub("<[^>]*>", "", html))
    assert shown.count(HOSTILE) >= 10
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        widths = {line.count("|") - line.count(r"\|") for line in block.splitlines()}
        assert len(widths) == 1, block
    assert "<script>alert" not in (tmp_path / "report.html").read_text()


def test_many_variants_and_many_metrics_stand_in_tables_that_fit_a_page(tmp_path: Path) -> None:
    columns = (FID, *(Column(f"m{index}", f"M{index}", "higher") for index in range(9)))
    names = [f"v{index:02}" for index in range(14)]

    def run(index: int, seed: int) -> float:
        return 1.0 + index + seed / 10

    runs = [
        measured(
            name,
            seed,
            {column.key: run(index, seed) for column in columns},
            columns=columns,
        )
        for index, name in enumerate(names)
        for seed in range(3)
    ]
    write_report(tmp_path, runs, name="many")
    results = text_of(tmp_path).partition("## Results")[2].partition("## Against")[0]
    lines = [line for line in results.splitlines() if line.startswith("|")]
    assert max(map(len, lines)) <= WIDTH
    heads = [line for line in lines if line.startswith("| | ")]
    for column in columns:
        assert sum(f" {column.title} " in head for head in heads) == 1
    assert len(lines_of(results, "| v00 |")) == len(heads) <= 4
    assert "Every two variants" not in text_of(tmp_path)

    write_report(tmp_path, [run for run in runs if run.variant < "v02"], name="few")
    results = text_of(tmp_path).partition("## Results")[2].partition("## Against")[0]
    assert results.splitlines()[2].startswith("| | v00 | v01 | floor")  # turned


def test_a_hundred_runs_take_little_time(tmp_path: Path) -> None:
    runs = [
        run for index in range(10) for run in seeds(f"v{index}", [1 + index + i / 100 for i in range(10)])
    ]
    before = time.process_time()
    write_report(tmp_path, runs, name="hundred")
    assert time.process_time() - before < 2.5


def test_diagnostics_are_averaged_only_where_every_seed_is_finite() -> None:
    runs = []
    for seed, (v, slope) in enumerate(((-1.2, 2e-6), (-1.4, "NaN"))):
        run = measured("base", seed, {"fid": 1.0})
        titles = {"v": "V(D, G)", "slope": "|∇|"}
        results = {**(run.results or {}), "theory": {"v": v, "slope": slope}, "theory_titles": titles}
        runs.append(replace(run, results=results))
    (section,) = theory_table(runs)
    assert r"| | V(D, G) | \|∇\| |" in section
    assert "| base | -1.3 ± 1.3 |  |" in section
    assert "2.00e-06" in theory_table(runs[:1])[0]
    assert theory_table([measured("base", 0, {"fid": 1.0})]) == []


def test_where_it_comes_from_tells_runs_apart_that_differ() -> None:
    first, second = ({"git": {"commit": commit, "dirty": False}, "python": "3.11"} for commit in ("aa", "bb"))
    lines = origin_of([first, first, second], [0, 1, 0])
    assert "- commit: aa (2 runs); bb (1 run)" in lines
    assert "- versions: python 3.11" in lines
    assert "- seeds: 0, 1" in lines
    led = {"command": ["__main__.py", "worker", "--led"]}
    assert not any("--led" in line for line in origin_of([led]))
    assert "- command: `harness run a.yaml`" in origin_of([led], command=("harness", "run", "a.yaml"))
    assert "- commit: outside a repository" in origin_of([{"git": {}, "python": "3.11"}])


def test_what_differs_is_a_table_and_what_should_not_differ_is_a_warning(tmp_path: Path) -> None:
    short = seeds("short", WORSE, training={"steps": 100})
    write_report(tmp_path, seeds("base", GOOD) + short, name="x")
    text = text_of(tmp_path)
    assert (
        "differ in this alone:\n\n| | training.steps |\n|---|---:|\n| base | 200 |\n| short | 100 |" in text
    )
    assert "differ beside their configuration" not in text
    changed = {**short[0].provenance, "identity": {"data": "ae2e02e484e6173b59", "code": "another"}}
    write_report(
        tmp_path, [*seeds("base", GOOD), *(replace(run, provenance=changed) for run in short)], name="x"
    )
    text = text_of(tmp_path)
    assert "**The runs differ beside their configuration**, in code:" in text
    assert "- code: SHA-256 0985e9ac3c0a0a5c… (5 runs); SHA-256 another… (5 runs)" in text
    assert "- data: SHA-256 ae2e02e484e6173b…\n" in text
    write_report(tmp_path, seeds("base", GOOD) + seeds("same", GOOD), name="x")
    assert "**Their configurations do not differ.**" in text_of(tmp_path)
    write_report(tmp_path, seeds("base", GOOD[:2]) + seeds("base", GOOD, training={"ema": 0.0})[2:], name="x")
    assert "**Runs of base are not alike**: training.ema is 0.999; 0.0." in text_of(tmp_path)

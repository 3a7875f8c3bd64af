"""Trainings lost, never begun, or odd: no mean of survivors wins, and nothing is passed over."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from measured import DIGITS, failed, measured, seeds, text_of

from harness.report import write_report
from harness.report.comparison import compared
from harness.report.conclusion import conclusion
from harness.report.failures import gathered
from harness.report.latex import escaped
from harness.report.results import results_section
from harness.runs import Run

SOLID, BETTER = [1.30, 1.31, 1.28, 1.33, 1.29, 1.31, 1.30], [1.0, 1.05, 1.02]


@pytest.fixture(autouse=True)
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.report.page.drawings", lambda *_: [])


def survivors() -> list[Run]:
    lost = [failed("fragile", seed, f"collapse at step {seed}00") for seed in range(3, 7)]
    return [*seeds("fragile", BETTER), *lost, *seeds("solid", SOLID)]


def test_a_mean_of_survivors_is_never_the_best_nor_the_reference(tmp_path: Path) -> None:
    write_report(tmp_path, survivors(), name="ex")
    text, tex = text_of(tmp_path), (tmp_path / "report.tex").read_text()
    rows = [line for line in text.splitlines() if line.startswith(("| solid", "| fragile"))]
    assert rows[0].startswith("| solid | 7 |")
    assert rows[1].startswith("| fragile | 3 of 7 | 1.023 ± 0.063 |")
    assert "**1.0" not in text
    assert "mathbf" not in tex
    assert "## Against solid" in text
    for said in ("A mean of a variant that lost trainings is one of the survivors", "variants that lost"):
        assert said in text
    assert "one of the survivors, and never marked" in tex
    (group,) = json.loads((tmp_path / "report.json").read_text())["groups"]
    first, second = group["variants"]
    assert (first["variant"], first["without_result"]) == ("solid", [])
    assert second["without_result"] == [3, 4, 5, 6]
    assert second["statistics"]["fid"]["mark"] == ""
    assert group["reference"] == "solid"
    # The same values, and nothing lost: the best.
    (group,) = compared([*seeds("fragile", BETTER), *seeds("solid", SOLID)]).groups
    assert {row.variant: row.entries["fid"].mark for row in group.rows} == {"fragile": "best", "solid": ""}


def test_the_others_must_beat_survivors_too(tmp_path: Path) -> None:
    worse = seeds("third", [2.0, 2.1, 2.2, 2.05, 2.15, 2.1, 2.0])
    (group,) = compared([*survivors(), *worse]).groups
    assert {row.entries["fid"].mark for row in group.rows} == {""}


def test_a_seed_that_began_again_and_ended_is_not_lost() -> None:
    again = failed("good", 1, "out of memory")
    (group,) = compared([*seeds("good", [1.0, 1.1, 1.05]), again, *seeds("base", [2.0, 2.1, 2.2])]).groups
    assert group.rows[0].entries["fid"].mark == "best"


def test_a_seed_under_another_protocol_is_not_missing(tmp_path: Path) -> None:
    other = replace(DIGITS, num_samples=5000)
    runs = [
        *seeds("base", [1.0, 1.1]),
        measured("base", 2, {"fid": 3.0, "inception_score": 1.0}, protocol=other),
    ]
    write_report(tmp_path, runs, name="two")
    text = text_of(tmp_path)
    assert "| base | 2 |" in text
    assert "2 of 3" not in text
    assert "listed below" not in text
    assert "Measured under another protocol, and in its table: base (seed 2)." in text


def test_runs_that_failed_alike_stand_in_one_line(tmp_path: Path) -> None:
    write_report(tmp_path, survivors(), name="ex")
    lines = [line for line in text_of(tmp_path).splitlines() if "collapse" in line]
    assert lines == [
        "| fragile, seeds 3 to 6 | failed | collapse at step … | step 100 |"
        " runs/digits_losses/fragile/seed3 and 3 more |"
    ]
    runs = [failed("a", 0, "x 1"), failed("b", 0, "x 2"), failed("a", 1, "y"), failed("a", 2, "x 1")]
    assert [(each.variant, each.reason, len(each.runs)) for each in gathered(runs)] == [
        ("a", "x 1", 2),
        ("b", "x 2", 1),
        ("a", "y", 1),
    ]


def test_a_result_of_a_run_that_says_it_failed_counts_and_is_said(tmp_path: Path) -> None:
    good = seeds("good", [1.0, 1.1, 1.05])
    odd = replace(good[0], status="failed", reason="the disk was full")
    write_report(tmp_path, [odd, *good[1:]], name="ex")
    text = text_of(tmp_path)
    assert "| good | 3 |" in text
    assert "each has a result" in text
    said = "- good, seed 0: the result is whole, and counts; but its last word is failed; the disk was full"
    assert said in text


def test_what_was_asked_for_and_never_begun_is_said(tmp_path: Path) -> None:
    runs = seeds("ns", [1.0, 1.1, 1.05])
    write_report(tmp_path, runs, name="ex", seeds=(0, 1, 2), variants=("ns", "hinge", "lsgan"))
    text = text_of(tmp_path)
    assert (
        "3 variants, **ns**, **hinge**, **lsgan**, with seeds 0 to 2: **3 of 9 trainings have a result**"
        in text
    )
    assert "without any run: hinge, lsgan" in text
    assert "| hinge | 0 of 3 | – |" in text
    assert "- lsgan: seeds 0 to 2 without a run" in text


def concluded(runs: list[Run]) -> str:
    (group,) = compared(runs).groups
    return conclusion(group)


def test_the_conclusion_names_the_best_where_there_is_one_and_says_where_there_is_none() -> None:
    good, worse = seeds("good", [1.0, 1.2, 1.1, 1.3]), seeds("worse", [2.0, 2.3, 2.1, 2.2])
    close = seeds("close", [1.1, 1.1, 1.2, 1.2])
    assert concluded(good + worse) == "**good is better than the other variant in FID** (1.15 ± 0.21)."
    assert concluded(good + worse + close) in {
        f"**No variant is shown to be the best in FID**: {best} has the best mean ({mean}), from which"
        f" {other} cannot be told. Worse than it, by the same tests: worse."
        for best, other, mean in (("good", "close", "1.15 ± 0.21"), ("close", "good", "1.150 ± 0.092"))
    }
    assert "fragile has the best mean (1.023 ± 0.063), but 4 of its 7 trainings" in concluded(survivors())
    assert concluded(good) == ""
    assert concluded(good[:1] + worse[:1]) == ""


def test_variants_with_the_same_numbers_are_named() -> None:
    one, other = seeds("a", [1.0, 1.2, 1.1]), seeds("b", [1.0, 1.2, 1.1])
    same = "a and b gave the same numbers in every metric at every seed that they share."
    assert same in concluded(one + other)
    assert same not in concluded(one + seeds("b", [1.0, 1.2, 1.1001]))


def test_a_floor_of_fewer_images_can_be_beaten_and_the_page_says_so() -> None:
    (group,) = compared(seeds("a", [1.0, 1.2])).groups
    assert "The floor is of 500 and the runs are of 10,000" in "\n".join(results_section(group))


def test_nothing_that_steers_reaches_latex() -> None:
    assert escaped("a\u202eb\x1b[31m\u2066") == "a?b?{[}31m?"

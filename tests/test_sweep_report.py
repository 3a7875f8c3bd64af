"""The report of a sweep: it says what the numbers allow to say, and no more."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from searches import FID, PRECISION, SECONDS, as_in_file, failed, space, trials

from harness.config import Parameter, Space
from harness.config.reading import parse
from harness.config.tree import plain
from harness.stats import Interval, mean_interval
from harness.sweep_report import Final, Searched, read_data, write_sweep_report
from harness.sweep_report.verdict import spelled, verdict
from harness.trials import TrialRecord, best_trial, pareto_front

NO_WORSE = mean_interval([1.5, 1.4, 1.9, 1.2, 1.6])
GOOD = mean_interval([1.0, 1.04, 0.97, 1.05, 1.02])
BAD = mean_interval([2.4, 2.5, 2.6, 2.5, 2.4])
WIDE = mean_interval([0.6, 1.9, 1.4, 0.8, 1.8])


POINT = {"training.betas.0": 0.5}


def complete(number: int, value: float, **params: Any) -> TrialRecord:
    return TrialRecord(number, "complete", params or POINT, (value,), {100: value}, 60.0, "")


def study(found: Sequence[TrialRecord], variant: str = "base", **changes: Any) -> Searched:
    made = Searched(
        variant=variant,
        space=space(4),
        objectives=(FID,),
        trials=tuple(found),
        importances={},
        sampler="tpe",
        pruner="median",
        seeds=(0,),
        protocol="FID of 2,000 images against the validation split.",
    )
    return replace(made, **changes)


def final(winners: dict[str, Interval], **changes: Any) -> Final:
    baselines = dict.fromkeys(winners, NO_WORSE)
    made = Final(FID, baselines, winners, "FID of 10,000 images against the test split.", 1, "")
    return replace(made, **changes)


TWO = [complete(7, 2.0), complete(31, 1.2)]


def test_a_winner_that_is_better_for_sure() -> None:
    assert verdict([study(TWO)], final({"base": GOOD})) == (
        "The winner (trial 31) reaches FID 1.016 [0.976, 1.056] on the test split over 5 fresh seeds; the"
        " file's configuration, trained for as many steps, 1.52 [1.20, 1.84]. The 95 % intervals do not"
        " overlap."
    )


@pytest.mark.parametrize(
    ("ours", "conclusion"),
    [
        (WIDE, "The 95 % intervals overlap: these seeds do not show that the winner is better."),
        (BAD, "The search found nothing better: the winner is worse, and the 95 % intervals do not overlap."),
        (
            NO_WORSE,
            "The search found nothing better: the winner's mean is no better, and the 95 % intervals"
            " overlap.",
        ),
        (
            mean_interval([1.0]),
            "One seed gives no interval, so nothing is shown about how they compare in others.",
        ),
        (
            mean_interval([9.0]),
            "The search found nothing better. One seed gives no interval, so nothing is shown about how they"
            " compare in others.",
        ),
    ],
)
def test_the_conclusion_follows_the_intervals(ours: Interval, conclusion: str) -> None:
    text = verdict([study(TWO)], final({"base": ours}))
    assert text.split(". ", maxsplit=1)[0].startswith("The winner (trial 31) reaches FID")
    assert text.endswith(conclusion)
    assert text.count("do not overlap") == conclusion.count("do not overlap")


def test_where_high_is_good_the_higher_mean_wins() -> None:
    up = final({"base": BAD}, metric=PRECISION)
    assert verdict([study(TWO)], up).endswith("The 95 % intervals do not overlap.")
    assert "nothing better: the winner is worse" in verdict(
        [study(TWO)], final({"base": GOOD}, metric=PRECISION)
    )


def test_the_file_may_be_the_best_and_costs_no_look_at_the_test_split(tmp_path: Path) -> None:
    found = [as_in_file(0, 0.5), *TWO]
    text = (
        "The search found nothing better than the file's configuration, which is trial 0, the best of 3"
        " complete trials, with FID 0.5000 in validation. The test split was not looked at for it."
    )
    assert verdict([study(found)], None) == text
    assert verdict([study(found)], final({"other": GOOD})) == text
    report = write_sweep_report(tmp_path, "s", "", [study(found)], None, "")
    page = (tmp_path / "report.md").read_text()
    assert "| trial 0, as in the file | 0.5000 |  |\n| trial 31 | 1.200 | 0.5 |" in page
    assert "```yaml" not in page
    assert "changes of the configuration" not in page
    assert "figures/slices.png" in report.files
    assert report.warnings == ()


def test_a_file_that_is_best_in_one_of_two_objectives_is_best_in_that_alone(tmp_path: Path) -> None:
    cheaper = [replace(each, values=(*each.values, 10.0 + each.number)) for each in TWO]
    found = [as_in_file(0, 0.5, seconds=99.0), *cheaper]
    two = study(found, objectives=(FID, SECONDS))
    text = verdict([two], None)
    assert text.startswith("The search found nothing better in FID than the file's configuration, which is")
    assert text.endswith("The Pareto front holds 2 other trials.")
    alone = study([as_in_file(0, 0.5, seconds=1.0), *cheaper], objectives=(FID, SECONDS))
    assert verdict([alone], None).startswith("The search found nothing better than the file's")
    assert "Pareto" not in verdict([alone], None)
    write_sweep_report(tmp_path, "s", "", [two], None, "")
    assert "| trial 0, as in the file | 0.5000 | 99.00 |" in (tmp_path / "report.md").read_text()


def test_a_search_of_which_only_the_file_came_through(tmp_path: Path) -> None:
    made = study([as_in_file(0, 2.0), failed(1, POINT)])
    assert verdict([made], None).startswith(
        "The search found nothing better than the file's configuration, which is trial 0, the best of 1"
        " complete trial, with FID 2.000"
    )
    report = write_sweep_report(tmp_path, "s", "", [made], None, "")
    assert report.warnings == ()
    drawn = {file.split("/")[1].split(".")[0] for file in report.files if "/" in file}
    assert drawn == {"history", "learning_curves"}


def test_a_file_that_has_no_result_on_the_test_split_is_not_compared_with() -> None:
    assert verdict([study(TWO)], final({"base": GOOD}, baselines={})) == (
        "The winner (trial 31) reaches FID 1.016 [0.976, 1.056] on the test split over 5 fresh seeds; the"
        " file's configuration has no result there to compare with."
    )


def test_every_variant_is_compared_with_its_own_file() -> None:
    both = [study(TWO, "hinge"), study(TWO, "plain")]
    text = verdict(
        both, final({"hinge": GOOD, "plain": GOOD}, baselines={"hinge": GOOD, "plain": BAD})
    ).splitlines()
    assert "as many steps, 1.016 [0.976, 1.056]. The search found nothing better" in text[0]
    assert "as many steps, 2.48 [2.38, 2.58]. The 95 % intervals do not overlap." in text[1]


def test_what_the_winner_was_chosen_by_is_said_where_the_file_has_such_a_value() -> None:
    sentence = " In validation, where it was chosen, the winner had 1.200 and the file's configuration 1.700."
    compared = verdict([study(TWO)], final({"base": GOOD}))
    assert verdict([study([as_in_file(0, 1.7), *TWO])], final({"base": GOOD})) == compared + sentence
    broken = [failed(0, {}), *TWO]
    assert verdict([study(broken)], final({"base": GOOD})) == compared


def test_different_numbers_of_seeds_are_named() -> None:
    text = verdict([study(TWO)], final({"base": mean_interval([1.0, 1.1])}))
    assert "over 2 fresh seeds; " in text
    assert "1.52 [1.20, 1.84] over 5." in text


def test_a_winner_that_was_not_trained_again_is_no_promise() -> None:
    assert verdict([study(TWO)], None) == (
        "Trial 31 is the best of 2 complete trials, with FID 1.200 in validation. It was not trained again"
        " with fresh seeds: the value of a winner is partly luck, so expect a worse one of another training."
    )
    assert "Trained again with fresh seeds, it has no result on the test split" in verdict(
        [study(TWO)], final({})
    )


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([], "No trial has a result: none was run."),
        ([failed(0, {})], "No trial has a result: of 1 trial 1 failed."),
        (
            [
                failed(0, {}),
                failed(1, POINT),
                TrialRecord(2, "pruned", POINT, (3.0,), {1: 3.0}, 1.0, "worse than the median"),
            ],
            "No trial has a result: of 3 trials 2 failed and 1 was pruned.",
        ),
    ],
)
def test_no_trial_has_a_result(found: list[TrialRecord], text: str, tmp_path: Path) -> None:
    assert verdict([study(found)], None) == text
    report = write_sweep_report(tmp_path, "s", "", [study(found)], None, "- commit: abc")
    assert report.warnings == ()
    page = (tmp_path / "report.md").read_text()
    assert page.startswith(f"# s\n\n{text}\n\n")
    assert "The best trials" not in page


def test_looks_at_the_test_split_are_counted() -> None:
    assert "looked at" not in verdict([study(TWO)], final({"base": GOOD}))
    text = verdict([study(TWO)], final({"base": GOOD}, touched=3))
    assert "The test split was looked at 3 times in this sweep's life." in text


def test_several_winners_have_a_line_each_and_a_word_about_chance() -> None:
    both = [study(TWO, "hinge"), study(TWO, "<b>"), study([failed(0, POINT)], "broken")]
    text = verdict(both, final({"hinge": GOOD, "<b>": BAD}))
    lines = text.splitlines()
    assert lines[0].startswith("- **hinge**: The winner (trial 31) reaches FID 1.016")
    assert lines[1].startswith("- **&lt;b&gt;**: The winner (trial 31) reaches FID 2.48")
    assert lines[2] == "- **broken**: No trial has a result: of 1 trial 1 failed."
    assert "The best mean on the test split is that of **hinge**. 2 winners were compared" in text


def test_the_winner_of_a_front_is_called_that() -> None:
    found = trials(40, space(4), seed=5)
    several = study(found, objectives=(FID, SECONDS))
    front = len(pareto_front(found, (FID, SECONDS)))
    best = best_trial(found, FID)
    assert best is not None
    assert (
        f"The winner (trial {best.number}, the best in FID of a Pareto front of {front} trials)"
        in verdict([several], final({"base": GOOD}))
    )


def test_intervals_are_spelled_with_the_digits_they_have() -> None:
    assert spelled(Interval(1.0161, 0.03, 0.9761, 1.0561, 5)) == "1.016 [0.976, 1.056]"
    assert spelled(Interval(123.4, 9.0, 110.0, 136.8, 5)) == "123 [110, 137]"
    assert spelled(Interval(2.0, 0.0, 2.0, 2.0, 5)) == "2.000 [2.000, 2.000]"
    assert spelled(mean_interval([1.25])) == "1.250"


def test_everything_is_on_the_page_and_in_files(tmp_path: Path) -> None:
    found = trials(40, space(8), seed=3)
    searched = study(
        found, space=space(8), importances={"training.learning_rate": 0.75, "loss": 0.25}, seeds=(0, 1)
    )
    ended = final({"base": GOOD}, tables="| | base |\n|---|---:|\n| FID | 1.5 |")
    report = write_sweep_report(tmp_path, "digits", "a < b", [searched], ended, "- commit: abc")
    assert report.warnings == ()
    assert all((tmp_path / file).stat().st_size > 1000 for file in report.files)
    drawn = ("history", "learning_curves", "slices", "parallel_coordinates", "importance", "expected_best")
    figures = [f"figures/{name}.{ending}" for name in drawn for ending in ("png", "svg")]
    assert sorted(report.files) == sorted(["report.md", "report.html", "report.json", "report.csv", *figures])
    again = read_data(tmp_path)
    assert (again.searched, again.final) == ((searched,), ended)
    with (tmp_path / "report.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["trial"]) for row in rows] == [each.number for each in found]
    best = next(row for row in rows if int(row["trial"]) == searched.best.number)  # type: ignore[union-attr]
    assert float(best[searched.objectives[0].key]) == searched.best.values[0]  # type: ignore[union-attr]
    page = (tmp_path / "report.md").read_text()
    failures = sum(each.state == "failed" for each in found)
    for part in (
        "# digits\n\nThe winner (trial ",
        "a &lt; b",
        "Trials: FID of 2,000 images against the validation split. Winners and baseline: FID of 10,000",
        "The two are not to be compared.",
        "| FID | 1.5 |",
        "| training.learning_rate | log_uniform | 1e-05 to 0.01 |  |",
        "| penalties.0.weight | log_uniform | 0.01 to 10 | penalties is r1 |",
        "Sampler tpe, pruner median; every trial was trained with seeds 0, 1.",
        f"- {failures} × non-finite loss_d at step …",
        "by PED-ANOVA over the",
        "| loss | 0.250 |",
        "The sampler tpe learns from the trials before",
        "only indicative",
        "| 1 trial | ",
        "## Where this comes from\n\n- commit: abc",
    ):
        assert part in page
    assert all(f"(figures/{name}.png)" in page for name in drawn)


def test_the_winner_stands_there_as_yaml_to_use(tmp_path: Path) -> None:
    fence = Parameter("note", "choice", choices={"odd": "```\n<b>", "none": None})
    like_a_number = Parameter("tag", "choice", choices={"text": "1e-4", "number": 1e-4})
    searched = Space((*space(2).parameters, fence, like_a_number))
    point: dict[str, Any] = {
        "training.learning_rate": 1e-5,
        "penalties": "r1",
        "note": "odd",
        "tag": "text",
    }
    best = complete(3, 1.0, **point)
    write_sweep_report(tmp_path, "s", "", [study([best, complete(4, 2.0)], space=searched)], None, "")
    page = (tmp_path / "report.md").read_text()
    block = page.split("````yaml\n")[1].split("````\n")[0]
    assert yaml.safe_load(block) == searched.changes(best.params)
    assert yaml.safe_load(block)["training.learning_rate"] == 1e-5
    # Experiment files are read by the rules of YAML 1.2, where `1e-4` is a number.
    assert "tag: '1e-4'\n" in block
    node = parse(block)
    assert node is not None
    assert plain(node) == searched.changes(point)


def test_the_best_ten_are_listed_in_order(tmp_path: Path) -> None:
    found = [complete(number, 30.0 - number, **{"training.learning_rate": 0.001}) for number in range(20)]
    write_sweep_report(tmp_path, "s", "", [study(found, space=space(1))], None, "")
    rows = [line for line in (tmp_path / "report.md").read_text().splitlines() if line.startswith("| trial ")]
    assert [row.split(" | ")[0] for row in rows] == [f"| trial {number}" for number in range(19, 9, -1)]
    assert rows[0] == "| trial 19 | 11.00 | 0.001 |"


def test_random_search_is_called_exact_and_seeds_are_no_learning_curve(tmp_path: Path) -> None:
    found = trials(12, space(4))
    made = study(found, sampler="random", pruner="wilcoxon")
    report = write_sweep_report(tmp_path, "s", "", [made], None, "")
    page = (tmp_path / "report.md").read_text()
    assert "for which this curve is exact" in page
    assert "indicative" not in page
    assert not any("learning" in file for file in report.files)


def test_every_study_has_its_own_section_figures_and_front(tmp_path: Path) -> None:
    found = trials(30, space(4), seed=2)
    made = [study(found, "a/b", objectives=(FID, SECONDS)), study(found, "hinge")]
    report = write_sweep_report(tmp_path, "s", "", made, None, "")
    page = (tmp_path / "report.md").read_text()
    assert "## a/b\n\n### What was searched" in page
    assert "### The Pareto front" in page
    assert "### The best trials" in page
    assert {"figures/0.pareto.fid.seconds.png", "figures/1.history.svg"} <= set(report.files)
    assert page.count("(figures/expected_best.png)") == 1


def test_text_of_a_person_stays_text(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    broken = replace(failed(1, POINT), reason=f"{evil}\n# no heading\n{'x' * 500}")
    parameter = Parameter("loss", "choice", choices={f"a|{evil}": "hinge"})
    made = study(
        [complete(0, 1.0, loss=f"a|{evil}"), broken],
        evil,
        space=Space((parameter,)),
        protocol=evil,
        sampler=evil,
        pruner=evil,
        objectives=(replace(FID, title=evil),),
        importances={evil: 1.0},
    )
    ended = final({evil: GOOD}, protocol=evil, metric=replace(FID, title=evil))
    report = write_sweep_report(tmp_path, evil, evil, [made, made], ended, "")
    page = (tmp_path / "report.md").read_text()
    assert "<script>" not in page
    assert "\n# no heading" not in page
    assert max(len(line) for line in page.splitlines() if line.startswith("- 1 ×")) < 300
    assert not report.warnings
    for line in page.splitlines():
        if line.startswith("| loss"):
            assert line.replace(r"\|", "").count("|") in {3, 4, 5}


def test_it_is_the_same_when_written_again(tmp_path: Path) -> None:
    made = [study(trials(15, space(4)))]
    first = write_sweep_report(tmp_path / "a", "s", "", made, None, "")
    write_sweep_report(tmp_path / "b", "s", "", made, None, "")
    for file in first.files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()

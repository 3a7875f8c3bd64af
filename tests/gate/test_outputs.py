"""A check as people and programs get it: in 80 columns, as a comment on GitHub, as JUnit XML, as JSON."""

import io
import json
from xml.etree import ElementTree

import pytest
from gated import CONFIG, IDENTITY, OLD, baseline, checked, runs, without_result
from rich.console import Console

from harness.gate.check import CheckResult
from harness.gate.document import check_document, update_document
from harness.gate.junit import junit
from harness.gate.markdown import address_of_job, markdown
from harness.gate.terminal import check_text, update_text
from harness.gate.update import difference
from harness.pages import parser

EVIL = "ValueError: <script>alert(1)</script> | `x` *y*\x00 [z](javascript:alert(2))"
COMMAND = "harness check tiny.yaml 'loss={name: a`b}'"
WORDS = {"good": "PASS", "bad": "REGRESSION", "unclear": "INCONCLUSIVE", "broken": "REGRESSION"}


@pytest.fixture(scope="module")
def result() -> CheckResult:
    """One variant that passes, one that regressed, one undecided, one whose trainings end with EVIL."""
    old = baseline(*(runs(OLD, variant=name) for name in WORDS))
    config = {**CONFIG, "training": {**CONFIG["training"], "learning_rate": 0.02}}  # type: ignore[dict-item]
    identity = {**IDENTITY, "torch": "2.16.0"}
    fresh = [
        *runs([10.0, 10.3, 9.7, 10.1, 9.9], variant="good", identity=identity),
        *runs([15.0, 15.3, 14.7, 15.1, 14.9], variant="bad", identity=identity, config=config),
        *runs([11.2, 12.4, 10.3, 11.9, 11.6], variant="unclear", identity=identity),
        *(without_result(seed, "failed", EVIL, "broken") for seed in range(5)),
    ]
    return checked(fresh, old)


@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_shows_every_number_whole_and_every_verdict_as_a_word(
    width: int, result: CheckResult
) -> None:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(check_text(result))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert all(len(line) <= width for line in shown.splitlines())
    for variant, outcome in WORDS.items():
        assert f"{variant}  {outcome}\n" in shown
    assert "15.00 ± 0.28" in shown
    assert "bad: training.learning_rate: 0.002 → 0.02" in shown
    assert "…" not in shown
    assert "\x00" not in shown


def test_a_verdict_has_a_colour_beside_its_word(result: CheckResult) -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard")
    console.print(check_text(result))
    assert isinstance(console.file, io.StringIO)
    for colour, outcome in ((32, "PASS"), (31, "REGRESSION"), (33, "INCONCLUSIVE")):
        assert f"\x1b[1;{colour}m{outcome}\x1b[0m" in console.file.getvalue()


def test_the_comment_says_all_of_it_and_nothing_of_a_failure_is_a_tag_or_a_link(result: CheckResult) -> None:
    text = markdown(result, COMMAND, "https://github.com/me/gan/actions/runs/1")
    assert text.startswith("### FID gate of tiny: REGRESSION\n")
    page = parser().render(text)
    assert "<script" not in page
    assert 'href="javascript' not in page
    assert "alert(1)" in page
    assert 'href="https://github.com/me/gan/actions/runs/1"' in page
    assert COMMAND in page
    head, *rows = [line for line in text.splitlines() if line.startswith(("| | verdict", "| good", "| bad"))]
    assert {line.count("|") for line in rows} == {head.count("|")}
    assert "**REGRESSION** | 10.04 ± 0.17 (12 seeds) | 15.00 ± 0.28 (5 seeds)" in text
    assert "torch: 2.15.0 → 2.16.0" in text


def test_html_of_the_comment_is_its_fold_alone(result: CheckResult) -> None:
    raw = [line for line in markdown(result, COMMAND).splitlines() if "<" in line]
    assert raw == ["<details><summary>Other metrics, which decide nothing</summary>", "</details>"]


def test_the_address_of_the_job_is_known_on_github_alone() -> None:
    job = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "me/gan", "GITHUB_RUN_ID": "7"}
    assert address_of_job(job) == "https://github.com/me/gan/actions/runs/7"
    assert address_of_job({}) == ""


def test_the_xml_has_the_shape_that_readers_of_junit_agree_on(result: CheckResult) -> None:
    text = junit(result)
    suites = ElementTree.fromstring(text)
    assert suites.tag == "testsuites"
    (suite,) = suites
    assert suite.tag == "testsuite"
    assert suite.attrib == {"name": "tiny", "tests": "4", "failures": "2", "errors": "0", "skipped": "1"}
    cases = {case.attrib["name"]: [child.tag for child in case] for case in suite}
    assert all(case.tag == "testcase" and case.attrib["classname"] == "tiny" for case in suite)
    assert cases == {
        "fid of good": ["system-out"],
        "fid of bad": ["failure", "system-out"],
        "fid of unclear": ["skipped", "system-out"],
        "fid of broken": ["failure", "system-out"],
    }
    for case in suite.iter("testcase"):
        for verdict in (*case.iter("failure"), *case.iter("skipped")):
            assert verdict.attrib["message"]
    assert "<script>alert(1)</script>" in suite[3][0].attrib["message"]  # as text
    assert "\x00" not in text
    assert "\x00" not in ElementTree.tostring(suites, "unicode")


def test_json_holds_what_a_program_decides_by(result: CheckResult) -> None:
    document = json.loads(json.dumps(check_document(result, "tiny.json", COMMAND), allow_nan=False))
    assert document["outcome"] == "REGRESSION"
    assert {name: each["outcome"] for name, each in document["variants"].items()} == WORDS
    bad = document["variants"]["bad"]
    assert bad["low"] <= bad["change"] <= bad["high"]
    assert bad["change"] == pytest.approx(15 / 10.041667 - 1, rel=1e-4)
    assert bad["fresh"]["n"] == len(bad["seeds"]) == 5
    assert bad["beside"]["kid"]["column"]["title"] == "KID"
    assert document["variants"]["broken"]["failed"] == 5


def test_an_update_shows_both_means() -> None:
    update = difference(baseline(), baseline(runs([value + 1 for value in OLD])))
    console = Console(file=io.StringIO(), width=80)
    console.print(update_text(update))
    assert isinstance(console.file, io.StringIO)
    (line,) = [line for line in console.file.getvalue().splitlines() if line.startswith("FID")]
    assert line.split()[2:] == ["10.04", "±", "0.17", "11.04", "±", "0.17", "+1"]
    json.dumps(update_document(update, "tiny.json"), allow_nan=False)
    assert update_document(None, "tiny.json")["difference"] is None

"""A check as JUnit XML, which continuous integration shows beside its tests: a test case for each variant."""

import re
from xml.etree import ElementTree

from harness.gate import shown
from harness.gate.check import Checked, CheckResult

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


def junit(result: CheckResult) -> str:
    """A REGRESSION is a failure; what is INCONCLUSIVE is skipped, for it shows neither."""
    outcomes = [each.verdict.outcome for each in result.variants]
    counts = {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count("REGRESSION")),
        "errors": "0",
        "skipped": str(outcomes.count("INCONCLUSIVE")),
    }
    suites = ElementTree.Element("testsuites", {"name": "harness check", **counts})
    suite = ElementTree.SubElement(suites, "testsuite", {"name": _xml(result.experiment), **counts})
    for checked in result.variants:
        _add(suite, checked, result)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, "unicode", xml_declaration=True) + "\n"


def _add(suite: ElementTree.Element, checked: Checked, result: CheckResult) -> None:
    name = _xml(f"{result.column.key} of {checked.variant}")
    case = ElementTree.SubElement(suite, "testcase", {"classname": _xml(result.experiment), "name": name})
    verdict = checked.verdict
    if verdict.outcome == "REGRESSION":
        attributes = {"type": verdict.outcome, "message": _xml(verdict.reason)}
        ElementTree.SubElement(case, "failure", attributes).text = _xml(_detail(checked, result))
    elif verdict.outcome == "INCONCLUSIVE":
        ElementTree.SubElement(case, "skipped", {"message": _xml(verdict.reason)})
    ElementTree.SubElement(case, "system-out").text = _xml(_detail(checked, result))


def _detail(checked: Checked, result: CheckResult) -> str:
    verdict = checked.verdict
    lines = [
        f"{verdict.outcome}: {verdict.reason}",
        f"{result.column.title}: {shown.mean(verdict.baseline)} -> {shown.mean(verdict.fresh)},"
        f" change {shown.gated_change(checked, result)}, allowed {shown.allowed(result)}",
        *(
            f"{beside.column.title}: {shown.mean(beside.baseline)} -> {shown.mean(beside.fresh)},"
            f" change {shown.change(beside)}"
            for beside in checked.beside
        ),
        *(f"changed: {line}" for line in checked.changed),
    ]
    return "\n".join(lines)


def _xml(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)

"""A gate's verdict as JUnit XML, which every CI server reads: one test case per check."""

from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from ostler.core.sentences import describe_rule
from ostler.review.text import visible
from ostler.triggers.gates.report import GateReport, Judged, Outcome
from ostler.triggers.gates.text import details

_SKIPPED = {
    Outcome.WARNED: "it fails, and does not gate",
    Outcome.KNOWN: "it fails no more than before",
}
"""Neither passed nor failed: CI servers show these apart."""


def junit(reports: tuple[GateReport, ...], *, now: datetime) -> str:
    """The document. Whatever came from data is visible text, so nothing in it breaks the XML."""
    root = Element("testsuites", name="ostler gate")
    for report in reports:
        _suite(root, report, now)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, report: GateReport, now: datetime) -> None:
    suite = SubElement(
        root,
        "testsuite",
        name=visible(report.shown),
        tests=str(len(report.checks)),
        failures=str(len(report.of(Outcome.FAILED))),
        errors="0",
        skipped=str(sum(one.outcome in _SKIPPED for one in report.checks)),
        time="0",
        timestamp=now.isoformat(timespec="seconds").partition("+")[0],
    )
    seen: set[str] = set()
    for one in report.checks:
        name = visible(one.result.check.name or describe_rule(one.result.check.rule))
        if name in seen:
            # CI servers tell the cases of a suite by their names.
            name = f"{name} ({one.result.check.id})"
        seen.add(name)
        case = SubElement(suite, "testcase", classname=visible(report.name), name=name, time="0")
        _outcome(case, one)


def _outcome(case: Element, one: Judged) -> None:
    result = one.result
    if one.outcome is Outcome.FAILED:
        kind = result.check.rule.dimension.value
        failure = SubElement(case, "failure", message=visible(result.observed), type=kind)
        failure.text = "\n".join(details(one))
    elif one.outcome in _SKIPPED:
        why = _SKIPPED[one.outcome]
        SubElement(case, "skipped", message=f"{why}: {visible(result.observed)}")

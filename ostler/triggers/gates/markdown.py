"""A gate's verdict as Markdown, for the summary of a CI job.

What came from data stands in code spans only: no Markdown, HTML, link or mention is read in there.
A character that could end one, or a cell of the table, is written as its code.
"""

from ostler.core.sentences import describe_rule, shortened
from ostler.review.text import visible
from ostler.triggers.gates.report import GateReport, Judged, Outcome
from ostler.triggers.gates.text import failing_rows

_SIGNS = {
    Outcome.FAILED: "❌ failed",
    Outcome.KNOWN: "🔁 no worse",
    Outcome.WARNED: "⚠️ warning",
    Outcome.PASSED: "✅ passed",
}
_LONGEST = 300


def markdown(reports: tuple[GateReport, ...]) -> str:
    """The document; a table of what does not pass for each report, and how many pass."""
    return "\n".join(_section(report) for report in reports)


def _code(shown: str) -> str:
    """Visible text as a code span that also stands in a cell of a table."""
    safe = shortened(shown, _LONGEST).replace("`", "<0060>").replace("|", "<007c>")
    return f"`{safe or ' '}`"


def _section(report: GateReport) -> str:
    verdict = "✅ passed" if report.passed else "❌ failed"
    held = "" if report.against is None else f", held against version {report.against}"
    passing = len(report.of(Outcome.PASSED))
    lines = [
        f"### {verdict}: {_code(visible(report.shown))}",
        "",
        f"{passing:,} of {len(report.checks):,} checks pass on {report.rows:,} rows{held}.",
        "",
    ]
    odd = [one for one in report.checks if one.outcome is not Outcome.PASSED]
    if odd:
        lines += [
            "| | check | observed | failing rows | what to do |",
            "| --- | --- | --- | --- | --- |",
            *(_row(one) for one in odd),
            "",
        ]
    return "\n".join(lines)


def _row(one: Judged) -> str:
    result = one.result
    observed = _code(visible(result.observed))
    if one.before is not None:
        observed += f" (before: {one.before:,})"
    cells = (
        _SIGNS[one.outcome],
        _code(visible(describe_rule(result.check.rule))),
        observed,
        _code(failing_rows(result)) if result.rows else "",
        _code(visible(one.advice)),
    )
    return f"| {' | '.join(cells)} |"

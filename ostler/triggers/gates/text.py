"""A gate's verdict as plain text, where nothing but lines can be shown."""

from ostler.core.checks import CheckResult
from ostler.core.sentences import describe_rule
from ostler.review.text import visible, visible_cell
from ostler.triggers.gates.report import GateReport, Judged, Outcome

_KEY = 60
"""Characters of a row's key that are shown."""


def text(report: GateReport) -> str:
    """What fails, a paragraph per check, after a line that says how many do."""
    failed = report.of(Outcome.FAILED)
    head = f"{visible(report.shown)}: {len(failed):,} of {len(report.checks):,} checks fail\n"
    return head + "".join("\n".join([*_indented(one), ""]) for one in failed)


def _indented(one: Judged) -> list[str]:
    first, *rest = details(one)
    return [f"  {first}", *(f"    {line}" for line in rest)]


def details(one: Judged) -> list[str]:
    """What a person has to know of a check that fails, in lines of harmless text."""
    lines = [
        visible(describe_rule(one.result.check.rule)),
        f"observed: {visible(one.result.observed)}",
    ]
    if one.before is not None:
        lines.append(f"before: {one.before:,}")
    if one.result.rows:
        lines.append(f"failing rows: {failing_rows(one.result)}")
    if one.advice:
        lines.append(f"next: {visible(one.advice)}")
    return lines


def failing_rows(result: CheckResult) -> str:
    """The keys of the failing rows that are named, and how many more there are."""
    shown = ", ".join(visible_cell(row, _KEY) for row in result.rows)
    more = result.failing - len(result.rows)
    return f"{shown} and {more:,} more" if more > 0 else shown

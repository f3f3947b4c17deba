"""Acceptance criteria, measured: on the stage before publishing, on the table afterwards."""

from collections.abc import Iterable

from ostler.core.checks import CheckResult
from ostler.core.items import Criterion
from ostler.execution.context import ExecutionContext
from ostler.tables.delta import VersionedTable
from ostler.tables.view import View
from ostler.tools.neighbours import neighbours
from ostler.tools.quality.measure import measure


class Measured:
    """Two states of a table, and the criteria measured on both in as few scans as possible."""

    def __init__(
        self,
        context: ExecutionContext,
        table: VersionedTable,
        criteria: Iterable[Criterion],
        before: View,
        after: View,
    ) -> None:
        rules = tuple(dict.fromkeys(c.check.rule for c in criteria))
        checks = tuple({c.check.rule: c.check for c in criteria}.values())
        others = neighbours(rules, table, context.newest)
        now = context.clock()
        self._before = measure(before, checks, now=now, others=others, sample=0)
        self._after = measure(after, checks, now=now, others=others, sample=0)
        self._place = {check.rule: place for place, check in enumerate(checks)}

    def unmet(self, criteria: Iterable[Criterion]) -> str:
        """The first criterion that does not hold, as a sentence; empty when all do.

        One holds when no more rows fail than it allows, or than failed before: what the table's
        other rows have become since the dry run is not the patch's fault.
        """
        for criterion in criteria:
            before, after = self._of(criterion)
            if after.failing > max(criterion.max_failing, before.failing):
                return (
                    f"check {criterion.check.id} fails in {after.failing:,} rows, "
                    f"{max(criterion.max_failing, before.failing):,} are allowed"
                )
        return ""

    def results(self, criteria: Iterable[Criterion]) -> tuple[CheckResult, ...]:
        """What the criteria's checks gave afterwards."""
        return tuple(self._of(criterion)[1] for criterion in criteria)

    def _of(self, criterion: Criterion) -> tuple[CheckResult, CheckResult]:
        place = self._place[criterion.check.rule]
        return self._before[place], self._after[place]

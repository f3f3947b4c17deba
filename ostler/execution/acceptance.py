"""Acceptance criteria, measured: on the stage before publishing, on the table afterwards."""

from collections.abc import Iterable, Sequence

from ostler.core.checks import Check, CheckResult
from ostler.core.items import Criterion
from ostler.execution.context import ExecutionContext
from ostler.tables.delta import VersionedTable
from ostler.tables.view import View
from ostler.telemetry import names
from ostler.tools.neighbours import neighbours
from ostler.tools.quality.measure import measure


class Before:
    """The state of a table that others are compared with, and some criteria measured on it."""

    def __init__(
        self,
        context: ExecutionContext,
        table: VersionedTable,
        criteria: Iterable[Criterion],
        view: View,
    ) -> None:
        self._context = context
        self._checks = tuple({c.check.rule: c.check for c in criteria}.values())
        rules = [check.rule for check in self._checks]
        self._others = neighbours(rules, table, context.newest)
        # One clock for both, so that time itself makes no difference.
        self._now = context.clock()
        self._results = self._measure(view)

    def with_state(self, view: View) -> "Measured":
        """The same criteria measured on another state."""
        with self._context.telemetry.span(f"{names.EXECUTE} measure"):
            after = self._measure(view)
        return Measured(self._checks, self._results, after)

    def _measure(self, view: View) -> tuple[CheckResult, ...]:
        return measure(
            view,
            self._checks,
            now=self._now,
            others=self._others,
            sample=0,
            states=self._context.states,
        )


class Measured:
    """Two states of a table, and the criteria measured on both in as few scans as possible."""

    def __init__(
        self,
        checks: Sequence[Check],
        before: Sequence[CheckResult],
        after: Sequence[CheckResult],
    ) -> None:
        self._before, self._after = before, after
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

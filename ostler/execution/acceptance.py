"""Acceptance criteria, measured: on the stage before publishing, on the table afterwards."""

from collections.abc import Iterable, Sequence

from ostler.core.checks import CheckResult
from ostler.core.items import Criterion
from ostler.core.proposals import Proposal
from ostler.execution.context import ExecutionContext
from ostler.tables.delta import VersionedTable
from ostler.tables.publishing import Stage
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


def culprits(
    context: ExecutionContext, stage: Stage, proposals: Sequence[Proposal]
) -> dict[str, str]:
    """Who has to leave a staged batch so that criteria hold, and why, by id; empty when all may go.

    Proposals that mend one thing share its criterion, so when several do not hold it, each is tried
    alone. When each alone would do, the one that was approved last makes room for the others.
    """
    unmet = _unmet(context, stage, proposals)
    suspects = [proposal for proposal in proposals if proposal.id in unmet]
    if len(suspects) <= 1:
        return unmet
    alone: dict[str, str] = {}
    for proposal in suspects:
        patch = context.patches.get(proposal.patch.digest)
        alone |= _unmet(context, stage.bare.with_patch(patch), [proposal])
    last = suspects[-1].id
    return alone or {last: unmet[last]}


def _unmet(
    context: ExecutionContext, stage: Stage, proposals: Sequence[Proposal]
) -> dict[str, str]:
    criteria = [criterion for proposal in proposals for criterion in proposal.acceptance]
    measured = Measured(context, stage.table, criteria, stage.base, stage.view)
    said = {proposal.id: measured.unmet(proposal.acceptance) for proposal in proposals}
    return {name: because for name, because in said.items() if because}

"""Restore: the patch from today's table back to an earlier version, proposed as a change."""

from collections.abc import Sequence

from ostler.core.actions import Restore
from ostler.core.checks import Check, Reported, RowCount
from ostler.core.datasets import Dataset
from ostler.core.errors import Conflict
from ostler.core.items import BacklogItem, Quadrant, Track, item_id
from ostler.core.proposals import Proposal
from ostler.execution.asking import Asked, park_asked
from ostler.execution.context import ExecutionContext
from ostler.execution.later import carried_since
from ostler.policies.requests import Principal
from ostler.tables.staging import between
from ostler.tables.targets import current


def request_restore(
    context: ExecutionContext,
    dataset: Dataset,
    version: int,
    person: Principal,
    checks: Sequence[Check] = (),
) -> Proposal:
    """Park the patch from the newest version to an older one; data that came in since goes too.

    Raises NotFound when there is no such version, Conflict when the table is as it was then, and
    NotAllowed when policy does not let this person ask for it, or nobody make the change.
    """
    table = current(dataset, context.connections)
    view = table.view()
    patch = between(view, table.view(version))
    if patch.empty:
        raise Conflict(
            f"{dataset.name} is as it was in version {version}", "there is nothing to restore"
        )
    since = carried_since(context, table, dataset.name, version)
    undone = tuple(record.proposal for record, _ in since)
    criteria = [criterion.check for proposal in undone for criterion in proposal.acceptance]
    rows = table.view(version).row_count
    what = Reported(alert="restore", what=f"go back to version {version} of {dataset.name}")
    item = _item(dataset, Check(rule=what), version, view.version)
    return park_asked(
        context,
        Asked(
            dataset=dataset,
            view=view,
            patch=patch,
            action=Restore(version=version, proposals=tuple(p.id for p in undone)),
            rule=RowCount(minimum=rows, maximum=rows),
            checks=(*criteria, *checks),
            item=item.id,
            run="",
            trace="",
            summary=f"What lies between version {view.version} and version {version}.",
            tool="restore/1",
            backlog=(item,),
        ),
        person,
    )


def _item(dataset: Dataset, check: Check, version: int, newest: int) -> BacklogItem:
    return BacklogItem(
        id=item_id(dataset.name, check),
        dataset=dataset.name,
        title=f"{dataset.name}: go back to version {version}",
        description=f"Somebody asked for version {version} when {newest} was the newest.",
        in_scope=(dataset.name,),
        out_of_scope=(),
        acceptance=(),
        source=dataset.source or dataset.uri,
        owner=dataset.owner,
        dependencies=(*dataset.upstream, *dataset.downstream),
        definition_of_done=(f"the table is as it was in version {version}",),
        metrics=(),
        rollout=(),
        track=Track.RELIABILITY,
        quadrant=Quadrant.MODEL_HYGIENE,
        finding="",
    )

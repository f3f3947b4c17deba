"""From what is recorded of an execution to its OpenLineage events.

Made when the event is handed on and not when it happens: an execution never waits for it, and the
log's index of the execution is known.
"""

from sqlmodel import Session

from ostler.config.outside import Lineage
from ostler.core.errors import NotFound
from ostler.core.proposals import Proposal
from ostler.store import audit, datasets, executions, proposals
from ostler.store.documents import text_of
from ostler.store.outbox import OutboxEvent
from ostler.store.times import stamp
from ostler.tables.delta import VersionedTable, table_of
from ostler.tools.lineage.events import Approval, Names, Table, ended, started


def openlineage(session: Session, event: OutboxEvent, settings: Lineage) -> str:
    """The event of an execution that began or ended; NotFound when what it needs is gone."""
    names = Names(settings.namespace, settings.job)
    name, digest = str(event.body["proposal"]), str(event.body["digest"])
    proposal = Proposal.model_validate_json(text_of(session, digest, f"proposal {name}"))
    table = table_of(datasets.get_dataset(session, proposal.dataset))
    if event.kind == "proposal.executing":
        approval = _approval(session, proposal, digest, None)
        before = _table(table, proposal.patch.base_version)
        return started(proposal, approval, names, before, stamp(event.created_at))
    fence = event.body["fence"]
    found = [one for one in executions.executions_of(session, name) if one.fence == fence]
    if not found:
        raise NotFound(f"claim {fence} of proposal {name} is not recorded")
    [execution] = found
    index = next(
        entry.index
        for entry in reversed(audit.entries(session, subject=name))
        if entry.kind == "execution.recorded" and entry.at == execution.at
    )
    approval = _approval(session, proposal, digest, index)
    after = execution.version_after
    return ended(
        proposal,
        execution,
        approval,
        names,
        _table(table, execution.version_before),
        None if after is None else _table(table, after, counted=True),
    )


def _approval(session: Session, proposal: Proposal, digest: str, index: int | None) -> Approval:
    votes = proposals.votes_on(session, proposal.id, digest)
    approvers = sorted({vote.reviewer for vote in votes if vote.decision == "approve"})
    return Approval(digest, tuple(approvers), proposal.verdict.policy, index)


def _table(table: VersionedTable, version: int, *, counted: bool = False) -> Table:
    view = table.view(version)
    return Table(version, view.columns, view.row_count if counted else None)

"""What is told outside: one table of the kinds of events, and what each of them says.

No cell's value and no free text leaves with an event: ids, counts, versions, digests and the names
of columns do. Whoever needs more asks with the id. What an event says comes from columns alone: a
document that was edited is no reason not to tell.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Row
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from ostler.core.checks import CheckResult
from ostler.core.datasets import WORKSPACE
from ostler.core.items import BacklogItem
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.store.models import BacklogItemRow, ProposalRow, Stored, table_of
from ostler.store.outbox import enqueue, event_id
from ostler.store.times import instant, stamp

KINDS: dict[str, str] = {
    "proposal.parked": "it waits for votes",
    "proposal.escalated": "it waits past its SLA, and another role is asked as well",
    "proposal.expiring": "proposals of a run wait, and lapse soon; once per run",
    "proposal.approved": "people or policy said yes",
    "proposal.rejected": "people said no",
    "proposal.denied": "policy says no",
    "proposal.expired": "nobody decided or executed it in time",
    "proposal.stale": "the table has moved on under it",
    "proposal.executing": "a worker has taken it",
    "proposal.canary": "it is looked at where few see it",
    "proposal.published": "it is in the table",
    "proposal.failed": "it is not in the table, or was undone",
    "proposal.revoked": "a person took the approval back",
    "proposal.aborted": "it was taken out again while it was a canary",
    "proposal.reverted": "it was in the table and was taken out again",
    "proposal.withdrawn": "the newest run no longer proposes it",
    "proposal.superseded": "a person edited it; the edited one waits instead",
    "proposal.answered": "it was a question, and a person answered it",
    "proposal.drilled": "it was a drill; nothing came of it",
    "run.parked": "a run left proposals that wait for votes; once per run",
    "contract.published": "a version of a contract is in force; its compatibility and consumers",
    "document.activated": "another version of the policies or of a prompt is in force",
    "item.open": "a finding opened a backlog item",
    "item.done": "its criteria hold on the published version",
    "item.reopened": "it is to be done again",
    "item.due": "a recurring item was opened",
    "gate.failed": "a gate stopped on a version; which checks, and their items",
    "watch.failed": "something scheduled could not be done",
    "execution.recorded": "an execution ended; its outcome and versions",
}
"""Every kind of event, and when it is told."""


ANYONE = "anyone"
"""Stands for a role where a proposal waits for no special one."""

_SOON = timedelta(days=6)
"""Before this nothing lapses soon."""

_ONCE = (ProposalState.EXECUTING.value, ProposalState.CANARY.value)
"""States that a proposal comes to again with each look of a worker; news only the first time."""


def tell_proposal(session: Session, proposal_id: str, *, at: datetime) -> None:
    """A proposal has come to the state that it is in."""
    row = _row(session, ProposalRow, proposal_id)
    kind = f"proposal.{row.state}"
    data: dict[str, JsonValue] = {
        "proposal": row.id,
        "dataset": row.dataset,
        "item": row.item,
        "run": row.run,
        "state": row.state,
        "digest": row.digest,
        "score": row.score,
        "fence": row.fence,
    }
    when = row.digest if row.state in _ONCE else stamp(at)
    enqueue(session, event_id(row.id, row.state, when), kind, data, at=at)


def tell_item(session: Session, item_id: str, *, at: datetime) -> None:
    """A backlog item has come to the state that it is in."""
    row = _row(session, BacklogItemRow, item_id)
    data: dict[str, JsonValue] = {"item": row.id, "dataset": row.dataset, "state": row.state}
    identity = event_id(row.id, row.state, stamp(at))
    enqueue(session, identity, f"item.{row.state}", data, at=at)


def tell_execution(
    session: Session,
    proposal_id: str,
    fence: int,
    outcome: ProposalState,
    versions: tuple[int, int | None],
    *,
    at: datetime,
) -> None:
    """A claim of a proposal has ended."""
    row = _row(session, ProposalRow, proposal_id)
    data: dict[str, JsonValue] = {
        "proposal": proposal_id,
        "dataset": row.dataset,
        "digest": row.digest,
        "fence": fence,
        "outcome": outcome.value,
        "version_before": versions[0],
        "version_after": versions[1],
    }
    which = row.digest if outcome.value in _ONCE else fence
    identity = event_id(proposal_id, outcome.value, which, "recorded")
    enqueue(session, identity, "execution.recorded", data, at=at)


def tell_run(session: Session, run: str, waiting: Sequence[Proposal], *, at: datetime) -> None:
    """A run left proposals that wait for people, best first; nothing when it left none."""
    if not waiting:
        return
    roles = Counter(role for proposal in waiting for role in proposal.verdict.roles or (ANYONE,))
    data: dict[str, JsonValue] = {
        "run": run,
        "dataset": waiting[0].dataset,
        "waiting": len(waiting),
        "proposal": waiting[0].id,
        "roles": dict(sorted(roles.items())),
    }
    enqueue(session, event_id(run, "parked"), "run.parked", data, at=at)


def tell_expiring(session: Session, *, at: datetime) -> None:
    """Per run, that its proposals wait and lapse soon: in the last fifth of their time."""
    rows = session.exec(
        select(ProposalRow)
        .where(
            col(ProposalRow.state) == ProposalState.PARKED,
            col(ProposalRow.expires_at) < stamp(at + _SOON),
            col(ProposalRow.expires_at) > stamp(at),
        )
        .order_by(col(ProposalRow.run), col(ProposalRow.score).desc(), col(ProposalRow.id))
    )
    for (run, dataset, ends), found in groupby(
        rows, key=lambda row: (row.run, row.dataset, row.expires_at or "")
    ):
        waiting = list(found)
        whole = instant(ends) - instant(waiting[0].created_at)
        if instant(ends) - at <= whole / 5:
            data: dict[str, JsonValue] = {
                "run": run,
                "dataset": dataset,
                "waiting": len(waiting),
                "proposal": waiting[0].id,
                "expires_at": ends,
            }
            enqueue(session, event_id(run, ends, "expiring"), "proposal.expiring", data, at=at)


def tell_escalated(
    session: Session, proposal_id: str, roles: Sequence[str], *, at: datetime
) -> None:
    """A proposal waits past its SLA; who has one of the roles is asked as well."""
    row = _row(session, ProposalRow, proposal_id)
    data: dict[str, JsonValue] = {
        "proposal": row.id,
        "dataset": row.dataset,
        "item": row.item,
        "run": row.run,
        "digest": row.digest,
        "roles": dict.fromkeys(sorted(roles), 1),
    }
    identity = event_id(row.id, row.digest, sorted(roles), "escalated")
    enqueue(session, identity, "proposal.escalated", data, at=at)


def tell_gate(
    session: Session,
    dataset: str,
    version: int,
    failed: Sequence[tuple[str, CheckResult]],
    *,
    at: datetime,
) -> None:
    """A gate stopped: each check that failed with its item. Once for the same result."""
    checks: list[JsonValue] = [
        {
            "item": item,
            "rule": result.check.rule.kind,
            "columns": list(result.check.rule.columns),
            "failing": result.failing,
            "total": result.total,
        }
        for item, result in failed
    ]
    data: dict[str, JsonValue] = {
        "dataset": dataset,
        "version": version,
        "checks": checks,
    }
    enqueue(session, event_id("gate", dataset, version, checks), "gate.failed", data, at=at)


def tell_due_item(
    session: Session, item: BacklogItem, kind: str, previous: str, *, at: datetime
) -> None:
    """A recurring item was opened."""
    data: dict[str, JsonValue] = {
        "item": item.id,
        "dataset": item.dataset,
        "kind": kind,
        "previous": previous,
    }
    enqueue(session, event_id(item.id, "due"), "item.due", data, at=at)


def tell_watch_failed(
    session: Session, schedule: str, mark: str, dataset: str, do: str, *, at: datetime
) -> None:
    """An occurrence of a schedule could not be dealt with."""
    data: dict[str, JsonValue] = {
        "schedule": schedule,
        "dataset": dataset,
        "do": do,
        "occurrence": mark,
    }
    enqueue(session, event_id(schedule, mark, "failed"), "watch.failed", data, at=at)


def tell_contract(
    session: Session,
    dataset: str,
    number: int,
    facts: Mapping[str, JsonValue],
    *,
    at: datetime,
) -> None:
    """A version of a contract has come into force; `facts` name versions, digests and readers."""
    identity = event_id(dataset, "contract", number)
    data: dict[str, JsonValue] = {"dataset": dataset, "number": number, **facts}
    enqueue(session, identity, "contract.published", data, at=at)


def tell_document(
    session: Session, document: str, name: str, facts: Mapping[str, JsonValue], *, at: datetime
) -> None:
    """Another version of a document of the workspace counts; `facts` say which, and its digest."""
    data: dict[str, JsonValue] = {
        "dataset": WORKSPACE.name,
        "document": document,
        "name": name,
        **facts,
    }
    identity = event_id(document, name, facts["number"])
    enqueue(session, identity, "document.activated", data, at=at)


def _row(session: Session, row: type[Stored], name: str) -> Row[Any]:
    """The columns of a row, not the object: reading that anew would change it under its holder."""
    table = table_of(row)
    return session.connection().execute(select_columns(table).where(table.c["id"] == name)).one()

"""Courses: what a proposal's row was, entry by entry of the log, what was erased of it included."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ostler.core.canonical import Digest
from ostler.core.states import ProposalState
from ostler.store import audit
from ostler.store.erasures import ERASED, erasure_in, together
from ostler.store.models import ProposalRow, table_of
from ostler.store.projection import Change, Columns, change_of
from ostler.store.proposals import escalated_roles

_TABLE = table_of(ProposalRow).name


class Passed(NamedTuple):
    """One entry about a proposal."""

    entry: audit.AuditEntry
    step: Change | None
    """What it did to a row, if it did anything to one."""
    did: Columns
    """The columns of the proposal's row that it set."""
    digest: Digest | None
    """Of the document that the proposal had then."""
    escalated: tuple[str, ...]
    """The roles that it had been escalated to by then."""


def course(entries: Sequence[audit.AuditEntry]) -> Iterator[Passed]:
    """The entries about one proposal, which are given, and what its row was after each.

    ValueError for an entry that makes no sense. Of an erased payload the erasing entry's word
    stands, if it is about the same proposal.
    """
    erased = together(
        {
            one.index: erasure_in(one.payload)
            for one in entries
            if one.kind == ERASED and one.payload
        }
    ).payloads
    row: dict[str, object] = {}
    for entry in entries:
        step = change_of(entry.payload) or erased.get(entry.index)
        mine = step is not None and (step.table, step.key) == (_TABLE, (entry.subject,))
        did: Columns = step.set if step is not None and mine else {}
        row |= did
        digest, roles = row.get("digest"), row.get("escalated_to")
        yield Passed(
            entry,
            step,
            did,
            digest if isinstance(digest, str) else None,
            escalated_roles(roles if isinstance(roles, str) else None),
        )


def approval(passed: Sequence[Passed]) -> int | None:
    """Where in a course the proposal was approved, the last time; None when it never was."""
    found = [n for n, one in enumerate(passed) if one.did.get("state") == ProposalState.APPROVED]
    return found[-1] if found else None


def by_policy(passed: Sequence[Passed]) -> bool:
    """Whether policy alone let it through: it was approved in the breath in which it was parked.

    Next in the log, by the same actor and at the same time. A run goes on writing after that, so
    that nobody can put an approval there later; behind what was parked alone somebody who is next
    to write can.
    """
    place = approval(passed)
    if not place:
        return False
    before, then = passed[place - 1], passed[place]
    parked = before.did.get("state") == ProposalState.PARKED and "digest" in before.did
    one, other = before.entry, then.entry
    told = (one.index + 1, one.actor, one.at)
    return parked and told == (other.index, other.actor, other.at)

"""The states of a proposal, of an item and of a run, and the only transitions there are.

Nothing else changes a state: `ostler.store.transitions` refuses what this table does not list.
docs/states.md draws the first one.
"""

from enum import StrEnum


class ProposalState(StrEnum):
    """Where a proposal stands."""

    DENIED = "denied"
    PARKED = "parked"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    EXECUTING = "executing"
    CANARY = "canary"
    STALE = "stale"
    PUBLISHED = "published"
    FAILED = "failed"
    REVOKED = "revoked"
    ABORTED = "aborted"
    REVERTED = "reverted"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    ANSWERED = "answered"
    DRILLED = "drilled"


S = ProposalState

TRANSITIONS: dict[ProposalState, tuple[ProposalState, ...]] = {
    S.PARKED: (
        *(S.APPROVED, S.REJECTED, S.EXPIRED, S.STALE, S.DENIED),
        *(S.WITHDRAWN, S.SUPERSEDED, S.ANSWERED, S.DRILLED),
    ),
    # Back to parked when votes no longer suffice: a key was revoked, a stand-in sent home.
    S.APPROVED: (S.EXECUTING, S.REJECTED, S.EXPIRED, S.STALE, S.REVOKED, S.PARKED, S.DRILLED),
    # Back to approved when a worker gives the claim up before it published anything.
    S.EXECUTING: (
        *(S.PUBLISHED, S.CANARY, S.STALE, S.FAILED, S.EXPIRED, S.APPROVED, S.DENIED),
        # Rejected: a vote against it that its state did not show.
        *(S.REVOKED, S.ABORTED, S.REJECTED, S.DRILLED),
    ),
    # Each look at a canary is a claim of its own.
    S.CANARY: (S.EXECUTING, S.ABORTED),
    S.PUBLISHED: (S.REVERTED,),
    # What is found again, cell for cell, is parked again.
    S.STALE: (S.PARKED,),
    S.EXPIRED: (S.PARKED,),
    S.DENIED: (S.PARKED,),
    S.WITHDRAWN: (S.PARKED,),
    # A person has put another one in its place, or has answered it.
    S.SUPERSEDED: (),
    S.ANSWERED: (),
    S.DRILLED: (),
    S.REJECTED: (),
    S.FAILED: (),
    S.REVOKED: (),
    S.ABORTED: (),
    # Back, when what reverted it is reverted itself.
    S.REVERTED: (S.PUBLISHED,),
}
"""From each state, the states that may follow."""

OPEN = (S.PARKED, S.APPROVED, S.EXECUTING, S.CANARY)
"""States in which somebody or something still has to act."""

PUBLISHED_ONCE = (S.PUBLISHED, S.REVERTED)
"""Also what another one has reverted since."""

GONE_ON = (S.EXECUTING, S.CANARY, *PUBLISHED_ONCE)
"""States that only enough votes lead to, or policy alone where it asks for none."""


class ItemState(StrEnum):
    """Where a backlog item stands."""

    OPEN = "open"
    DONE = "done"
    REOPENED = "reopened"


class RunState(StrEnum):
    """Where a grooming run stands."""

    RUNNING = "running"
    PARKED = "parked"
    FAILED = "failed"

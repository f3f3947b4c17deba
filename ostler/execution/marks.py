"""Marks: what a table's transactions say of a proposal. The table is the arbiter, these its words.

    P           APPLIED: the whole patch is in the table. REVOKED: it never will be.
    P/fence     the highest claim that has committed or settled anything; earlier ones are barred.
    P/canary    the claim that published the canary.
    undo/P/…    the same number once that canary has been taken out again.

A commit with a mark is refused when another one with it came in since its snapshot, so of a
publish, a revocation and a settlement that race exactly one gets through.
"""

from dataclasses import dataclass

from ostler.tables.stage import APPLIED, REVOKED, Stage


def fence(proposal: str) -> str:
    """The mark of the highest claim."""
    return f"{proposal}/fence"


def canary(proposal: str) -> str:
    """The mark of a canary."""
    return f"{proposal}/canary"


def undone_canary(proposal: str) -> str:
    """The mark of a canary that was taken out again."""
    return f"undo/{proposal}/canary"


@dataclass(frozen=True)
class Standing:
    """What one snapshot says of one proposal."""

    applied: bool
    revoked: bool
    fence: int
    """0 when no claim has left its number."""


def standing(stage: Stage, proposal: str) -> Standing:
    """What a snapshot says of a proposal."""
    mark = stage.standing(proposal)
    return Standing(
        applied=mark == APPLIED,
        revoked=mark == REVOKED,
        fence=stage.standing(fence(proposal)) or 0,
    )


def canary_out(stage: Stage, proposal: str) -> int | None:
    """The claim whose canary is in a snapshot, or None: never published, or taken out again."""
    published = stage.standing(canary(proposal))
    return None if stage.standing(undone_canary(proposal)) == published else published

"""Deeds as they are kept: entries of the log beside what they are about, each with its signature.

Checked when it is done, when what came of it is about to run, and by the audit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from sqlmodel import Session

from ostler.core.canonical import canonical_json
from ostler.core.deeds import ACTS, Deed, Wanted
from ostler.core.errors import Conflict, OstlerError, VerificationFailed
from ostler.core.roster import Roster, Trust
from ostler.store import audit, rosters
from ostler.store.audit import AuditEntry
from ostler.store.signatures import Statement, check_statement

DEED = "ostler-deed"
"""The namespace of deeds' signatures."""

DONE = "deed.done"
"""The kind of entry."""


@dataclass(frozen=True)
class Signed:
    """A deed as it is kept."""

    deed: Deed
    text: str
    """Exactly what was signed."""
    signature: str | None
    """None where there is no roster to check one by."""


def signed(deed: Deed, signature: str | None) -> Signed:
    """A deed that is about to be done."""
    return Signed(deed, canonical_json(deed), signature)


def keep(session: Session, done: Signed, trust: Trust) -> None:
    """Keep the deed of what the same transaction does; nothing is kept where there is no roster.

    NotAllowed or VerificationFailed when it is not signed by the person's own key, Conflict when it
    was done before.
    """
    deed = done.deed
    found = rosters.in_force(session, trust)
    if found is None:
        return
    check_deed(found.roster, done, deed.at)
    if any(entry.payload.get("deed") == done.text for entry in _entries(session, deed.subject)):
        raise Conflict(f"{deed.person} did that before: {deed.subject}", "do it again")
    audit.append(
        session,
        at=deed.at,
        actor=deed.person,
        kind=DONE,
        subject=deed.subject,
        payload={"deed": done.text, "signature": done.signature},
    )


def check_deed(roster: Roster, done: Signed, now: datetime) -> None:
    """Raise unless the person signed it by a key that was theirs then and is at a later moment.

    VerificationFailed: it was not signed so at all. NotAllowed: the key is not one that counts.
    """
    deed = done.deed
    what = f"that {deed.person} {ACTS[deed.act]}"
    said = Statement(what, deed.person, deed.at, DEED, done.text, done.signature)
    check_statement(roster, said, now)


def deed_in(entry: AuditEntry) -> Signed:
    """The deed of an entry (VerificationFailed for one that says nothing of the kind)."""
    text, signature = entry.payload.get("deed"), entry.payload.get("signature")
    if not isinstance(text, str):
        raise VerificationFailed(f"what entry {entry.index} said of a deed is gone")
    try:
        deed = Deed.model_validate_json(text)
    except ValidationError as error:
        raise VerificationFailed(f"the deed of entry {entry.index} cannot be read") from error
    if (deed.subject, deed.person) != (entry.subject, entry.actor):
        raise VerificationFailed(f"the deed of entry {entry.index} is that of something else")
    return Signed(deed, text, signature if isinstance(signature, str) else None)


def lacking(session: Session, wanted: Wanted, check: Callable[[AuditEntry, Signed], object]) -> str:
    """Why nobody did what is wanted; empty when there is a deed that `check` raises nothing for."""
    reasons: list[str] = []
    for entry in _entries(session, wanted.subject):
        try:
            done = deed_in(entry)
            if not wanted.by(done.deed):
                continue
            check(entry, done)
        except OstlerError as error:
            reasons.append(error.message)
        else:
            return ""
    return reasons[0] if reasons else wanted.lacks


def lacking_today(session: Session, wanted: Wanted, trust: Trust, at: datetime) -> str:
    """Why what is wanted does not count by today's roster; empty when it does, or there is none."""
    found = rosters.in_force(session, trust)
    if found is None:
        return ""
    roster = found.roster
    return lacking(session, wanted, lambda _, done: check_deed(roster, done, at))


def _entries(session: Session, subject: str) -> Iterator[AuditEntry]:
    return (one for one in audit.entries(session, subject=subject) if one.kind == DONE)

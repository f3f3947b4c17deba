"""Rosters and delegations: installed by signature, and read only as far as the signatures hold.

What somebody writes straight into the database counts for nothing: each roster is checked against
the one before it whenever the one in force is asked for.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from sqlmodel import Session, col, select

from ostler.core.canonical import Digest, canonical_json, digest_bytes
from ostler.core.errors import BadInput, Conflict, NotAllowed, NotFound, VerificationFailed
from ostler.core.names import same_name
from ostler.core.roster import Delegation, Roster, Trust
from ostler.store import audit, sshsig
from ostler.store.documents import keep_text, text_of
from ostler.store.models import DelegationRow, RosterRow
from ostler.store.projection import Event, add, change
from ostler.store.times import instant, maybe_instant, stamp

ROSTER = "ostler-roster"
DELEGATION = "ostler-delegation"
"""The namespaces of signatures: one over a roster is never one over anything else."""

SUBJECT = "roster"
"""What the log's entries on rosters are about."""

INSTALLED = "roster.installed"
MADE = "delegation.made"
WITHDRAWN = "delegation.withdrawn"
"""The kinds of the entries on rosters and delegations."""


@dataclass(frozen=True)
class Installed:
    """A roster that holds."""

    roster: Roster
    digest: Digest
    signer: str
    """Public line of the key that signed it."""
    at: datetime


@dataclass(frozen=True)
class Delegated:
    """A delegation as it is kept."""

    delegation: Delegation
    signature: str
    at: datetime
    withdrawn_at: datetime | None


def read_roster(text: str) -> Roster:
    """The roster in a text (BadInput, in one sentence)."""
    try:
        return Roster.model_validate(json.loads(text, object_pairs_hook=_once))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BadInput(f"this is no roster: {where}: {first['msg']}") from None
    except ValueError as error:
        raise BadInput(f"this is no roster: {error}") from None


def _once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """A JSON object; one that says a thing twice is read differently by different readers."""
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r} stands there twice")
        found[name] = value
    return found


def roster_text(roster: Roster) -> str:
    """A roster as it is written, read by people and signed."""
    return roster.model_dump_json(indent=2, exclude_defaults=True) + "\n"


def install(
    session: Session, text: str, signature: str, trust: Trust, *, actor: str, at: datetime
) -> Installed:
    """Put the next roster in force; BadInput, Conflict or VerificationFailed when it is none."""
    before = in_force(session, trust)
    made = _checked(before, text, signature, trust, at)
    columns = {
        "number": made.roster.number,
        "digest": keep_text(session, text),
        "signature": signature,
        "installed_at": stamp(at),
    }
    add(session, Event(at, actor, INSTALLED, SUBJECT), RosterRow, columns)
    return made


def _checked(
    before: Installed | None, text: str, signature: str, trust: Trust, at: datetime
) -> Installed:
    """A roster that follows on the one before, and was signed by whoever may."""
    roster = read_roster(text)
    number, previous = (before.roster.number + 1, before.digest) if before else (1, "")
    if (roster.number, roster.previous) != (number, previous):
        raise Conflict(
            f"it is roster {roster.number} and does not follow on the one in force, "
            + (f"{number - 1} ({previous[:12]})" if before else "of which there is none"),
            "make it anew from the one in force: ostler identity roster show",
        )
    signer = sshsig.verify(signature, ROSTER, text.encode())
    if signer not in (before.roster if before else roster).administrators(at):
        raise VerificationFailed(
            f"roster {number} is signed by {sshsig.fingerprint(signer)}, which is no key of an "
            "administrator" + (" of the one before" if before else " in it")
        )
    if before is None and trust.root and signer != trust.root:
        raise VerificationFailed(
            f"the first roster is signed by {sshsig.fingerprint(signer)}, "
            f"the root here is {sshsig.fingerprint(trust.root)}"
        )
    return Installed(roster, digest_bytes(text.encode()), signer, at)


def check(session: Session, text: str, signature: str, trust: Trust, *, at: datetime) -> Installed:
    """What installing it would say, without doing it."""
    return _checked(in_force(session, trust), text, signature, trust, at)


def installed(session: Session, trust: Trust) -> tuple[tuple[Installed, ...], str]:
    """The rosters that hold, oldest first, and why the one after them does not; empty for none."""
    found: list[Installed] = []
    for row in session.exec(select(RosterRow).order_by(col(RosterRow.number))):
        try:
            text = text_of(session, row.digest, f"roster {row.number}")
            before = found[-1] if found else None
            made = _checked(before, text, row.signature, trust, instant(row.installed_at))
            if made.roster.number != row.number:
                raise VerificationFailed(f"roster {row.number} is in the place of another")
            found.append(made)
        except (VerificationFailed, BadInput, Conflict) as error:
            return tuple(found), f"roster {row.number} counts for nothing: {error.message}"
    if not found and audit.entries(session, subject=SUBJECT, limit=1):
        return (), "the log knows of a roster, and it is gone"
    return tuple(found), ""


def in_force(session: Session, trust: Trust) -> Installed | None:
    """The newest roster that holds; None where none was ever installed.

    Raises VerificationFailed where there was one and none holds: that is not the same as none.
    """
    found, why = installed(session, trust)
    if not found and why:
        raise VerificationFailed(why, "`ostler audit verify` names what was changed")
    return found[-1] if found else None


def delegate(
    session: Session, roster: Roster, delegation: Delegation, signature: str, *, at: datetime
) -> None:
    """Let somebody stand in for somebody; NotAllowed or VerificationFailed when that is not so."""
    problem = unfit(roster, delegation, signature, at)
    if problem:
        raise NotAllowed(problem, "see who is who: ostler identity list")
    for other in delegations(session, roster, at):
        mine = (same_name(delegation.delegator), delegation.role)
        if (same_name(other.delegator), other.role) == mine and other.active(at):
            raise Conflict(
                f"{other.delegate} stands in for {other.delegator} as {other.role} already",
                f"withdraw it first: ostler identity withdraw {other.id}",
            )
    columns = {
        "id": delegation.id,
        "digest": keep_text(session, canonical_json(delegation)),
        "signature": signature,
        "at": stamp(at),
        "withdrawn_at": None,
    }
    event = Event(at, delegation.delegator, MADE, delegation.id)
    add(session, event, DelegationRow, columns)


def unfit(roster: Roster, delegation: Delegation, signature: str, at: datetime) -> str:
    """Why a delegation counts for nothing under a roster; empty when it does count."""
    text = canonical_json(delegation).encode()
    try:
        signer = sshsig.verify(signature, DELEGATION, text)
    except VerificationFailed as error:
        return f"delegation {delegation.id}: {error.message}"
    giver, taker = roster.member(delegation.delegator), roster.member(delegation.delegate)
    if giver is None or giver.kind != "person" or signer not in giver.keys_at(at):
        return f"delegation {delegation.id} is not signed by a key of {delegation.delegator}"
    if taker is None or taker.kind != "person" or taker == giver:
        return f"{delegation.delegate} is nobody who could stand in for {delegation.delegator}"
    if not any(held.role == delegation.role for held in giver.roles):
        return f"{delegation.delegator} does not hold the role {delegation.role}"
    return ""


def withdraw(session: Session, typed: str, *, actor: str, at: datetime) -> None:
    """End a delegation now (NotFound, Conflict)."""
    row = session.exec(select(DelegationRow).where(DelegationRow.id == typed.upper())).first()
    if row is None:
        raise NotFound(f"there is no delegation {typed!r}", "see: ostler identity list")
    event = Event(at, actor, WITHDRAWN, row.id)
    done = change(
        session,
        event,
        DelegationRow,
        (row.id,),
        {"withdrawn_at": stamp(at)},
        only_if={"withdrawn_at": None},
    )
    if not done:
        raise Conflict(f"delegation {row.id} is withdrawn already")


def all_delegations(session: Session) -> tuple[Delegated, ...]:
    """Every delegation that was ever recorded, oldest first, whether or not it counts."""
    rows = session.exec(select(DelegationRow).order_by(col(DelegationRow.at), DelegationRow.id))
    return tuple(
        Delegated(
            Delegation.model_validate_json(text_of(session, row.digest, f"delegation {row.id}")),
            row.signature,
            instant(row.at),
            maybe_instant(row.withdrawn_at),
        )
        for row in rows.all()
    )


def delegations(session: Session, roster: Roster, at: datetime) -> tuple[Delegation, ...]:
    """Those that count at a moment under a roster, oldest first."""
    return tuple(
        one.delegation
        for one in all_delegations(session)
        if one.delegation.active(at)
        and (one.withdrawn_at is None or at < one.withdrawn_at)
        and not unfit(roster, one.delegation, one.signature, one.delegation.since)
        and not unfit(roster, one.delegation, one.signature, at)
    )

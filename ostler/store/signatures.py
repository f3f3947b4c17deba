"""Signatures of people: whether a statement was signed by a key of the person whom it names."""

from dataclasses import dataclass
from datetime import datetime

from ostler.core.errors import NotAllowed, VerificationFailed
from ostler.core.names import same_name
from ostler.core.roster import Roster
from ostler.store import sshsig


@dataclass(frozen=True)
class Statement:
    """What a person says, as they signed it."""

    what: str
    """What it is called in a sentence: `the vote of ana`."""
    person: str
    at: datetime
    """When they signed it, as it says itself."""
    namespace: str
    text: str
    """Exactly what was signed."""
    signature: str | None


def check_statement(roster: Roster, said: Statement, now: datetime) -> None:
    """Raise unless a person's own key signed it, valid when they did and at a later moment.

    VerificationFailed: it was not signed so at all. NotAllowed: the key is not one that counts.
    """
    if said.signature is None:
        raise NotAllowed(f"{said.what} is not signed")
    try:
        line = sshsig.verify(said.signature, said.namespace, said.text.encode())
    except VerificationFailed as error:
        raise VerificationFailed(f"{said.what}: {error.message}") from error
    holder, name = roster.holder(line), sshsig.fingerprint(line)
    if holder is None or same_name(holder.name) != same_name(said.person):
        raise NotAllowed(f"{said.what} is signed by {name}, which is no key of theirs")
    if holder.kind != "person":
        raise NotAllowed(f"{holder.name} is an agent, and agents never vote or act as people")
    for at in (said.at, now):
        if line not in holder.keys_at(at):
            raise NotAllowed(f"{said.what} is signed by {name}, not valid then")

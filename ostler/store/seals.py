"""Seals: which proposals are drills, told by the drill key alone until somebody has decided.

Where there is a drill key, every waiting proposal gets a seal, the salted hash of what it is; the
drills get theirs in the transaction that parks them. Salts come from the key and the document, so
the database holds nothing that tells the one from the other. An opened seal holds its salt, and
anybody can see that what it says now is what it said when the proposal was parked.
"""

import hmac
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, func, select

from ostler.core.canonical import Digest, digest_of
from ostler.core.errors import Conflict, VerificationFailed
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.store.documents import ERASED_BODY, checked
from ostler.store.models import DocumentRow, ProposalRow, SealRow
from ostler.store.projection import Event, add, change
from ostler.store.times import stamp
from ostler.store.transitions import move

REAL = "real"

DAMAGES = {
    "swapped": "it gave cells the values of other cells",
    "neighbour": "its values were the ones next to the right ones",
    "backwards": "it replaced what is right by what is wrong",
}
"""How a drill is made wrong, and what its reviewer is told of it."""

_NATURES = (REAL, *DAMAGES)
_DECIDED = (ProposalState.APPROVED, ProposalState.REJECTED, ProposalState.DRILLED)


class Opening(NamedTuple):
    """What a seal says, and the salt that proves it."""

    nature: str
    salt: str

    @property
    def is_drill(self) -> bool:
        """Whether it was made to be rejected."""
        return self.nature != REAL


class Locked(Conflict):
    """The drill key that is here, if there is one, does not open a seal."""

    def __init__(self, proposal: str) -> None:
        super().__init__(
            f"proposal {proposal} is sealed, and no drill key here opens it",
            "give this machine the workspace's drill key: .ostler/drill.key or OSTLER_DRILL_KEY",
        )


def drill_sentence(decision: str, nature: str) -> str:
    """What is said to whoever decided on a drill."""
    how = DAMAGES.get(nature, "it was wrong")
    said = {
        "approve": f"it was a drill, and you missed it: {how}",
        "reject": f"it was a drill, and you caught it: {how}",
    }
    return said.get(decision, f"it was a drill: {how}")


def seal_of(salt: str, nature: str, proposal: str, digest: Digest) -> Digest:
    """The seal of one document of a proposal."""
    return digest_of(["ostler seal 1", salt, nature, proposal, digest])


def salt_of(key: bytes, digest: Digest) -> str:
    """The salt of a document's seal: 256 bits that nobody without the key can guess."""
    return hmac.digest(key, digest.encode(), "sha256").hex()


def opening(session: Session, key: bytes, proposal: str, digest: Digest) -> Opening | None:
    """What the seal of a document says; None for one that has no seal, Locked without the key."""
    query = select(SealRow.seal).where(
        SealRow.proposal == proposal, SealRow.proposal_digest == digest
    )
    seal = session.exec(query).first()
    return None if seal is None else _opened(key, proposal, digest, seal)


def along(session: Session, key: bytes, proposal: Proposal, digest: Digest) -> Opening | None:
    """What the seals of a proposal and of those that it was made of say; a drill among them wins.

    None when none of them has a seal; Locked when one cannot be opened here, or when one of them
    is gone: then nobody can say what it was.
    """
    found = opening(session, key, proposal.id, digest)
    seen, before = {proposal.id}, proposal.follows
    while before and before not in seen and not (found and found.is_drill):
        seen.add(before)
        query = select(ProposalRow.digest, DocumentRow.body).join(DocumentRow)
        row = session.exec(query.where(ProposalRow.id == before)).first()
        if row is None:
            raise Locked(before)
        found = opening(session, key, before, row[0]) or found
        if row[1] == ERASED_BODY:
            # Its own seal has been read; what that was made of is not known any more.
            break
        text = checked(row[1], row[0], f"proposal {before}")
        before = Proposal.model_validate_json(text).follows
    return found


def may_run(session: Session, key: bytes, proposal: Proposal, digest: Digest) -> bool:
    """Whether neither a proposal nor what it was made of has a seal that says it is a drill."""
    try:
        found = along(session, key, proposal, digest)
    except Locked:
        return False
    except VerificationFailed:
        return True  # The recheck says what was edited.
    return found is None or not found.is_drill


def seal_waiting(
    session: Session, key: bytes, *, at: datetime, actor: str, drill: tuple[str, str] = ("", "")
) -> None:
    """Seal whatever waits without a seal; `drill` is the id of a drill and how it is wrong."""
    sealed = select(SealRow.proposal).where(
        SealRow.proposal == ProposalRow.id, SealRow.proposal_digest == ProposalRow.digest
    )
    query = (
        select(ProposalRow.id, ProposalRow.digest)
        .where(ProposalRow.state == ProposalState.PARKED, ~sealed.exists())
        .order_by(col(ProposalRow.id))
    )
    for proposal, digest in session.exec(query).all():
        nature = drill[1] if proposal == drill[0] else REAL
        columns = {
            "proposal": proposal,
            "proposal_digest": digest,
            "seal": seal_of(salt_of(key, digest), nature, proposal, digest),
        }
        add(session, Event(at, actor, "proposal.sealed", proposal), SealRow, columns)


def end_drill(
    session: Session,
    proposal: str,
    digest: Digest,
    source: ProposalState,
    found: Opening,
    because: str,
    *,
    actor: str,
    at: datetime,
) -> ProposalState:
    """Open the seal of a drill that somebody has decided on; nothing else ever comes of it."""
    _open(session, proposal, digest, found, actor=actor, at=at)
    target = ProposalState.DRILLED
    move(session, proposal, source, target, actor=actor, at=at, because=because)
    return target


def open_decided(session: Session, key: bytes, *, actor: str, at: datetime) -> None:
    """Open the seals of what was decided where no key was at hand; approved drills end here."""
    query = (
        select(SealRow.proposal, SealRow.proposal_digest, SealRow.seal, ProposalRow.state)
        .join(ProposalRow, col(ProposalRow.id) == SealRow.proposal)
        .where(
            col(SealRow.opened_at).is_(None),
            SealRow.proposal_digest == ProposalRow.digest,
            col(ProposalRow.state).in_(_DECIDED),
        )
        .order_by(SealRow.proposal)
    )
    for proposal, digest, seal, state in session.exec(query).all():
        try:
            found = _opened(key, proposal, digest, seal)
        except Locked:
            continue
        if found.is_drill and state == ProposalState.APPROVED:
            because = f"it was a drill, and was approved: {DAMAGES[found.nature]}"
            source = ProposalState.APPROVED
            end_drill(session, proposal, digest, source, found, because, actor=actor, at=at)
        else:
            _open(session, proposal, digest, found, actor=actor, at=at)


def drills_waiting(session: Session, key: bytes) -> int:
    """How many drills wait."""
    return sum(found.is_drill for found in _of_waiting(session, key))


def how_many(session: Session) -> int:
    """How many seals there are."""
    return int(session.exec(select(func.count()).select_from(SealRow)).one())


def drills_of(session: Session, key: bytes, ids: Sequence[str]) -> frozenset[str]:
    """Those of some proposals that are drills."""
    query = (
        select(SealRow.proposal, SealRow.proposal_digest, SealRow.seal)
        .where(col(SealRow.proposal).in_(ids))
        .order_by(SealRow.proposal)
    )
    return frozenset(
        proposal
        for proposal, digest, seal in session.exec(query)
        if not _is_real(key, proposal, digest, seal)
    )


def drills_ended(session: Session) -> int:
    """How many drills somebody has decided on."""
    query = select(func.count()).select_from(SealRow).where(col(SealRow.drill).is_not(None))
    return int(session.exec(query).one())


def _of_waiting(session: Session, key: bytes) -> Iterator[Opening]:
    query = (
        select(SealRow.proposal, SealRow.proposal_digest, SealRow.seal)
        .join(ProposalRow, col(ProposalRow.id) == SealRow.proposal)
        .where(
            ProposalRow.state == ProposalState.PARKED,
            SealRow.proposal_digest == ProposalRow.digest,
        )
        .order_by(SealRow.proposal)
    )
    for proposal, digest, seal in session.exec(query):
        try:
            yield _opened(key, proposal, digest, seal)
        except Locked:
            continue


def _is_real(key: bytes, proposal: str, digest: Digest, seal: str) -> bool:
    try:
        return not _opened(key, proposal, digest, seal).is_drill
    except Locked:
        return False


def _opened(key: bytes, proposal: str, digest: Digest, seal: str) -> Opening:
    if not key:
        raise Locked(proposal)
    salt = salt_of(key, digest)
    for nature in _NATURES:
        if hmac.compare_digest(seal_of(salt, nature, proposal, digest), seal):
            return Opening(nature, salt)
    raise Locked(proposal)


def _open(
    session: Session, proposal: str, digest: Digest, found: Opening, *, actor: str, at: datetime
) -> None:
    columns = {
        "salt": found.salt,
        "drill": found.nature if found.is_drill else None,
        "opened_at": stamp(at),
    }
    change(
        session,
        Event(at, actor, "seal.opened", proposal),
        SealRow,
        (proposal, digest),
        columns,
        only_if={"opened_at": None},
    )

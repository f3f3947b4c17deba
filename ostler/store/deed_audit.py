"""The audit of deeds: what people did since the first roster, and whether they signed it.

By the roster that was in force at the deed's entry in the log. Each kind of entry that a person
brings about wants a deed; each deed is wanted by the entry of what it was done for.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue
from sqlmodel import Session, col, select

from ostler.core.deeds import Act, Wanted, proposed, unmasking, word_on, words_on
from ostler.core.errors import NotFound, OstlerError
from ostler.core.proposals import Proposal
from ostler.core.roster import Trust
from ostler.core.states import ProposalState
from ostler.store import audit, rosters
from ostler.store.audit import AuditEntry
from ostler.store.ballot_audit import Flaw
from ostler.store.deeds import DONE, Signed, deed_in
from ostler.store.documents import text_of
from ostler.store.electorates import Past, past
from ostler.store.erasures import ERASED, erasure_in
from ostler.store.executions import Execution
from ostler.store.models import ProposalRow
from ostler.store.promotions import promotion

_UNREADABLE = (OstlerError, ValueError)

_MADE: tuple[Act, ...] = ("edit", "answer")

_WORKER = "executor"
"""Who finishes what a person told the table and could not tell the database any more."""


@dataclass
class _Kept:
    """A deed that holds, and what in the log was done by it."""

    index: int
    done: Signed
    met: set[tuple[tuple[Act, ...], str]]
    """What was wanted of it, and the subject of the entry that did."""


def flaws(session: Session, trust: Trust) -> Iterator[Flaw]:
    """Every deed that does not hold, and every act of a person since the first roster without one.

    What was erased of an act is not asked after; what its documents are not, the log names.
    """
    try:
        installed, _ = rosters.installed(session, trust)
    except _UNREADABLE:
        return  # The audit of votes names it.
    people = past(session, installed)
    kept: list[_Kept] = []
    yield from _deeds(session, people, kept)
    begun = people.indexes[0] if people.indexes else None
    found: dict[str, list[_Kept]] = {}
    for one in kept:
        found.setdefault(one.done.deed.subject, []).append(one)
    if begun is not None:
        for entry in audit.of_kinds(session, tuple(_WANTS), after=begun):
            wanted = _wanted(session, entry)
            if wanted is not None and not _meet(found.get(wanted.subject, []), wanted, entry):
                yield Flaw("deed", wanted.subject, f"{wanted.lacks} (entry {entry.index})")
    # What an act was may be gone with what was erased of its subject; an erasing is listed.
    erased = {entry.subject for entry in audit.of_kinds(session, (ERASED,))}
    for one in kept:
        deed = one.done.deed
        if not one.met and deed.subject not in erased:
            why = f"what {deed.person} signed in entry {one.index} is not what was done"
            yield Flaw("deed", deed.subject, why)


def _deeds(session: Session, people: Past, kept: list[_Kept]) -> Iterator[Flaw]:
    """Those that do not hold; the others are kept."""
    seen: set[str] = set()
    for entry in audit.of_kinds(session, (DONE,)):
        try:
            done = deed_in(entry)
            people.check_deed(entry.index, done)
        except OstlerError as error:
            yield Flaw("deed", entry.subject, error.message)
            continue
        if done.text in seen:
            why = f"entry {entry.index} plays a deed of {done.deed.person} again"
            yield Flaw("deed", entry.subject, why)
            continue
        seen.add(done.text)
        kept.append(_Kept(entry.index, done, set()))


def _meet(kept: list[_Kept], wanted: Wanted, entry: AuditEntry) -> bool:
    """Whether there is a deed for an act, before it and for no other of its kind."""
    act = wanted.acts, entry.subject
    for one in kept:
        if one.index < entry.index and act not in one.met and wanted.by(one.done.deed):
            one.met.add(act)
            return True
    return False


def _wanted(session: Session, entry: AuditEntry) -> Wanted | None:
    """The deed that an entry wants; None where no person did it, or where it was erased."""
    try:
        return _WANTS[entry.kind](session, entry)
    except _UNREADABLE:
        return None  # Named by those who look at rows and documents.


def _parked(session: Session, entry: AuditEntry) -> Wanted | None:
    digest = _set(entry).get("digest")
    if not isinstance(digest, str):
        return None
    try:
        text = text_of(session, digest, f"proposal {entry.subject}")
    except NotFound:
        return None
    return proposed(Proposal.model_validate_json(text))


def _moved(session: Session, entry: AuditEntry) -> Wanted | None:
    """What a person did to a card, by the state that it came to."""
    state = _set(entry).get("state")
    if state == ProposalState.PARKED:
        return _parked(session, entry)
    if entry.actor == _WORKER:
        return None
    if state in (ProposalState.SUPERSEDED, ProposalState.ANSWERED):
        return _answered(session, entry)
    digest = _digest_of(session, entry.subject)
    if state == ProposalState.DRILLED and not _voted(session, entry):
        return Wanted(_MADE, entry.actor, entry.subject, (digest,))
    if state in (ProposalState.REVOKED, ProposalState.ABORTED):
        words = words_on(digest, str(_set(entry).get("reason")))
        return Wanted(("revoke",), entry.actor, entry.subject, words)
    return None


def _answered(session: Session, entry: AuditEntry) -> Wanted | None:
    """The deed of an edit or an answer stands with what came of it."""
    for after in audit.entries(session, subject=entry.subject, after=entry.index):
        said = _set(after)
        if after.kind == "proposal.answer" and after.actor == entry.actor:
            subject, document = str(said.get("made") or entry.subject), str(said.get("digest"))
            return Wanted(_MADE, entry.actor, subject, (document,))
    return Wanted(_MADE, entry.actor, entry.subject, ())


def _unmasked(_session: Session, entry: AuditEntry) -> Wanted | None:
    columns = entry.payload.get("columns")
    if not isinstance(columns, list):
        return None
    document = unmasking(entry.subject, (str(one) for one in columns))
    return Wanted(("unmask",), entry.actor, entry.subject, (document,))


def _promoted(session: Session, entry: AuditEntry) -> Wanted | None:
    said = _set(entry)
    if said.get("outcome") != ProposalState.CANARY:
        return None
    text = text_of(session, str(said.get("digest")), f"an execution of {entry.subject}")
    execution = Execution.model_validate_json(text)
    if not execution.promoted:
        return None
    return promotion(entry.subject, _digest_of(session, entry.subject), execution)


def _described(_session: Session, entry: AuditEntry) -> Wanted | None:
    document = str(_set(entry).get("digest"))
    return Wanted(("describe",), entry.actor, entry.subject, (document,))


def _erased(_session: Session, entry: AuditEntry) -> Wanted | None:
    because = erasure_in(entry.payload).because
    return Wanted(("erase",), entry.actor, entry.subject, (word_on(entry.subject, because),))


_WANTS: Mapping[str, Callable[[Session, AuditEntry], Wanted | None]] = {
    "proposal.parked": _parked,
    "proposal.moved": _moved,
    "values.unmasked": _unmasked,
    "execution.recorded": _promoted,
    "dataset.replaced": _described,
    ERASED: _erased,
}
"""By the kind of an entry: the deed that it wants."""


def _set(entry: AuditEntry) -> Mapping[str, JsonValue]:
    """The columns that an entry set; none where its payload was erased."""
    step = entry.payload.get("row")
    said = step.get("set") if isinstance(step, dict) else None
    return said if isinstance(said, dict) else {}


def _digest_of(session: Session, proposal: str) -> str:
    query = select(ProposalRow.digest).where(col(ProposalRow.id) == proposal)
    return session.exec(query).first() or ""


def _voted(session: Session, entry: AuditEntry) -> bool:
    told = audit.entries(session, subject=entry.subject)
    return any((one.kind, one.actor) == ("vote.cast", entry.actor) for one in told)

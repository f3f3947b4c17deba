"""Everything that a scope names, read once: cases for the report, files for the bundle."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from ostler.core.canonical import Digest
from ostler.core.errors import NotFound
from ostler.core.masking import Masks, masked
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.replay.evidence.files import (
    Files,
    Sources,
    add_documents,
    add_patch,
    add_run,
    add_traces,
)
from ostler.replay.evidence.scope import Scope
from ostler.store import log_key, rosters
from ostler.store.ballots import Ballot
from ostler.store.documents import text_of
from ostler.store.entry_proofs import Entry
from ostler.store.erasures import ERASED, erasure_in
from ostler.store.executions import Execution, executions_of
from ostler.store.models import AuditEntryRow, ProposalRow
from ostler.store.proposals import ballots_on, proposal_of
from ostler.store.runs import RunRecord, get_run
from ostler.store.times import instant
from ostler.telemetry.traceparent import derived

_BATCH = 500


@dataclass(frozen=True)
class Case:
    """One proposal and all that was said and done about it."""

    id: str
    dataset: str
    item: str
    digest: Digest
    """What votes are bound to."""
    state: ProposalState
    changed_at: datetime
    proposal: Proposal | None
    """None: it was erased, and an entry says so."""
    shown: Proposal | None
    """The same as whoever exports sees it."""
    ballots: tuple[Ballot, ...]
    executions: tuple[Execution, ...]
    entries: tuple[Entry, ...]
    masks: Masks


@dataclass(frozen=True)
class Gathered:
    """All of a scope."""

    scope: Scope
    cases: tuple[Case, ...]
    runs: tuple[RunRecord, ...]
    entries: tuple[Entry, ...]
    """Of all of it, by their place in the log; and those that say whose keys count."""
    files: Files


def gather(session: Session, scope: Scope, sources: Sources) -> Gathered:
    """Read all of it; VerificationFailed for what was edited since it was recorded."""
    told = _entries(session, scope.subjects)
    about = defaultdict[str, list[Entry]](list)
    for entry in told:
        about[entry.subject].append(entry)
    cases = tuple(_case(session, one, about[one], sources) for one in scope.proposals)
    runs = tuple(get_run(session, run) for run in scope.runs)
    hidden = {case.id for case in cases if case.masks}
    hidden |= {run.id for run in runs if sources.masks(run.inputs.dataset)}
    hidden |= {one for case in cases if case.masks for one in (case.item, case.dataset)}
    files = Files()
    for entry in told:
        add_documents(files, session, entry, withhold=entry.subject in hidden)
    for case in cases:
        if case.proposal is not None:
            add_patch(files, case.proposal, sources, withhold=bool(case.masks))
        add_traces(files, [one.trace for one in case.executions], sources)
    for run in runs:
        add_run(files, run, sources, withhold=run.id in hidden)
        add_traces(files, [derived("run", run.id)], sources)
    for entry in told:
        if entry.kind == ERASED:
            files.erased(erasure_in(entry.said))
    shown = tuple(_without_prose(one) if one.subject in hidden else one for one in told)
    files.withheld_entries = {
        one.index for one, was in zip(shown, told, strict=True) if one.payload != was.payload
    }
    return Gathered(scope, cases, runs, shown, files)


def _entries(session: Session, subjects: Sequence[str]) -> tuple[Entry, ...]:
    """The entries about some subjects, and those by which votes and checkpoints are checked."""
    keys = or_(
        col(AuditEntryRow.subject) == rosters.SUBJECT,
        col(AuditEntryRow.kind).in_((log_key.NAMED, rosters.MADE, rosters.WITHDRAWN)),
    )
    found: dict[int, Entry] = {}
    batches = (subjects[start : start + _BATCH] for start in range(0, len(subjects), _BATCH))
    for which in (keys, *(col(AuditEntryRow.subject).in_(batch) for batch in batches)):
        for row in session.exec(select(AuditEntryRow).where(which)):
            found[row.index] = Entry.model_validate(row.model_dump(include=set(Entry.model_fields)))
    return tuple(found[index] for index in sorted(found))


def _case(session: Session, name: str, entries: Sequence[Entry], sources: Sources) -> Case:
    row = session.exec(select(ProposalRow).where(ProposalRow.id == name)).one()
    masks = sources.masks(row.dataset)
    try:
        proposal = proposal_of(row, text_of(session, row.digest, f"proposal {name}"))
    except NotFound:
        gone = (erasure_in(one.said).documents for one in entries if one.kind == ERASED)
        if not any(row.digest in documents for documents in gone):
            raise
        proposal = None
    return Case(
        id=name,
        dataset=row.dataset,
        item=row.item,
        digest=row.digest,
        state=ProposalState(row.state),
        changed_at=instant(row.changed_at),
        proposal=proposal,
        shown=masked(proposal, masks),
        ballots=ballots_on(session, name, row.digest),
        executions=tuple(masked(one, masks) for one in executions_of(session, name)),
        entries=tuple(entries),
        masks=masks,
    )


def _without_prose(entry: Entry) -> Entry:
    """An entry whose payload is withheld where somebody may have written a value into it.

    That of an erasing is not: what is blank rests on it, and whoever erases is told to name nobody.
    """
    if entry.kind == ERASED:
        return entry
    row, detail = entry.said.get("row"), entry.said.get("detail")
    columns = row.get("set") if isinstance(row, dict) else None
    parts = [part for part in (columns, detail) if isinstance(part, dict)]
    if not any(part.get(name) for part in parts for name in ("reason", "because")):
        return entry
    return entry.model_copy(update={"payload": "", "salt": ""})

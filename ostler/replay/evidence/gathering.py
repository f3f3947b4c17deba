"""Everything that a scope names, read once: cases for the report, files for the bundle."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from ostler.core.masking import Masks, masked
from ostler.core.proposals import Proposal
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
from ostler.store.entry_proofs import Entry
from ostler.store.executions import Execution, executions_of
from ostler.store.models import AuditEntryRow
from ostler.store.proposals import ProposalRecord, get_proposal
from ostler.store.runs import RunRecord, get_run
from ostler.telemetry.traceparent import derived

_BATCH = 500


@dataclass(frozen=True)
class Case:
    """One proposal and all that was said and done about it."""

    record: ProposalRecord
    shown: Proposal
    """The proposal as whoever exports sees it."""
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
    hidden = {case.record.proposal.id for case in cases if case.masks}
    hidden |= {run.id for run in runs if sources.masks(run.inputs.dataset)}
    hidden |= {one for case in cases if case.masks for one in (case.shown.item, case.shown.dataset)}
    files = Files()
    for entry in told:
        add_documents(files, session, entry, withhold=entry.subject in hidden)
    for case in cases:
        add_patch(files, case.record.proposal, sources, withhold=bool(case.masks))
        add_traces(files, [one.trace for one in case.executions], sources)
    for run in runs:
        add_run(files, run, sources, withhold=run.id in hidden)
        add_traces(files, [derived("run", run.id)], sources)
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


def _case(session: Session, proposal: str, entries: Sequence[Entry], sources: Sources) -> Case:
    record = get_proposal(session, proposal)
    masks = sources.masks(record.proposal.dataset)
    return Case(
        record=record,
        shown=masked(record.proposal, masks),
        executions=tuple(masked(one, masks) for one in executions_of(session, proposal)),
        entries=tuple(entries),
        masks=masks,
    )


def _without_prose(entry: Entry) -> Entry:
    """An entry whose payload is withheld where somebody may have written a value into it."""
    row, detail = entry.said.get("row"), entry.said.get("detail")
    columns = row.get("set") if isinstance(row, dict) else None
    parts = [part for part in (columns, detail) if isinstance(part, dict)]
    if not any(part.get(name) for part in parts for name in ("reason", "because")):
        return entry
    return entry.model_copy(update={"payload": "", "salt": ""})

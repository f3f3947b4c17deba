"""Everything that a scope names, read once: cases for the report, files for the bundle."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session, col, select

from ostler.core.canonical import Digest, canonical_json
from ostler.core.errors import NotFound
from ostler.core.masking import Masks, masked
from ostler.core.proposals import Proposal
from ostler.replay.evidence.scope import Scope
from ostler.store.audit import AuditEntry, entries
from ostler.store.executions import Execution, executions_of
from ostler.store.models import DocumentRow
from ostler.store.objects import Objects
from ostler.store.proposals import ProposalRecord, get_proposal
from ostler.store.runs import RunRecord, get_run
from ostler.tables.patch_files import PatchFiles
from ostler.tables.patches import lines_of
from ostler.telemetry.spans import read_trace
from ostler.telemetry.traceparent import derived

_INPUTS = ("facts", "files", "contract", "policy", "config", "learned", "experience", "recipe")
"""What a run's inputs name that is kept as an object."""


@dataclass(frozen=True)
class Sources:
    """Where things lie, and what whoever exports does not see."""

    objects: Objects
    patches: PatchFiles
    spans: Path
    masks: Callable[[str], Masks]
    """By dataset."""


@dataclass(frozen=True)
class Case:
    """One proposal and all that was said and done about it."""

    record: ProposalRecord
    shown: Proposal
    """The proposal with what is hidden from whoever exports masked."""
    signers: Mapping[str, str]
    """By reviewer: the fingerprint of the key that signed."""
    executions: tuple[Execution, ...]
    entries: tuple[AuditEntry, ...]
    masks: Masks


@dataclass(frozen=True)
class Gathered:
    """All of a scope."""

    scope: Scope
    cases: tuple[Case, ...]
    runs: tuple[RunRecord, ...]
    entries: tuple[AuditEntry, ...]
    files: "Files"


@dataclass
class Files:
    """The files of a bundle by their names, and what could not be one of them."""

    content: dict[str, bytes] = field(default_factory=dict[str, bytes])
    withheld: set[Digest] = field(default_factory=set[Digest])
    """What holds values that whoever exports does not see."""
    missing: list[str] = field(default_factory=list[str])
    """What was recorded and is not here: erased, or on another machine."""

    def add(self, name: str, digest: Digest, read: Callable[[], bytes], *, withhold: bool) -> None:
        """A file that is named by a digest; once."""
        if withhold:
            self.withheld.add(digest)
        elif name not in self.content and name not in self.missing:
            try:
                self.content[name] = read()
            except NotFound:
                self.missing.append(name)


def gather(session: Session, scope: Scope, sources: Sources) -> Gathered:
    """Read all of it; VerificationFailed for what was edited since it was recorded."""
    about = tuple(entry for one in scope.subjects for entry in entries(session, subject=one))
    told = tuple(sorted(about, key=lambda entry: entry.index))
    cases = tuple(_case(session, proposal, told, sources) for proposal in scope.proposals)
    runs = tuple(get_run(session, run) for run in scope.runs)
    hidden = {name for name in scope.datasets if sources.masks(name)}
    hidden |= {case.record.proposal.id for case in cases if case.masks}
    hidden |= {run.id for run in runs if run.inputs.dataset in hidden}
    files = Files()
    for entry in told:
        _documents(session, entry, files, withhold=entry.subject in hidden)
    for case in cases:
        _patch(case.record.proposal, sources, files, withhold=bool(case.masks))
        _traces(sources, files, [one.trace.split("-")[1] for one in case.executions if one.trace])
    for run in runs:
        _objects(run, sources, files, withhold=run.id in hidden)
        _traces(sources, files, [derived("run", run.id).split("-")[1]])
    return Gathered(scope, cases, runs, told, files)


def _case(session: Session, proposal: str, told: Sequence[AuditEntry], sources: Sources) -> Case:
    record = get_proposal(session, proposal)
    masks = sources.masks(record.proposal.dataset)
    return Case(
        record=record,
        shown=masked(record.proposal, masks),
        signers={},
        executions=tuple(masked(one, masks) for one in executions_of(session, proposal)),
        entries=tuple(entry for entry in told if entry.subject == proposal),
        masks=masks,
    )


def _documents(session: Session, entry: AuditEntry, files: Files, *, withhold: bool) -> None:
    """Every document that an entry's row names."""
    row = entry.payload.get("row")
    columns = row.get("set") if isinstance(row, dict) else None
    named = columns.get("digest") if isinstance(columns, dict) else None
    if not isinstance(named, str):
        return
    body = session.exec(select(DocumentRow.body).where(col(DocumentRow.digest) == named)).first()
    # The digest in the row of a step names an object.
    if body is not None:
        files.add(f"documents/{named}", named, body.encode, withhold=withhold)


def _patch(proposal: Proposal, sources: Sources, files: Files, *, withhold: bool) -> None:
    digest = proposal.patch.digest
    path = sources.patches.path(digest)
    if not path.exists() and not (proposal.patch.rows or proposal.schema_change):
        return
    files.add(f"patches/{digest}.parquet", digest, lambda: _read(path), withhold=withhold)
    files.add(
        f"patches/{digest}.lines",
        digest,
        lambda: lines_of(sources.patches.get(digest)),
        withhold=withhold,
    )


def _objects(run: RunRecord, sources: Sources, files: Files, *, withhold: bool) -> None:
    inputs = {name: getattr(run.inputs, name, None) for name in _INPUTS}
    steps = {step.name: step.digest for step in run.steps}
    for digest in (*inputs.values(), *steps.values()):
        if isinstance(digest, str) and digest:
            open_to_all = digest in (run.inputs.policy, run.inputs.config, run.inputs.contract)
            files.add(
                f"objects/{digest}",
                digest,
                lambda digest=digest: sources.objects.content(digest),
                withhold=withhold and not open_to_all,
            )


def _traces(sources: Sources, files: Files, ids: Iterable[str]) -> None:
    for trace in ids:
        files.add(
            f"traces/{trace}.json",
            trace,
            lambda trace=trace: canonical_json(read_trace(sources.spans, trace)).encode(),
            withhold=False,
        )

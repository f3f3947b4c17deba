"""Verification of a whole workspace: the log, every row and file under it, and the tables."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from deltalake.exceptions import DeltaError
from sqlmodel import col, select

from ostler.agents.data_files import DataFiles
from ostler.core.canonical import Digest, digest_bytes
from ostler.core.datasets import Dataset
from ostler.core.documents import digest_of_texts
from ostler.core.errors import BadInput, OstlerError
from ostler.core.proposals import Proposal
from ostler.core.roster import NO_TRUST, Trust
from ostler.core.runs import RunInputs
from ostler.core.states import ProposalState
from ostler.replay.outside_heads import Kept, contradictions
from ostler.replay.unexplained import unexplained
from ostler.replay.without_votes import unjustified
from ostler.storage.paths import digest_of_file, path_of
from ostler.store import activations, registry
from ostler.store.announcements import announced
from ostler.store.ballot_audit import flaws
from ostler.store.documents import ERASED_BODY, checked
from ostler.store.engine import Store
from ostler.store.erasures import Erased
from ostler.store.heads import Head
from ostler.store.models import DocumentRow, ProposalRow, RunRow, RunStepRow
from ostler.store.notes import VerifierKey
from ostler.store.objects import Objects
from ostler.store.proposals import proposal_of
from ostler.store.verify import Verified, examine_store
from ostler.tables.delta import Commit, files_of, table_of
from ostler.tables.patch_files import PatchFiles
from ostler.tables.targets import Connections, ledger_of

_IN_TABLE = (ProposalState.PUBLISHED, ProposalState.REVERTED)

_ON_THE_WAY = (ProposalState.APPROVED, ProposalState.EXECUTING, ProposalState.CANARY)
"""Perhaps in the table, and not yet closed: the next worker does that."""

NO_CONNECTIONS: Connections = {}

_UNREADABLE = (OstlerError, DeltaError, ValueError)
"""What reading something that was edited may raise."""


class Fault(NamedTuple):
    """Something that does not hold: what kind of thing, which one, and why."""

    kind: str
    subject: str
    message: str


@dataclass(frozen=True)
class Verification:
    """What came of it."""

    faults: tuple[Fault, ...]
    """Empty when all holds."""
    log: Verified
    notes: tuple[Fault, ...] = ()
    """What others did, where they may."""

    @property
    def head(self) -> Head:
        """Of the log, computed from its leaves."""
        return self.log.head

    @property
    def erased(self) -> tuple[Fault, ...]:
        """What is gone, by the entry that says so."""
        return tuple(
            Fault("erased", str(index), f"{erasure.counted}: {erasure.because}")
            for index, erasure in sorted(self.log.erasures.items())
        )


class _Proposal(NamedTuple):
    """What the state database says of a proposal."""

    id: str
    dataset: str
    state: str
    patch: Digest | None
    """None when its document was edited; the log shows that."""
    contract: Digest
    """Of the contract that it brings; empty when it brings none, or its document was edited."""
    brings: Literal["", "contract", "document", "erased"] = ""
    """What it changes instead of a table, which then carries none of it; `erased`: who knows."""
    document: tuple[str, str, int, Digest] | None = None
    """Kind, name, number and digest of the document's version that it brings."""


class _Named(NamedTuple):
    """An object that a run names."""

    digest: Digest
    run: str
    what: str


_Claims = Mapping[tuple[str, Digest], str]
"""Of a data file and the digest that it should have: who says so."""


def verify_workspace(
    store: Store,
    objects: Objects,
    patches: PatchFiles,
    datasets: Sequence[Dataset],
    progress: Callable[[str], None] = lambda _: None,
    connections: Connections = NO_CONNECTIONS,
    trust: Trust = NO_TRUST,
) -> tuple[Fault, ...]:
    """Everything that does not hold, named; empty when all does."""
    found = examine_workspace(store, objects, patches, datasets, progress, connections, trust)
    return found.faults


def examine_workspace(
    store: Store,
    objects: Objects,
    patches: PatchFiles,
    datasets: Sequence[Dataset],
    progress: Callable[[str], None] = lambda _: None,
    connections: Connections = NO_CONNECTIONS,
    trust: Trust = NO_TRUST,
    *,
    kept: Sequence[Kept] = (),
    cosigned: Sequence[Kept] = (),
    witnesses: Sequence[VerifierKey] = (),
) -> Verification:
    """Everything that does not hold, named.

    `kept` are checkpoints from outside, each cosigned by all `witnesses`; `cosigned` are those of
    the workspace's own folder.
    """
    progress("the audit log and the rows under it")
    log = examine_store(store, objects, lambda size: progress(f"the audit log: {size:,} entries"))
    faults = [Fault(p.kind, p.subject, p.message) for p in log.problems]
    notes: list[Fault] = []
    try:
        for where, why in (
            *contradictions(store, kept, witnesses),
            *contradictions(store, cosigned),
        ):
            faults.append(Fault("checkpoint", where, why))
        proposals, named = _proposals(store), _named_by_runs(store)
    except BadInput as error:
        faults.append(Fault("unreadable", store.where, error.message))
        return Verification(tuple(faults), log)
    progress("rosters and votes")
    faults += _votes(store, trust)
    faults += [Fault("vote", *one) for one in unjustified(store, objects, patches)]
    progress("patch files")
    faults += _patch_files(proposals, patches, log.erased)
    progress("published contracts")
    faults += _registry(store, proposals)
    progress("policies and prompts in force")
    faults += _activations(store, proposals)
    progress("what runs were given and recorded")
    faults += _gone(named, objects, log.erased)
    claims = dict(_read_by_runs(named, objects))
    for dataset in datasets:
        progress(f"the history of {dataset.name}")
        try:
            commits = table_of(dataset).history()
            needed = files_of(table_of(dataset).handle())
        except _UNREADABLE as error:
            why = str(error).partition("\n")[0]
            faults.append(Fault("table", dataset.name, f"its log cannot be read: {why}"))
            continue
        faults += _history(dataset, commits, proposals)
        with store.reading() as session:
            said = announced(session, dataset.name)
        for one in unexplained(dataset, commits, {p.id for p in proposals}, said):
            where = f"{dataset.name}@{one.version}"
            (faults if one.is_fault else notes).append(Fault("table", where, one.message))
        if any(_contradicted(dataset, commits, proposals)):
            # Read again: what was parked before the log was read may have gone all the way since.
            faults += _contradicted(dataset, commits, _proposals(store))
        faults += _missing(needed)
        faults += _ledger(dataset, commits, connections)
        claims |= _made_by_commits(dataset, commits)
    progress("data files")
    faults += _data_files(claims)
    return Verification(tuple(faults), log, tuple(notes))


def _proposals(store: Store) -> list[_Proposal]:
    query = select(ProposalRow, DocumentRow.body).join(DocumentRow).order_by(col(ProposalRow.id))
    found: list[_Proposal] = []
    with store.reading() as session:
        for row, body in session.exec(query):
            try:
                read = proposal_of(row, body)
            except _UNREADABLE:
                # Of what was erased nobody knows any more whether a table carries it.
                brings = "erased" if body == ERASED_BODY else ""
                found.append(_Proposal(row.id, row.dataset, row.state, None, "", brings))
                continue
            facts = (row.id, row.dataset, row.state, read.patch.digest)
            brings = (
                "contract" if read.contract_change else "document" if _document_of(read) else ""
            )
            found.append(_Proposal(*facts, _contract_of(read), brings, _document_of(read)))
    return found


def _votes(store: Store, trust: Trust) -> Iterator[Fault]:
    with store.reading() as session:
        try:
            yield from (Fault(*flaw) for flaw in flaws(session, trust))
        except _UNREADABLE as error:
            yield Fault("unreadable", "votes", str(error).partition("\n")[0])


def _contract_of(proposal: Proposal) -> Digest:
    change = proposal.contract_change or proposal.schema_change
    edit = change.contract if change else None
    return digest_bytes(edit.after.encode()) if edit else ""


def _document_of(proposal: Proposal) -> tuple[str, str, int, Digest] | None:
    change = proposal.document_change
    if change is None:
        return None
    return change.document, change.name, change.version, digest_of_texts(change.texts)


def _registry(store: Store, proposals: Sequence[_Proposal]) -> Iterator[Fault]:
    """What is published of contracts is what was voted on, and the other way."""
    known = {proposal.id: proposal for proposal in proposals}
    with store.reading() as session:
        names = sorted({proposal.dataset for proposal in proposals})
        published = [one for name in names for one in registry.versions(session, name)]
    for one in published:
        voted = known.get(one.proposal)
        if voted is None or voted.patch is None:
            continue  # the log names it
        if (voted.dataset, voted.contract) != (one.dataset, one.digest) or not _done(voted):
            why = f"{one.proposal} is not what people approved it by"
            yield Fault("contract", f"{one.dataset}@{one.version}", why)
    carried = {one.proposal for one in published}
    for proposal in proposals:
        if proposal.brings == "contract" and _done(proposal) and proposal.id not in carried:
            why = f"{proposal.id} is {proposal.state}, but no version of the contract is from it"
            yield Fault("contract", proposal.dataset, why)


def _activations(store: Store, proposals: Sequence[_Proposal]) -> Iterator[Fault]:
    """What is in force of policies and prompts is what was voted on, and the other way."""
    known = {proposal.id: proposal for proposal in proposals}
    with store.reading() as session:
        activated = activations.all_versions(session)
    for one in activated:
        voted = known.get(one.proposal)
        if voted is None or voted.patch is None:
            continue  # the log names it
        if voted.document != (one.document, one.name, one.number, one.digest) or not _done(voted):
            why = f"{one.proposal} is not what people approved it by"
            yield Fault("document", f"{one.document}/{one.name}@{one.number}", why)
    carried = {one.proposal for one in activated}
    for proposal in proposals:
        if proposal.brings == "document" and _done(proposal) and proposal.id not in carried:
            why = f"{proposal.id} is {proposal.state}, but no version of a document is from it"
            yield Fault("document", proposal.dataset, why)


def _done(proposal: _Proposal) -> bool:
    return proposal.state in _IN_TABLE


def _named_by_runs(store: Store) -> list[_Named]:
    inputs = select(RunRow, DocumentRow.body).join(DocumentRow).order_by(col(RunRow.id))
    steps = select(RunStepRow).order_by(col(RunStepRow.run), col(RunStepRow.position))
    with store.reading() as session:
        return [
            *(_Named(step.digest, step.run, f"step {step.name}") for step in session.exec(steps)),
            *(named for row, body in session.exec(inputs) for named in _inputs(row, body)),
        ]


def _inputs(row: RunRow, body: str) -> Iterator[_Named]:
    """What a run was given; nothing when its inputs were edited, which the log shows."""
    try:
        inputs = RunInputs.model_validate_json(checked(body, row.digest, f"run {row.id}"))
    except _UNREADABLE:
        return
    for what in ("facts", "files", "contract", "policy", "config"):
        digest = getattr(inputs, what)
        if digest:
            yield _Named(digest, row.id, what)
    for name, digest in inputs.prompts:
        yield _Named(digest, row.id, f"prompt {name}")


def _patch_files(
    proposals: list[_Proposal], patches: PatchFiles, erased: Erased
) -> Iterator[Fault]:
    wanted = {proposal.patch: proposal.id for proposal in proposals if proposal.patch is not None}
    here = set(patches.names())
    for digest in sorted({*wanted, *here} - (erased.patches - here)):
        try:
            patches.get(digest)
        except OstlerError as error:
            of = f" (of {wanted[digest]})" if digest in wanted else ""
            yield Fault("patch", digest, f"{error.message}{of}")


def _gone(named: list[_Named], objects: Objects, erased: Erased) -> Iterator[Fault]:
    """Objects that are not there; that the others are what their names say, the store has shown."""
    for one in {one.digest: one for one in named}.values():
        path = objects.path(one.digest)
        if one.digest not in erased.objects and not path.exists():
            yield Fault("object", str(path), f"it is gone; run {one.run} has it as its {one.what}")


def _read_by_runs(
    named: list[_Named], objects: Objects
) -> Iterator[tuple[tuple[str, Digest], str]]:
    for digest, run in {one.digest: one.run for one in named if one.what == "files"}.items():
        try:
            read = DataFiles.model_validate(objects.get(digest))
        except _UNREADABLE:
            continue
        for file in read.files:
            yield file, f"run {run} read"


def _made_by_commits(dataset: Dataset, commits: Sequence[Commit]) -> _Claims:
    return {
        (str(path_of(dataset.uri) / name), digest): f"version {commit.version} made"
        for commit in commits
        for name, digest in commit.files.items()
    }


def _history(
    dataset: Dataset, commits: Sequence[Commit], proposals: list[_Proposal]
) -> Iterator[Fault]:
    """What the table says was applied is what the log says was published, and the other way."""
    known = {proposal.id: proposal for proposal in proposals}
    carried: set[str] = set()
    for commit in commits:
        for proposal, digest in zip(commit.proposals, commit.patches, strict=False):
            carried.add(proposal)
            # A canary is a part of its proposal's patch, and what was undone is its inverse.
            name = proposal.removeprefix("undo/").removesuffix("/canary")
            record = known.get(name)
            if proposal.startswith("undo/") or (name != proposal and record is not None):
                continue
            where = f"{dataset.name}@{commit.version}"
            if record is None or record.dataset != dataset.name:
                yield Fault("table", where, f"it carries {proposal}, which nobody proposed")
            elif record.patch not in (None, digest):
                yield Fault("table", where, f"it carries another patch than {proposal} has")
    for record in (one for one in proposals if one.dataset == dataset.name):
        if _done(record) and not record.brings and record.id not in carried:
            why = f"{record.id} is {record.state}, but no version carries it"
            yield Fault("table", dataset.name, why)


def _contradicted(
    dataset: Dataset, commits: Sequence[Commit], proposals: list[_Proposal]
) -> Iterator[Fault]:
    """Where the table has, or has undone, what the state says it has not."""
    carried = {name: commit.version for commit in commits for name in commit.proposals}
    for record in (one for one in proposals if one.dataset == dataset.name):
        undone = carried.get(f"undo/{record.id}")
        version = carried.get(record.id) if undone is None else undone
        if version is None:
            continue
        fitting = (*_IN_TABLE, *_ON_THE_WAY)
        if undone is not None:
            fitting = (ProposalState.FAILED, *_ON_THE_WAY)
        if record.state not in fitting:
            does = "carries" if undone is None else "undoes"
            where = f"{dataset.name}@{version}"
            yield Fault("table", where, f"it {does} {record.id}, which is {record.state}")


def _ledger(
    dataset: Dataset, commits: Sequence[Commit], connections: Connections
) -> Iterator[Fault]:
    """What the ledger in PostgreSQL holds is what the mirror carries, and the other way."""
    if dataset.postgres is None:
        return
    try:
        batches = ledger_of(dataset, connections)
    except OstlerError as error:
        yield Fault("ledger", dataset.name, error.message)
        return
    entered = {(e.proposal, e.called) for batch in batches for e in batch.entries if e.called}
    carried = {
        pair for commit in commits for pair in zip(commit.proposals, commit.patches, strict=False)
    }
    for proposal, _ in sorted(entered - carried):
        why = f"the ledger holds {proposal}, but no version of the mirror carries it"
        yield Fault("ledger", dataset.name, why)
    for proposal, _ in sorted(carried - entered):
        why = f"a version of the mirror carries {proposal}, but the ledger does not hold it"
        yield Fault("ledger", dataset.name, why)


def _missing(needed: Sequence[str]) -> Iterator[Fault]:
    for path in sorted(needed):
        if not path_of(path).exists():
            yield Fault("table", path, "it is gone, and the newest version needs it")


def _data_files(claims: _Claims) -> Iterator[Fault]:
    for (path, digest), who in sorted(claims.items()):
        # A file that later versions do not need may be gone; one that is there must be the same.
        file = path_of(path)
        if file.exists() and digest_of_file(file) != digest:
            yield Fault("table", path, f"it is not the file that {who}")

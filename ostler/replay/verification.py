"""Verification of a whole workspace: the log, every row and file under it, and the tables."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ostler.agents.data_files import DataFiles
from ostler.core.canonical import Digest
from ostler.core.datasets import Dataset
from ostler.core.errors import BadInput, OstlerError
from ostler.core.roster import NO_TRUST, Trust
from ostler.replay.carried import contradicted, history, ledger, missing
from ostler.replay.faults import UNREADABLE, Fault
from ostler.replay.in_force import contracts_in_force, documents_in_force
from ostler.replay.made_of import Claims, claims_of, misplaced, unlike
from ostler.replay.outside_heads import Kept, contradictions
from ostler.replay.recorded import (
    Named,
    Recorded,
    executed_at,
    named_by_runs,
    recorded_proposals,
)
from ostler.replay.unexplained import unexplained
from ostler.replay.without_votes import unjustified
from ostler.storage.paths import digest_of_file, path_of
from ostler.store import deed_audit
from ostler.store.announcements import announced
from ostler.store.ballot_audit import flaws
from ostler.store.engine import Store
from ostler.store.erasures import Erased
from ostler.store.heads import Head
from ostler.store.notes import VerifierKey
from ostler.store.objects import Objects
from ostler.store.verify import Verified, examine_store
from ostler.tables.delta import table_of
from ostler.tables.layout import layout_of
from ostler.tables.patch_files import PatchFiles
from ostler.tables.targets import Connections

NO_CONNECTIONS: Connections = {}


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
        """What is gone, by the entry that says so: of what, who erased it, and why."""
        return tuple(
            Fault(
                "erased",
                str(index),
                f"{one.erasure.counted or 'nothing'} of {one.subject} by {one.actor}: "
                f"{one.erasure.because}",
            )
            for index, one in sorted(self.log.erasures.items())
        )


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
        proposals, named = recorded_proposals(store), named_by_runs(store)
        executed = executed_at(store)
    except BadInput as error:
        faults.append(Fault("unreadable", store.where, error.message))
        return Verification(tuple(faults), log)
    progress("rosters, votes and deeds")
    faults += _votes(store, trust)
    faults += [Fault("vote", *one) for one in unjustified(store, objects, patches)]
    progress("patch files")
    faults += _patch_files(proposals, patches, log.erased)
    progress("published contracts")
    faults += contracts_in_force(store, proposals)
    progress("policies and prompts in force")
    faults += documents_in_force(store, proposals)
    progress("what runs were given and recorded")
    faults += _gone(named, objects, log.erased)
    claims = dict(_read_by_runs(named, objects))
    known, of_datasets = {one.id: one for one in proposals}, _by_dataset(proposals)
    for dataset in datasets:
        progress(f"the history of {dataset.name}")
        try:
            commits = table_of(dataset).history()
            newest = layout_of(table_of(dataset).handle(commits[0].version))
        except UNREADABLE as error:
            why = str(error).partition("\n")[0]
            faults.append(Fault("table", dataset.name, f"its log cannot be read: {why}"))
            continue
        faults += history(dataset, commits, known, executed)
        with store.reading() as session:
            said = announced(session, dataset.name)
        odd = [*unexplained(dataset, commits, known, said)]
        for one in odd:
            where = f"{dataset.name}@{one.version}"
            (faults if one.is_fault else notes).append(Fault("table", where, one.message))
        if dataset.managed and said.all_of_them and not any(one.is_fault for one in odd):
            faults += unlike(commits, said, newest)
        faults += misplaced(commits, newest)
        if any(contradicted(dataset, commits, of_datasets[dataset.name])):
            # Read again: what was parked before the log was read may have gone all the way since.
            again = _by_dataset(recorded_proposals(store))[dataset.name]
            faults += contradicted(dataset, commits, again)
        faults += missing([*newest.files])
        faults += ledger(dataset, commits, connections)
        claims |= claims_of(dataset, commits, said)
    progress("data files")
    faults += _data_files(claims)
    return Verification(tuple(faults), log, tuple(notes))


def _by_dataset(proposals: Sequence[Recorded]) -> defaultdict[str, list[Recorded]]:
    found = defaultdict[str, list[Recorded]](list)
    for one in proposals:
        found[one.dataset].append(one)
    return found


def _votes(store: Store, trust: Trust) -> Iterator[Fault]:
    with store.reading() as session:
        try:
            yield from (Fault(*flaw) for flaw in flaws(session, trust))
            yield from (Fault(*flaw) for flaw in deed_audit.flaws(session, trust))
        except UNREADABLE as error:
            yield Fault("unreadable", "votes", str(error).partition("\n")[0])


def _patch_files(proposals: list[Recorded], patches: PatchFiles, erased: Erased) -> Iterator[Fault]:
    wanted = {proposal.patch: proposal.id for proposal in proposals if proposal.patch is not None}
    here = set(patches.names())
    for digest in sorted({*wanted, *here} - (erased.patches - here)):
        try:
            patches.get(digest)
        except OstlerError as error:
            of = f" (of {wanted[digest]})" if digest in wanted else ""
            yield Fault("patch", digest, f"{error.message}{of}")


def _gone(named: list[Named], objects: Objects, erased: Erased) -> Iterator[Fault]:
    """Objects that are not there; that the others are what their names say, the store has shown."""
    for one in {one.digest: one for one in named}.values():
        path = objects.path(one.digest)
        if one.digest not in erased.objects and not path.exists():
            yield Fault("object", str(path), f"it is gone; run {one.run} has it as its {one.what}")


def _read_by_runs(named: list[Named], objects: Objects) -> Iterator[tuple[tuple[str, Digest], str]]:
    for digest, run in {one.digest: one.run for one in named if one.what == "files"}.items():
        try:
            read = DataFiles.model_validate(objects.get(digest))
        except UNREADABLE:
            continue
        for file in read.files:
            yield file, f"run {run} read"


def _data_files(claims: Claims) -> Iterator[Fault]:
    for (path, digest), who in sorted(claims.items()):
        # A file that later versions do not need may be gone; one that is there must be the same.
        file = path_of(path)
        if file.exists() and digest_of_file(file) != digest:
            yield Fault("table", path, f"it is not the file that {who}")

"""The files of a bundle: documents, patches, recorded inputs and traces, each by its digest."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session, select

from ostler.core.canonical import canonical_json
from ostler.core.errors import NotFound
from ostler.core.masking import Masks
from ostler.core.proposals import Proposal
from ostler.store.documents import ERASED_BODY
from ostler.store.entry_proofs import Entry
from ostler.store.erasures import Erasure
from ostler.store.models import DocumentRow
from ostler.store.objects import Objects
from ostler.store.projection import change_of
from ostler.store.runs import RunRecord
from ostler.tables.patch_files import PatchFiles
from ostler.tables.patches import lines_of
from ostler.telemetry.spans import read_trace


@dataclass(frozen=True)
class Sources:
    """Where things lie, and what whoever exports does not see."""

    objects: Objects
    patches: PatchFiles
    spans: Path
    masks: Callable[[str], Masks]
    """By dataset."""


@dataclass
class Files:
    """The files of a bundle by their names, and what could not be one of them."""

    content: dict[str, bytes] = field(default_factory=dict[str, bytes])
    withheld: set[str] = field(default_factory=set[str])
    """Names of those that hold values that whoever exports does not see."""
    withheld_entries: set[int] = field(default_factory=set[int])
    """Entries of the log whose payload holds such values."""
    missing: set[str] = field(default_factory=set[str])
    """Names of those that are not here: erased, or kept on another machine."""

    def add(self, name: str, read: Callable[[], bytes | None], *, withhold: bool = False) -> None:
        """A file by its name in the bundle; None, and NotFound, for one that is not here."""
        if withhold:
            self.withheld.add(name)
        elif name not in self.content:
            try:
                found = read()
            except NotFound:
                found = None
            if found is None:
                self.missing.add(name)
            else:
                self.content[name] = found

    def erased(self, erasure: Erasure) -> None:
        """Files that are gone for good, but for those that were recorded anew since."""
        names = {
            *(f"documents/{digest}" for digest in erasure.documents),
            *(f"objects/{digest}" for digest in erasure.objects),
            *(f"patches/{d}{end}" for d in erasure.patches for end in (".lines", ".parquet")),
        }
        self.missing |= names - self.content.keys()
        self.withheld -= self.missing


def add_documents(files: Files, session: Session, entry: Entry, *, withhold: bool) -> None:
    """The document that an entry's row names, if it names one."""
    step = change_of(entry.said)
    digest = step.set.get("digest") if step else None
    # The digest of a run's step names an object.
    if not isinstance(digest, str) or step is None or step.table == "run_step":
        return

    def read() -> bytes | None:
        body = session.exec(select(DocumentRow.body).where(DocumentRow.digest == digest)).first()
        return None if body in (None, ERASED_BODY) else body.encode()

    files.add(
        f"documents/{digest}", read, withhold=withhold and not _is_plain_vote(step.table, read)
    )


def _is_plain_vote(table: str, read: Callable[[], bytes | None]) -> bool:
    """Whether it is a vote that quotes no values: it can always be checked."""
    body = read() if table == "vote" else None
    if not body:
        return False
    vote = json.loads(body)
    return "wrong" not in vote and not vote.get("because")


def add_patch(files: Files, proposal: Proposal, sources: Sources, *, withhold: bool) -> None:
    """What a proposal changes: as it is kept, and as the lines that its digest is made of."""
    digest = proposal.patch.digest
    if proposal.patch.rows or proposal.schema_change is not None:
        name, path = f"patches/{digest}", sources.patches.path(digest)
        lines = f"{name}.lines"
        files.add(lines, lambda: lines_of(sources.patches.get(digest)), withhold=withhold)
        # Read as a patch above, so that the bytes are known to be of that digest.
        files.add(
            f"{name}.parquet",
            lambda: path.read_bytes() if lines in files.content else None,
            withhold=withhold,
        )


def add_run(files: Files, run: RunRecord, sources: Sources, *, withhold: bool) -> None:
    """What a run was given and what its steps handed on."""
    named = [(given.digest, given.of_data) for given in run.inputs.given]
    for digest, of_data in (*named, *((step.digest, True) for step in run.steps)):
        files.add(
            f"objects/{digest}",
            lambda digest=digest: sources.objects.content(digest),
            withhold=withhold and of_data,
        )


def add_traces(files: Files, parents: Iterable[str], sources: Sources) -> None:
    """The spans of traces, named by a traceparent of each."""
    for trace in (parent.split("-")[1] for parent in parents if parent):
        files.add(
            f"traces/{trace}.json",
            lambda trace=trace: canonical_json(read_trace(sources.spans, trace)).encode(),
        )

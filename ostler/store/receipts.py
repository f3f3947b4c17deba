"""Receipts: proof that a vote stands in the log, kept where nobody but the voter can lose it."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from ostler.core.canonical import canonical_json
from ostler.core.errors import NotFound, OstlerError, VerificationFailed
from ostler.storage.paths import read_text
from ostler.store import audit
from ostler.store.engine import Store
from ostler.store.entry_proofs import (
    EntryProof,
    check_proof,
    entry_at,
    prove_entry,
    read_proof_file,
)
from ostler.store.log_key import LogKey, origin_of
from ostler.store.notes import read_key
from ostler.store.subtrees import root_at
from ostler.store.votes import CAST

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Receipts:
    """A folder of receipts, and the key of the log that they are of."""

    folder: Path
    key: LogKey

    def keep(self, store: Store, proposal: str, *, reviewer: str, at: datetime) -> Path | None:
        """Write the receipt of a vote that was just committed; None, and a warning, if it fails."""
        try:
            proof = self._made(store, proposal, reviewer, at)
            path = self.folder / f"{proof.entry.index:08}.json"
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{canonical_json(proof)}\n")
        except (OstlerError, OSError) as error:
            # The vote is committed; raising would say that it is not.
            _log.warning("there is no receipt of the vote on %s: %s", proposal, error)
            return None
        return path

    def kept(self) -> Iterator[tuple[Path, EntryProof]]:
        """All of them, in the order of the log (BadInput for what is none)."""
        for path in sorted(self.folder.glob("*.json")):
            yield path, read_receipt(path)

    def _made(self, store: Store, proposal: str, reviewer: str, at: datetime) -> EntryProof:
        head = self.key.signed(store, actor=reviewer, at=at)
        with store.reading() as session:
            cast = [
                entry.index
                for entry in audit.entries(session, subject=proposal)
                if (entry.kind, entry.actor) == (CAST, reviewer)
            ]
            if not cast:
                raise NotFound(f"the log has no vote of {reviewer} on {proposal}")
            return prove_entry(session, cast[-1], head, self.key.public(head))


def read_receipt(path: Path) -> EntryProof:
    """A receipt from its file (BadInput)."""
    return read_proof_file(read_text(path), str(path))


def held_to_log(session: Session, receipt: EntryProof) -> str:
    """What is wrong with the log by a receipt; empty when it holds what was promised.

    VerificationFailed when it is the receipt itself that does not hold.
    """
    check_proof(receipt, read_key(receipt.key))
    entry, promised = receipt.entry, receipt.head
    what = f"{entry.kind} of {entry.subject} by {entry.actor}, entry {entry.index}"
    size = audit.size(session)
    if size <= entry.index:
        return f"{what}, is hidden: the log ends with {size} entries"
    now = entry_at(session, entry.index)
    if now.leaf != entry.leaf:
        return (
            f"{what}, is hidden or changed: in its place is {now.kind} of {now.subject} "
            f"by {now.actor}"
        )
    if origin_of(session) != promised.origin:
        return f"{what}, stands there, but in another log: {promised.origin} was promised"
    try:
        holds = size >= promised.head.size and (
            root_at(session, promised.head.size).hex() == promised.head.root
        )
    except VerificationFailed as error:
        return f"{what}, stands there, but {error.message}"
    if not holds:
        return f"{what}, stands there, but the log around it is not the one that was promised"
    return ""

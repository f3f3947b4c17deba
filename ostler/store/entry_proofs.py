"""Proof that one entry stands in the log, as a file that needs neither the log nor its database."""

import json
from collections.abc import Mapping
from typing import Literal

from pydantic import JsonValue, TypeAdapter, ValidationError
from sqlmodel import Session, select

from ostler.core.base import Frozen
from ostler.core.canonical import Digest
from ostler.core.errors import BadInput, NotFound, VerificationFailed
from ostler.store import audit, subtrees
from ostler.store.leaves import commitment_of, leaf_of, unsalted_leaf_of
from ostler.store.merkle import Hash, includes
from ostler.store.models import AuditEntryRow
from ostler.store.notes import Checkpoint, VerifierKey, is_signed, read_checkpoint

_PAYLOAD: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


class Entry(Frozen):
    """An entry as it is in its leaf; the payload only while it is kept."""

    index: int
    at: str
    actor: str
    kind: str
    subject: str
    payload: str
    salt: str
    commitment: Digest

    @property
    def said(self) -> Mapping[str, JsonValue]:
        """The payload, read; nothing when it was erased or is withheld."""
        return _PAYLOAD.validate_json(self.payload) if self.payload else {}

    @property
    def leaf(self) -> Hash:
        """Its leaf hash."""
        fields = (self.index, self.at, self.actor, self.kind, self.subject)
        if not self.commitment:
            return unsalted_leaf_of(*fields, self.payload)
        return leaf_of(*fields, self.commitment)

    @property
    def is_whole(self) -> bool:
        """Whether the payload is the one that the leaf holds the hash of, or was erased."""
        if not self.commitment or not (self.payload or self.salt):
            return True
        return commitment_of(self.salt, self.payload) == self.commitment


class EntryProof(Frozen):
    """An entry, the way from its leaf to a head, and that head, signed by the log's key."""

    ostler: Literal["entry proof 1"] = "entry proof 1"
    entry: Entry
    proof: tuple[str, ...]
    """Hashes in hexadecimal, lowest first."""
    checkpoint: str
    key: str
    """That the checkpoint is signed with."""

    @property
    def head(self) -> Checkpoint:
        """The checkpoint, read."""
        return read_checkpoint(self.checkpoint, "the checkpoint in the proof")


def entry_at(session: Session, index: int) -> Entry:
    """An entry as it is stored (NotFound)."""
    row = session.exec(select(AuditEntryRow).where(AuditEntryRow.index == index)).first()
    if row is None:
        raise NotFound(
            f"the log has no entry {index}", f"it has {audit.size(session)}, counted from 0"
        )
    return Entry.model_validate(row.model_dump(include=set(Entry.model_fields)))


def prove_entry(session: Session, index: int, head: Checkpoint, key: VerifierKey) -> EntryProof:
    """Prove an entry under a signed head (NotFound; VerificationFailed when it does not hold)."""
    entry = entry_at(session, index)
    if index >= head.head.size:
        raise NotFound(f"entry {index} came after the checkpoint of {head.head.size} entries")
    steps = subtrees.inclusion(session, index, head.head.size)
    made = EntryProof(
        entry=entry, proof=tuple(step.hex() for step in steps), checkpoint=str(head), key=str(key)
    )
    check_proof(made, key)
    return made


def read_proof_file(text: str, where: str) -> EntryProof:
    """A proof from its file (BadInput)."""
    try:
        return EntryProof.model_validate(json.loads(text))
    except (ValidationError, ValueError, RecursionError):
        raise BadInput(
            f"{where} is no proof of an entry", "ostler audit prove ENTRY writes one"
        ) from None


def check_proof(proof: EntryProof, key: VerifierKey) -> None:
    """VerificationFailed when the proof does not show its entry under a head signed by `key`."""
    head, entry = proof.head, proof.entry
    if not is_signed(head, key):
        raise VerificationFailed(f"the checkpoint is not signed by {key.name} {key.id.hex()}")
    if not entry.is_whole:
        raise VerificationFailed(f"the payload of entry {entry.index} is not that of its leaf")
    try:
        steps = [bytes.fromhex(step) for step in proof.proof]
    except ValueError:
        steps = [b""]
    root = bytes.fromhex(head.head.root)
    if not includes(entry.index, head.head.size, entry.leaf, steps, root):
        raise VerificationFailed(
            f"entry {entry.index} is not what stands there in the log of that checkpoint"
        )

"""Checkpoints that somebody kept, held to the log as it is today."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ostler.core.errors import VerificationFailed
from ostler.storage.paths import read_text
from ostler.store import audit
from ostler.store.engine import Store
from ostler.store.log_key import keys_named, origin_of
from ostler.store.notes import Checkpoint, VerifierKey, is_signed, read_checkpoint
from ostler.store.subtrees import root_at


class Kept(NamedTuple):
    """A checkpoint and the file that it is from."""

    where: str
    checkpoint: Checkpoint


def read_kept(path: Path) -> Kept:
    """A checkpoint from a file (BadInput)."""
    return Kept(str(path), read_checkpoint(read_text(path), str(path)))


def contradictions(
    store: Store, kept: Sequence[Kept], witnesses: Sequence[VerifierKey] = ()
) -> Iterator[tuple[str, str]]:
    """File and reason of each checkpoint that today's log does not extend, or that is not signed.

    Whether the log is what its hashes say is for `verify_store`; this holds the hashes to what was
    kept. Each checkpoint has to carry the signatures of all `witnesses`.
    """
    if not kept:
        return
    with store.reading() as session:
        size = audit.size(session)
        origin = origin_of(session) if size else ""
        keys = keys_named(session)
        for where, checkpoint in kept:
            head = checkpoint.head
            if not any(is_signed(checkpoint, key) for key in keys):
                yield where, "it is signed by no key that the log names"
            for witness in witnesses:
                if not is_signed(checkpoint, witness):
                    yield where, f"it is not cosigned by {witness.name} {witness.id.hex()}"
            if head.size > size:
                yield where, f"the log was cut: it has {size} entries, and had {head.size}"
                continue
            try:
                root = root_at(session, head.size).hex()
            except VerificationFailed as error:
                yield where, error.message
                continue
            if checkpoint.origin != origin:
                why = f"it is of the log {checkpoint.origin}, and this is {origin}"
                yield where, f"{why}: another one, or one rewritten from its first entry on"
            elif root != head.root:
                why = f"the first {head.size} entries are not those that it is signed for"
                yield where, f"the log was rewritten: {why}"

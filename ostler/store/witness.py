"""A witness: it keeps the last checkpoint that it saw of each log, and cosigns what adds to it.

It knows nothing else of a log: not an entry, no database. It gives one signature per size and log,
so that whoever trusts it knows that nobody was shown another log. https://c2sp.org/tlog-witness
"""

import fcntl
import hashlib
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ostler.core.errors import BadInput, VerificationFailed
from ostler.store.merkle import Hash, extends
from ostler.store.notes import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    Signature,
    VerifierKey,
    cosign,
    is_signed,
    key_of,
    read_checkpoint,
    read_key,
)
from ostler.store.private_keys import kept_key

UNKNOWN, UNSIGNED, MALFORMED, BEHIND, FORKED = 404, 403, 400, 409, 422


class Refused(VerificationFailed):
    """What a witness does not cosign."""

    def __init__(self, status: int, message: str, hint: str = "", size: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status
        """As the protocol has it over HTTP."""
        self.size = size
        """Of the last checkpoint that it saw, where that is what the asker has to know."""


@dataclass(frozen=True)
class Witness:
    """A folder with a witness's key, the logs that it knows, and what it saw of each last."""

    folder: Path

    @property
    def name(self) -> str:
        """What it signs as."""
        public = kept_key(self._key).public_key().public_bytes_raw()
        return f"ostler.witness/{hashlib.sha256(public).hexdigest()[:16]}"

    @property
    def key(self) -> VerifierKey:
        """What others know its signatures by."""
        return key_of(self.name, kept_key(self._key), COSIGNATURE)

    def know(self, key: VerifierKey) -> None:
        """Take a log into care (BadInput for a key of another kind)."""
        if key.kind != ED25519:
            raise BadInput("this is the key of a witness", "name the key of a log")
        with self._alone():
            if key not in self._known():
                with (self.folder / "logs").open("a", encoding="utf-8") as file:
                    file.write(f"{key}\n")

    def last(self, origin: str) -> Checkpoint | None:
        """The last checkpoint of a log that it cosigned."""
        path = self._path(origin)
        if not path.exists():
            return None
        return read_checkpoint(path.read_text(encoding="utf-8"), str(path))

    def add(
        self, old: int, proof: Sequence[Hash], checkpoint: Checkpoint, *, at: datetime
    ) -> Signature:
        """Cosign a checkpoint that the proof shows to extend the last one, of `old` entries.

        Refused for a log that it does not know, a signature that does not hold, a checkpoint that
        is older than the last one, and for a log that was rewritten; that one is kept as evidence.
        """
        origin, head = checkpoint.origin, checkpoint.head
        with self._alone():
            keys = [key for key in self._known() if key.name == origin]
            if not keys:
                raise Refused(
                    UNKNOWN,
                    f"this witness does not know the log {origin}",
                    "ostler audit witness --state DIR --log KEY makes it known",
                )
            if not any(is_signed(checkpoint, key) for key in keys):
                raise Refused(UNSIGNED, f"the checkpoint is not signed by a key of {origin}")
            if old > head.size:
                raise Refused(MALFORMED, f"a log of {old} entries cannot grow to {head.size}")
            last = self.last(origin)
            seen = last.head.size if last else 0
            if head.size < seen:
                why = f"the log was rolled back: it had {seen} entries, now it has {head.size}"
                raise Refused(BEHIND, why, "restore the newer one", seen)
            if old != seen:
                why = f"the last checkpoint seen has {seen} entries, not {old}"
                raise Refused(BEHIND, why, "prove that the log grew from there", seen)
            if last and head.size == seen and head.root != last.head.root:
                raise self._forked(BEHIND, checkpoint, seen)
            if last and not extends(old, head.size, _root(last), _root(checkpoint), proof):
                raise self._forked(FORKED, checkpoint, seen)
            made = cosign(checkpoint, self.name, kept_key(self._key), int(at.timestamp()))
            # On disk before anybody has the signature: it is given for one log only.
            self._write(self._path(origin), str(replace(checkpoint, signatures=(made,))))
        return made

    def _forked(self, status: int, checkpoint: Checkpoint, seen: int) -> Refused:
        head = checkpoint.head
        kept = self._path(checkpoint.origin).with_suffix(f".refused-{head.size}-{head.root[:8]}")
        self._write(kept, str(checkpoint))
        return Refused(
            status,
            f"the log was rewritten: nothing shows that its {head.size} entries "
            f"begin with the {seen} that were seen before",
            f"the refused checkpoint is kept as evidence: {kept}",
            seen if status == BEHIND else None,
        )

    @property
    def _key(self) -> Path:
        return self.folder / "witness.key"

    def _known(self) -> list[VerifierKey]:
        path = self.folder / "logs"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [read_key(line) for line in lines]

    def _path(self, origin: str) -> Path:
        # An origin may be any text; a file's name may not.
        name = hashlib.sha256(origin.encode()).hexdigest()[:32]
        return self.folder / f"{name}.checkpoint"

    def _write(self, path: Path, text: str) -> None:
        draft = path.with_name(f".{path.name}.draft")
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    @contextmanager
    def _alone(self) -> Generator[None]:
        """One process and one request at a time: two would sign two logs of one size."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self.folder / "lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise BadInput(f"{self.folder} cannot be used: {error.strerror}") from error


def _root(checkpoint: Checkpoint) -> Hash:
    return bytes.fromhex(checkpoint.head.root)

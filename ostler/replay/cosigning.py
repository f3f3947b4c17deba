"""Asking a witness over HTTP to cosign a checkpoint."""

import re

import httpx2

from ostler.core.errors import BadInput, VerificationFailed
from ostler.store import subtrees
from ostler.store.engine import Store
from ostler.store.notes import COSIGNATURE, Checkpoint, VerifierKey, is_signed, read_checkpoint
from ostler.store.witness_requests import Asked

_SECONDS = 30.0
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,17})\n?")
_OK, _FORBIDDEN, _UNKNOWN, _BEHIND, _FORKED = 200, 403, 404, 409, 422


def cosigned(
    store: Store, checkpoint: Checkpoint, url: str, key: VerifierKey, known: int
) -> Checkpoint:
    """The checkpoint with a witness's signature, which is checked with its key.

    `known` is the size that the witness saw last as far as is known here. VerificationFailed when
    it saw another log than this, or a longer one; BadInput when it cannot be asked.
    """
    if key.kind != COSIGNATURE:
        raise BadInput(
            "--witness-key is not the key of a witness", "it prints its own when it starts"
        )
    size = checkpoint.head.size
    status, body = _asked(store, checkpoint, url, min(known, size))
    if status == _BEHIND:
        match = _SIZE.fullmatch(body)
        seen = int(match[1]) if match else 0
        if seen > size:
            raise VerificationFailed(
                f"the log was rolled back: the witness saw {seen} entries, it has {size}",
                "restore the newer one from a backup",
            )
        status, body = _asked(store, checkpoint, url, seen)
    if status in (_BEHIND, _FORKED):
        raise VerificationFailed(
            f"the witness refuses: this log of {size} entries is not the one that it saw",
            "ostler audit verify --checkpoint FILE, with a checkpoint kept elsewhere, says more",
        )
    if status in (_UNKNOWN, _FORBIDDEN):
        raise BadInput(
            f"the witness does not know the log {checkpoint.origin}, or not this key",
            "make it known there: ostler audit witness --state DIR --log KEY",
        )
    if status != _OK:
        raise BadInput(f"the witness at {url} answers with {status}")
    text = f"{checkpoint.body}\n{body.decode(errors='replace')}"
    answered = read_checkpoint(text, "what the witness answers")
    if not is_signed(answered, key):
        raise VerificationFailed("the answer is not signed by the witness", "check --witness-key")
    return checkpoint.signed(*answered.signatures)


def _asked(store: Store, checkpoint: Checkpoint, url: str, old: int) -> tuple[int, bytes]:
    with store.reading() as session:
        proof = subtrees.consistency(session, old, checkpoint.head.size) if old else ()
    body = str(Asked(old, proof, checkpoint)).encode()
    try:
        with httpx2.Client(timeout=_SECONDS, follow_redirects=False) as client:
            answer = client.post(f"{url.rstrip('/')}/add-checkpoint", content=body)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise BadInput(f"the witness at {url} cannot be asked: {error}") from error
    return answer.status_code, answer.content

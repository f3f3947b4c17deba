"""Who may send: a bearer token or a signature, compared in constant time.

A signature is `X-Ostler-Signature: sha256=HEX` over `TIME.TARGET.BODY`, where TIME is
`X-Ostler-Timestamp` in seconds and TARGET the path with its query. It holds for five minutes; what
is sent again within them is a repetition and changes nothing.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

REPLAY_SECONDS = 300
"""How far a signature's time may be from ours."""

_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_PREFIX = "Bearer "


@dataclass(frozen=True)
class Guard:
    """What senders have to show; without token and secret, everybody on this machine may send."""

    token: bytes | None = field(default=None, repr=False)
    secret: bytes | None = field(default=None, repr=False)
    clock: Callable[[], float] = time.time

    @property
    def is_open(self) -> bool:
        """Whether nothing has to be shown."""
        return self.token is None and self.secret is None

    def refuses(self, headers: Mapping[str, str]) -> str:
        """Why a request is refused before its body is read, or empty."""
        if self.is_open:
            # A page in a browser of this machine could send as well, but not without these traces.
            if "origin" in headers or _host(headers.get("host", "")) not in _LOCAL:
                return "only programs of this machine may send"
            return ""
        if self._shows_token(headers):
            return ""
        if self.secret is not None and "x-ostler-signature" in headers:
            if "ce-specversion" in headers:
                return "a signature does not cover headers: send CloudEvents in structured mode"
            return ""
        return "a token or a signature is needed"

    def refuses_body(self, headers: Mapping[str, str], target: str, body: bytes) -> str:
        """Why a request that may be read is refused all the same, or empty."""
        if self.is_open or self._shows_token(headers) or self.secret is None:
            return ""
        stated = headers.get("x-ostler-timestamp", "")
        if not (stated.isascii() and stated.isdigit() and len(stated) < 12):
            return "X-Ostler-Timestamp must be a time in seconds"
        expected = signature(self.secret, stated, target, body)
        given = headers.get("x-ostler-signature", "")
        if not hmac.compare_digest(given.encode(), expected.encode()):
            return "the signature is not that of this message"
        if abs(self.clock() - int(stated)) > REPLAY_SECONDS:
            return "the signature is too old, or from the future"
        return ""

    def _shows_token(self, headers: Mapping[str, str]) -> bool:
        given = headers.get("authorization", "")
        if self.token is None or not given.startswith(_PREFIX):
            return False
        return hmac.compare_digest(given.removeprefix(_PREFIX).strip().encode(), self.token)


def signature(secret: bytes, stamp: str, target: str, body: bytes) -> str:
    """The value of `X-Ostler-Signature` for a message."""
    signed = f"{stamp}.{target}.".encode() + body
    return f"sha256={hmac.new(secret, signed, hashlib.sha256).hexdigest()}"


def _host(header: str) -> str:
    """The host without its port."""
    return header if header.endswith("]") else header.rsplit(":", 1)[0]

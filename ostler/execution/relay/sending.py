"""One try to send: over HTTP or into a file. Errors become answers; nothing is raised."""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path

import httpx2

from ostler.config.outside import Http, header_values
from ostler.core.errors import BadInput
from ostler.review.text import visible

_EXCERPT = 300
"""Characters of a reply that are kept."""

_LONGEST_PAUSE = 24 * 3600.0
"""What Retry-After may ask for at most, in seconds."""

_SECRET = 4
"""Header values at least so long are taken out of what is kept of a reply."""


class Result(StrEnum):
    """What a try came to."""

    SENT = "sent"
    AGAIN = "again"
    REFUSED = "refused"
    """Trying again would change nothing."""


@dataclass(frozen=True)
class Answer:
    """The end of one try."""

    result: Result
    text: str
    """For people, one line; partly from outside, but visible and bounded."""
    wait: float = 0
    """Seconds that the receiver asks to be left alone."""


Send = Callable[[str, str], Answer]
"""Sends a body under a key."""


def within(seconds: float, attempt: Callable[[], Answer]) -> Answer:
    """What a try comes to, or that it took too long.

    A receiver that drips its reply byte for byte keeps every timeout of a client; a thread that is
    not waited for any longer is what ends it.
    """
    answers: list[Answer] = []
    sender = threading.Thread(target=lambda: answers.append(attempt()), daemon=True)
    sender.start()
    sender.join(seconds)
    return answers[0] if answers else Answer(Result.AGAIN, f"no answer within {seconds:g} s")


@dataclass(frozen=True)
class ToServer:
    """Posts a body; the key tells the receiver a repetition."""

    http: Http
    url: str
    content_type: str

    def __call__(self, key: str, body: str) -> Answer:
        """One try, which ends within the timeout."""
        try:
            secrets = header_values(self.http.headers)
        except BadInput as error:
            return Answer(Result.AGAIN, error.message)
        headers = {
            **secrets,
            "Content-Type": self.content_type,
            "Idempotency-Key": key,
            "User-Agent": "ostler",
        }
        return within(self.http.timeout_seconds, lambda: self._post(headers, body, secrets))

    def _post(self, headers: Mapping[str, str], body: str, secrets: Mapping[str, str]) -> Answer:
        try:
            with (
                httpx2.Client(timeout=self.http.timeout_seconds, follow_redirects=False) as client,
                client.stream("POST", self.url, content=body.encode(), headers=headers) as reply,
            ):
                said = b""
                for part in reply.iter_raw():
                    said += part
                    if len(said) > 4 * _EXCERPT:
                        break
                return _judged(
                    reply.status_code, _excerpt(said, secrets), reply.headers.get("retry-after")
                )
        except httpx2.TimeoutException:
            return Answer(Result.AGAIN, f"no answer within {self.http.timeout_seconds:g} s")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            # Never its text: some of them quote the headers.
            return Answer(Result.AGAIN, f"it cannot be reached: {type(error).__name__}")


@dataclass(frozen=True)
class ToFile:
    """Appends a body as one line."""

    path: Path

    def __call__(self, key: str, body: str) -> Answer:
        """One try; a line is written whole or, on a full disk, may be cut."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, f"{body}\n".encode())
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            return Answer(Result.AGAIN, f"{self.path} cannot be written: {error.strerror}")
        return Answer(Result.SENT, "written")


def _judged(status: int, said: str, retry_after: str | None) -> Answer:
    text = f"status {status}" + (f": {said}" if said else "")
    if 200 <= status < 300:
        return Answer(Result.SENT, f"status {status}")
    if status >= 500 or status in (408, 425, 429):
        asked = _seconds(retry_after) if status in (429, 503) else 0.0
        return Answer(Result.AGAIN, text, asked)
    if 300 <= status < 400:
        return Answer(Result.REFUSED, f"{text or status}; redirects are not followed")
    return Answer(Result.REFUSED, text)


def _excerpt(said: bytes, secrets: Mapping[str, str]) -> str:
    text = said.decode("utf-8", "replace")
    for value in secrets.values():
        for part in {value, value.rpartition(" ")[2]}:
            if len(part) >= _SECRET:
                text = text.replace(part, "[secret]")
    return visible(text[:_EXCERPT].strip())


def _seconds(retry_after: str | None) -> float:
    if not retry_after:
        return 0.0
    try:
        wanted = float(int(retry_after)) if len(retry_after) < 10 else _until(retry_after)
    except (ValueError, OverflowError):
        return 0.0
    return min(max(wanted, 0.0), _LONGEST_PAUSE)


def _until(date: str) -> float:
    at = parsedate_to_datetime(date)
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return (at - datetime.now(UTC)).total_seconds()

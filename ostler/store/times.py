"""Instants as text: UTC, ISO 8601, six digits of a second and 'Z', so that text sorts as time."""

from datetime import UTC, datetime

from ostler.core.errors import InternalError


def stamp(at: datetime) -> str:
    """An instant as it is stored; a time without a zone is refused (InternalError)."""
    if at.tzinfo is None:
        raise InternalError(f"the time {at.isoformat()} has no zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """The instant of a stored text."""
    return datetime.fromisoformat(text)


def maybe_stamp(at: datetime | None) -> str | None:
    """`stamp`, for a time that may be missing."""
    return None if at is None else stamp(at)


def maybe_instant(text: str | None) -> datetime | None:
    """`instant`, for a time that may be missing."""
    return None if text is None else instant(text)

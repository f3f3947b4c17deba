"""Versions whose data files were given up: what the table's own folder says of them.

The audit log has it as well and is what counts. This note lies with the table, so that whoever
asks for such a version learns what became of it, and other readers do not look at it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import ValidationError

from ostler.core.base import Frozen
from ostler.core.canonical import canonical_json
from ostler.core.errors import BadInput
from ostler.storage.paths import path_of, write_whole

_NOTE = "_ostler_released.json"


class Release(Frozen):
    """When a version was released, and what was asked for then."""

    at: datetime
    keep_days: int


class _Note(Frozen):
    releases: tuple[tuple[int, Release], ...] = ()


def released_from(uri: str) -> Mapping[int, Release]:
    """The released versions of the table at an address (BadInput when the note is damaged)."""
    path = path_of(uri) / _NOTE
    if not path.exists():
        return {}
    try:
        return dict(_Note.model_validate_json(path.read_bytes()).releases)
    except ValidationError as error:
        raise BadInput(
            f"{path} cannot be read", "remove it; the audit log has what stands in it"
        ) from error


def note_released(uri: str, versions: Iterable[int], release: Release) -> None:
    """Add versions to the note; those that are in it stay as they are."""
    known = {**dict.fromkeys(versions, release), **released_from(uri)}
    note = _Note(releases=tuple(sorted(known.items())))
    write_whole(path_of(uri) / _NOTE, canonical_json(note).encode())

"""Stored profiles: what was counted of a version, under a name, when its rows may be long gone.

They lie beside the table, where other readers do not look: whoever reaches the table reaches them.
A profile holds counts, and of few-valued columns the values that were counted.
"""

import re
from collections.abc import Mapping
from datetime import datetime

import numpy as np
from pydantic import ValidationError

from ostler.core.base import Frozen
from ostler.core.canonical import Digest, canonical_json, digest_of
from ostler.core.errors import BadInput, Conflict, NotFound
from ostler.storage.paths import AnyPath, files_under, path_of, write_whole
from ostler.tables.delta import VersionedTable
from ostler.tables.disk import writing
from ostler.tools.drift.counted import Counted, Looked
from ostler.tools.drift.numbers import Numbers, coarse
from ostler.tools.drift.profile import Profile

_FOLDER = "_ostler_profiles"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_MOST_EXACT = 10_000
"""More different numbers of a column than this are kept by buckets."""


class StoredProfile(Frozen):
    """What is known of a stored profile without its counts."""

    name: str
    version: int
    """Of the table."""
    at: datetime
    """When it was stored."""
    by: str
    """Who stored it."""
    rows: int
    columns: tuple[str, ...]
    digest: Digest
    """Of what was counted."""


class _Column(Frozen):
    rows: int
    missing: int
    exact: bool
    low: tuple[float, ...]
    high: tuple[float, ...]
    count: tuple[int, ...]
    texts: Mapping[str, int] | None
    typed: bool
    looked: tuple[int, int, int]


class _File(Frozen):
    about: StoredProfile
    columns: tuple[tuple[str, _Column], ...]


def save_profile(
    table: VersionedTable, name: str, version: int, profile: Profile, *, at: datetime, by: str
) -> StoredProfile:
    """Store a profile of a version under a name; Conflict when there is one of that name."""
    path = _path(table, name)
    if path.exists():
        raise Conflict(
            f"there is a profile {name!r} already, and checks may compare with it",
            "take another name, or remove it first: ostler drift profile remove DATASET NAME",
        )
    columns = tuple((name, _stored(column)) for name, column in profile.columns.items())
    about = StoredProfile(
        name=name,
        version=version,
        at=at,
        by=by,
        rows=max((column.rows for column in profile.columns.values()), default=0),
        columns=tuple(profile.columns),
        digest=digest_of(columns),
    )
    with writing(path):
        write_whole(path, canonical_json(_File(about=about, columns=columns)).encode())
    return about


def load_profile(table: VersionedTable, name: str) -> Profile:
    """The profile of a name; NotFound when there is none, BadInput when it is damaged."""
    columns = _read(_path(table, name)).columns
    return Profile({name: _counted(column) for name, column in columns})


def stored_profiles(table: VersionedTable) -> tuple[StoredProfile, ...]:
    """All profiles of a table, by name."""
    folder = path_of(table.uri) / _FOLDER
    names = [name for name in files_under(folder) if name.endswith(".json")]
    return tuple(_read(folder / name).about for name in names)


def remove_profile(table: VersionedTable, name: str) -> None:
    """Forget a profile; NotFound when there is none."""
    path = _path(table, name)
    if not path.exists():
        raise _not_there(name)
    path.unlink()


def _path(table: VersionedTable, name: str) -> AnyPath:
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} is no name for a profile", "use letters, digits, dots, - and _, 63 at most"
        )
    return path_of(table.uri) / _FOLDER / f"{name}.json"


def _read(path: AnyPath) -> _File:
    name = path.name.removesuffix(".json")
    if not path.exists():
        raise _not_there(name)
    try:
        return _File.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadInput(
            f"the profile {name!r} is damaged ({path})",
            "remove it and store it again: ostler drift profile remove DATASET NAME",
        ) from error


def _not_there(name: str) -> NotFound:
    return NotFound(
        f"there is no profile {name!r}", "see which there are: ostler drift profile list DATASET"
    )


def _stored(column: Counted) -> _Column:
    numbers = column.numbers
    if numbers.exact and numbers.different > _MOST_EXACT:
        numbers = coarse(numbers)
    looked = column.looked
    return _Column(
        rows=column.rows,
        missing=column.missing,
        exact=numbers.exact,
        low=tuple(numbers.low.tolist()),
        high=tuple(numbers.high.tolist()),
        count=tuple(numbers.count.tolist()),
        texts=column.texts,
        typed=column.typed,
        looked=(looked.present, looked.padded, looked.times),
    )


def _counted(column: _Column) -> Counted:
    low, high = np.array(column.low, np.float64), np.array(column.high, np.float64)
    return Counted(
        column.rows,
        column.missing,
        Numbers(low, high, np.array(column.count, np.int64), column.exact),
        column.texts,
        column.typed,
        Looked(*column.looked),
    )

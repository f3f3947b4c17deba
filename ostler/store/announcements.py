"""What the log says of the commits to a table: each is announced in it before it counts.

An announcement has the digest of all that the commit will say, its data files' digests among it, so
that table and log can be held to each other, and a commit is never without its entry. One that no
commit carries is a write that did not come about. Of data that comes in the files are not known
before: they are recorded as soon as they are in the table.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import JsonValue
from sqlmodel import Session

from ostler.core.canonical import Digest
from ostler.store import audit
from ostler.store.engine import Store

ADDED, APPENDING, APPENDED = "data.added", "data.appending", "data.appended"
COMPACTING, COMMITTING = "table.compacting", "table.committing"
_KINDS = (ADDED, APPENDING, COMPACTING, COMMITTING)

Files = Mapping[str, Digest]
"""Data files by their path within the table."""


@dataclass(frozen=True)
class Announced:
    """What the log says of a dataset's commits."""

    content: Mapping[str, Digest]
    """By mark, what the commit says; empty for data that comes in, and for what older releases
    announced."""
    files: Mapping[str, Files]
    """By mark, what data came in."""
    from_the_start: bool
    """False for datasets of before commits were announced."""
    all_of_them: bool
    """Whether every commit of Ostler's own was announced, not only those without a proposal."""


def new_mark() -> str:
    """A mark that nobody can guess."""
    return secrets.token_hex(16)


def announce(
    session: Session,
    dataset: str,
    kind: Literal["data.added", "data.appending", "table.compacting", "table.committing"],
    mark: str,
    *,
    actor: str,
    at: datetime,
    content: Digest = "",
    files: Files | None = None,
) -> None:
    """Say in the log under which mark a dataset's table gets a commit, and what that says.

    `files` are those of data that is there already.
    """
    said: dict[str, JsonValue] = {"mark": mark}
    if content:
        said["content"] = content
    if files is not None:
        said["files"] = dict(files)
    audit.append(session, at=at, actor=actor, kind=kind, subject=dataset, payload=said)


def announcing(
    store: Store,
    dataset: str,
    kind: Literal["table.compacting", "table.committing"],
    *,
    actor: str,
    clock: Callable[[], datetime],
) -> Callable[[Digest], str]:
    """What announces the commits that are about to be made to a dataset's table; gives the mark."""

    def tell(content: Digest) -> str:
        mark = new_mark()
        with store.transaction() as session:
            announce(session, dataset, kind, mark, actor=actor, at=clock(), content=content)
        return mark

    return tell


def came_in(
    session: Session, dataset: str, mark: str, files: Files, *, actor: str, at: datetime
) -> None:
    """Record the files of data that was announced and is in the table."""
    said: dict[str, JsonValue] = {"mark": mark, "files": dict(files)}
    audit.append(session, at=at, actor=actor, kind=APPENDED, subject=dataset, payload=said)


def announced(session: Session, dataset: str) -> Announced:
    """All that was announced of a dataset."""
    content: dict[str, Digest] = {}
    files: dict[str, Files] = {}
    from_the_start = all_of_them = False
    for one in audit.entries(session, subject=dataset):
        mark = one.payload.get("mark")
        if not isinstance(mark, str):
            continue
        if one.kind in _KINDS:
            content.setdefault(mark, str(one.payload.get("content", "")))
        if one.kind in (ADDED, APPENDED) and isinstance(said := one.payload.get("files"), dict):
            files.setdefault(mark, {name: str(digest) for name, digest in said.items()})
        if one.kind == ADDED:
            from_the_start = True
            all_of_them |= mark in files
    return Announced(content, files, from_the_start, all_of_them)

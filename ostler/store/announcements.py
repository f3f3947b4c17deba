"""Commits that carry no proposal, announced in the log: data that comes in, files put together.

The mark stands in the log before the commit counts, so that none is ever without its entry; a mark
that no commit carries is a write that did not come about.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from ostler.store import audit

ADDED, APPENDING, COMPACTING = "data.added", "data.appending", "table.compacting"
_KINDS = (ADDED, APPENDING, COMPACTING)


@dataclass(frozen=True)
class Announced:
    """What the log says of a dataset's commits."""

    marks: frozenset[str]
    from_the_start: bool
    """False for datasets of before commits were announced."""


def new_mark() -> str:
    """A mark that nobody can guess."""
    return secrets.token_hex(16)


def announce(
    session: Session,
    dataset: str,
    kind: Literal["data.added", "data.appending", "table.compacting"],
    mark: str,
    *,
    actor: str,
    at: datetime,
) -> None:
    """Say in the log under which mark a dataset's table gets a commit."""
    audit.append(session, at=at, actor=actor, kind=kind, subject=dataset, payload={"mark": mark})


def announced(session: Session, dataset: str) -> Announced:
    """All that was announced of a dataset."""
    found = [one for one in audit.entries(session, subject=dataset) if one.kind in _KINDS]
    marks = frozenset(str(one.payload.get("mark", "")) for one in found)
    return Announced(marks - {""}, any(one.kind == ADDED for one in found))

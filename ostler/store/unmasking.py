"""Who looked behind a mask: an entry of the log, since no row changes."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from ostler.store import audit


def record_unmasking(
    session: Session, subject: str, columns: Sequence[str], *, actor: str, at: datetime
) -> None:
    """A person is shown the values of some columns: of a proposal, or of a dataset's versions."""
    audit.append(
        session,
        at=at,
        actor=actor,
        kind="values.unmasked",
        subject=subject,
        payload={"columns": [*sorted(columns)]},
    )

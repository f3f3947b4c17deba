"""Finding a row by the beginning of its id, as people type it."""

from sqlalchemy import String, func, select
from sqlmodel import Session

from ostler.core.errors import BadInput, NotFound
from ostler.store.models import Stored, table_of

_SHOWN = 5


def full_id(session: Session, row: type[Stored], what: str, typed: str) -> str:
    """The one id that equals `typed` or begins with it, in upper or lower case.

    NotFound when there is none, BadInput when there are several.
    """
    column = table_of(row).c["id"]
    connection = session.connection()
    if connection.execute(select(column).where(column == typed)).first():
        return typed
    beginning = func.lower(func.substr(column, 1, len(typed)), type_=String)
    found = connection.execute(
        select(column).where(beginning == typed.lower()).order_by(column).limit(_SHOWN + 1)
    )
    ids = [str(value) for value in found.scalars()] if typed else []
    if not ids:
        raise NotFound(f"there is no {what} {typed!r}")
    if len(ids) > 1:
        shown = ", ".join(ids[:_SHOWN]) + (" ..." if len(ids) > _SHOWN else "")
        raise BadInput(f"{typed!r} is the beginning of several ids: {shown}", "type more of it")
    return ids[0]

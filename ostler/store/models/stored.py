"""What all tables have in common: their metadata, their names and types, how a row gets in."""

import re
from collections.abc import Mapping

from sqlalchemy import Integer, MetaData, String, Table, insert
from sqlalchemy.orm import declared_attr
from sqlmodel import Session, SQLModel

from ostler.store.types import TEXT, WHOLE

NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}
"""Every constraint has a name, so that a migration can change it."""


def name_of(row: str) -> str:
    """A table's name: `BacklogItemRow` is a row of `backlog_item`."""
    return re.sub("(?<!^)(?=[A-Z])", "_", row.removesuffix("Row")).lower()


class Stored(SQLModel):
    """What the tables have in common: their own metadata, apart from anybody else's."""

    metadata = MetaData(naming_convention=NAMES)

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride]
        return name_of(cls.__name__)


def give_types() -> None:
    """Give the columns of all tables their types, the same in PostgreSQL as in SQLite."""
    for table in Stored.metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, String):
                column.type = TEXT
            elif isinstance(column.type, Integer):
                column.type = WHOLE


def table_of(row: type[Stored]) -> Table:
    """The table behind a class."""
    return Stored.metadata.tables[name_of(row.__name__)]


def has_document(table: Table) -> bool:
    """Whether the table's `digest` names a row of `document`."""
    return "digest" in table.c and bool(table.c["digest"].foreign_keys)


def insert_row(session: Session, row: type[Stored], columns: Mapping[str, object]) -> None:
    """Insert at once, so that nothing written later in the transaction overtakes it."""
    # As parameters, not as `.values(...)`, which SQLAlchemy would compile anew for every row.
    session.connection().execute(insert(table_of(row)), dict(columns))

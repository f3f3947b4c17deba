"""What PostgreSQL says of a table: its columns as the mirror holds them, and a key for its rows."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from psycopg import sql

from ostler.core.base import RowId
from ostler.core.datasets import Column
from ostler.core.errors import BadInput, NotFound
from ostler.tables.postgres.connecting import Session

_TYPES = {
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "real": "FLOAT",
    "double precision": "DOUBLE",
    "date": "DATE",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
}
"""DuckDB's types of PostgreSQL's; any other is text in the mirror, as PostgreSQL writes it."""

_UNPATCHABLE = {
    "bytea": "binary",
    "money": "written as the server's locale wants",
    "tsvector": "made from other columns",
}

_DIGITS = 38
"""What DuckDB's and Delta's decimals can hold."""


class Field(NamedTuple):
    """A column."""

    name: str
    type: str
    """PostgreSQL's name of its type, without a length."""
    kind: str
    """DuckDB's type of it in the mirror."""
    required: bool
    unpatchable: str
    """Why no patch may set it; empty when one may."""


def bound(*names: str) -> sql.Identifier:
    """An identifier for a statement with parameters, in which a `%` of a name is written twice."""
    return sql.Identifier(*(name.replace("%", "%%") for name in names))


@dataclass(frozen=True)
class Relation:
    """A table of PostgreSQL, as far as the mirror holds it."""

    oid: int
    namespace: str
    table: str
    fields: tuple[Field, ...]
    generated: tuple[str, ...]
    """Columns that follow from others and that the mirror leaves out."""

    @property
    def name(self) -> tuple[str, str]:
        """The parts of its name, to be quoted by `bound` or `sql.Identifier`."""
        return self.namespace, self.table

    @property
    def place(self) -> str:
        """For a sentence."""
        return f"{self.namespace}.{self.table}"

    @property
    def columns(self) -> tuple[Column, ...]:
        """As the mirror has them."""
        return tuple(Column(name=field.name, type=field.kind) for field in self.fields)

    def texts(self, quote: Callable[..., sql.Identifier]) -> sql.Composed:
        """The columns of the table `t` as text, for a SELECT."""
        return sql.SQL(", ").join(
            sql.SQL("CAST({} AS pg_catalog.text)").format(quote("t", field.name))
            for field in self.fields
        )

    def field(self, name: str) -> Field:
        """A column by its name; BadInput when the table no longer has it."""
        for field in self.fields:
            if field.name == name:
                return field
        raise BadInput(f"{self.place} has no column {name!r}")


_FIND = """
    SELECT c.oid, c.relkind::text FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname = %s"""

_FIELDS = """
    SELECT c.column_name, pg_catalog.format_type(a.atttypid, NULL), c.data_type::text,
           c.numeric_precision, c.numeric_scale, a.attnotnull, a.attidentity::text,
           a.attgenerated <> ''
    FROM information_schema.columns c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = %s AND a.attname = c.column_name
    WHERE c.table_schema = %s AND c.table_name = %s ORDER BY c.ordinal_position"""

_TABLES = """
    SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    ORDER BY 1"""


def describe(session: Session, namespace: str, table: str) -> Relation:
    """A table; NotFound when there is none, BadInput when it is nothing that can be patched."""
    found = session.execute(_FIND, (namespace, table)).fetchone()
    if found is None:
        names = [str(name) for (name,) in session.execute(_TABLES).fetchall()]
        close = get_close_matches(f"{namespace}.{table}", names)
        hint = (
            f"did you mean {' or '.join(close)}?" if close else "write it as --table schema.table"
        )
        raise NotFound(f"the database has no table {namespace}.{table}", hint)
    oid, kind = found
    if kind not in ("r", "p"):
        raise BadInput(
            f"{namespace}.{table} is a view or a foreign table, which has no rows of its own",
            "take the tables under care from which it comes",
        )
    rows = session.execute(_FIELDS, (oid, namespace, table)).fetchall()
    _refuse_names(f"{namespace}.{table}", [str(row[0]) for row in rows])
    return Relation(
        oid=oid,
        namespace=namespace,
        table=table,
        fields=tuple(_field(*row[:7]) for row in rows if not row[7]),
        generated=tuple(str(row[0]) for row in rows if row[7]),
    )


def _field(
    name: str,
    type_: str,
    base: str,
    precision: int | None,
    scale: int | None,
    required: bool,
    identity: str,
) -> Field:
    kind = _TYPES.get(base, "VARCHAR")
    if base == "numeric" and precision is not None and scale is not None:
        # Digits may stand left of what is kept, or right of all of it: such a number stays text.
        kind = f"DECIMAL({precision},{scale})" if 0 <= scale <= precision <= _DIGITS else "VARCHAR"
    because = _UNPATCHABLE.get(base, "")
    if identity == "a":
        because = "always given by the server"
    # "character" alone would mean a single one.
    return Field(name, "bpchar" if type_ == "character" else type_, kind, required, because)


def _refuse_names(place: str, names: Sequence[str]) -> None:
    if not names:
        raise BadInput(f"{place} has no column that this role may read")
    seen: dict[str, str] = {}
    for name in names:
        if name.lower() in seen:
            raise BadInput(
                f"{place}: columns {seen[name.lower()]!r} and {name!r} differ only in case",
                "rename one of them",
            )
        if name.lower().startswith("_ostler"):
            raise BadInput(f"{place}: {name!r} is a name of Ostler's own", "rename it")
        seen[name.lower()] = name


_KEYS = """
    SELECT i.indisprimary, (
        SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE k.place <= i.indnkeyatts)
    FROM pg_catalog.pg_index i
    WHERE i.indrelid = %s AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
      AND i.indexprs IS NULL
    ORDER BY i.indisprimary DESC, i.indexrelid"""


def key_of(session: Session, relation: Relation, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that name a row: the ones asked for, or the primary key.

    BadInput unless PostgreSQL itself promises that they are unique and never missing.
    """
    place = relation.place
    keys = [(primary, tuple(names)) for primary, names in session.execute(_KEYS, (relation.oid,))]
    for name in wanted:
        relation.field(name)
    if not wanted:
        primary = next((names for is_primary, names in keys if is_primary), None)
        if primary is None:
            raise BadInput(
                f"{place} has no primary key, so nothing names its rows",
                "name columns that are unique and not null: --key id",
            )
        wanted = primary
    unique = any(set(names) <= set(wanted) for _, names in keys)
    loose = [name for name in wanted if not relation.field(name).required]
    if loose or not unique:
        why = f"{loose[0]!r} may be missing" if loose else "no unique constraint says so"
        raise BadInput(
            f"{', '.join(wanted)} does not name every row of {place} exactly once: {why}",
            "name columns that are unique and not null, or add a primary key to the table",
        )
    return wanted


def key_values(row: RowId, key: tuple[str, ...]) -> tuple[str, ...]:
    """The text of each key column of a row's id."""
    if len(key) == 1:
        return (row,)
    return tuple(str(value) for value in json.loads(row))

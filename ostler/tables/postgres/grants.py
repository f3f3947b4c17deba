"""Least privilege: one role that reads for agents, one that writes for the executor and no more."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import sql

from ostler.core.datasets import PostgresSource
from ostler.tables.postgres import ledger
from ostler.tables.postgres.connecting import reading, writing
from ostler.tables.postgres.relation import describe

READER, EXECUTOR = "ostler_reader", "ostler_executor"

_ROLE = """\
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {literal}) THEN
        CREATE ROLE {role} LOGIN;
    END IF;
END $$"""


def grants(
    source: PostgresSource,
    address: str,
    key: tuple[str, ...],
    protected: Sequence[str],
    *,
    rows: bool,
) -> str:
    """The statements that make both roles and give them what they need, as one script.

    The executor may set every column but the protected ones and the key; with `rows`, it may also
    insert and delete. The roles get no password: that is the owner's to set.
    """
    with reading(address, source.place) as session:
        relation = describe(session, source.namespace, source.table)
        writable = [
            field.name
            for field in relation.fields
            if field.name not in {*key, *protected} and not field.unpatchable
        ]
        names = {
            "schema": sql.Identifier(source.namespace),
            "table": sql.Identifier(*relation.name),
            "reader": sql.Identifier(READER),
            "executor": sql.Identifier(EXECUTOR),
            "columns": sql.SQL(", ").join(map(sql.Identifier, writable)),
        }
        roles = [
            sql.SQL(_ROLE).format(literal=sql.Literal(role), role=sql.Identifier(role))
            for role in (READER, EXECUTOR)
        ]
        wanted: list[LiteralString] = [
            *_GRANTS,
            *([_COLUMNS] if writable else []),
            *([_ROWS] if rows else []),
        ]
        given = [sql.SQL(statement).format(**names) for statement in wanted]
        return "".join(
            f"{part.as_string(session)};\n"
            for part in (*roles, sql.SQL(ledger.DDL.removesuffix(";\n")), *given)
        )


_GRANTS = (
    "GRANT USAGE ON SCHEMA {schema}, ostler TO {reader}, {executor}",
    "GRANT SELECT ON {table}, ostler.ledger, ostler.undo TO {reader}, {executor}",
    "GRANT INSERT ON ostler.ledger, ostler.undo TO {executor}",
)
_COLUMNS = "GRANT UPDATE ({columns}) ON {table} TO {executor}"
_ROWS = "GRANT INSERT, DELETE ON {table} TO {executor}"


def apply_grants(source: PostgresSource, address: str, script: str) -> None:
    """Run the script with the rights of whoever the address names, in one transaction."""
    with writing(address, source.place) as session:
        # Made by `grants`, and by nobody else.
        session.execute(sql.SQL(script))  # pyright: ignore[reportArgumentType]
        session.commit()

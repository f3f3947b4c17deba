"""A dataset's rows in PostgreSQL itself, not in the mirror."""

from collections.abc import Generator
from contextlib import contextmanager

from psycopg import sql

from ostler.core.datasets import Dataset
from ostler.core.errors import BadInput, InternalError
from ostler.tables.engine import Row
from ostler.tables.place import Place
from ostler.tables.postgres.connecting import Connections, connection_of, reading
from ostler.tables.postgres.relation import Relation, describe


@contextmanager
def postgres_place(dataset: Dataset, connections: Connections) -> Generator[Place]:
    """The table that a dataset mirrors, in one snapshot that nobody can write in.

    BadInput for a database that does not keep its text as UTF-8, whose characters are not ours.
    """
    source = dataset.postgres
    if source is None:
        raise InternalError(f"{dataset.name} does not lie in PostgreSQL")
    with reading(connection_of(source, connections).read, source.place) as session:
        encoding = session.execute("SHOW server_encoding").fetchone()
        if encoding != ("UTF8",):
            raise BadInput(
                f"the database of {source.place} does not keep its text as UTF-8",
                "measure the mirror: --engine duckdb",
            )
        # A backslash in a text that a rule's author wrote is a backslash.
        session.execute("SET standard_conforming_strings = on")
        relation = describe(session, source.namespace, source.table)

        def run(query: str) -> list[Row]:
            # Its identifiers are c0, c1 ... and its values were quoted by Ibis.
            return session.execute(query.encode()).fetchall()

        yield Place(
            engine="postgresql",
            name=source.place,
            columns=relation.columns,
            key=dataset.key,
            source=_source(relation).as_string(session),
            run=run,
        )


def _source(relation: Relation) -> sql.Composed:
    """Every column in the mirror's type; texts are compared byte by byte."""
    columns: list[sql.Composed] = []
    for place, field in enumerate(relation.fields):
        text = 'CAST({} AS pg_catalog.text) COLLATE pg_catalog."C"'
        column = sql.SQL(text if field.kind == "VARCHAR" else "{}").format(
            sql.Identifier("t", field.name)
        )
        columns.append(sql.SQL("{} AS {}").format(column, sql.Identifier(f"c{place}")))
    return sql.SQL("SELECT {} FROM {} AS t").format(
        sql.SQL(", ").join(columns), sql.Identifier(*relation.name)
    )

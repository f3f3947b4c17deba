"""The workbench of the tests of execution, over a table in PostgreSQL."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from workbench import Workbench

from ostler.cli.add_postgres import take_postgres
from ostler.cli.opening import Opened
from ostler.config.workspace import create_workspace
from ostler.policies.policyset import default_site
from ostler.replay.verification import verify_workspace

PEOPLE = """
    CREATE SCHEMA "Sales Dept";
    CREATE TABLE "Sales Dept".people (
        id bigint PRIMARY KEY, name text NOT NULL, city varchar(10), mail text, age integer);
    INSERT INTO "Sales Dept".people VALUES
        (1, 'Ana', 'Lisbon', 'ana@example.org', 31), (2, 'Ben', 'Lisbxn', 'ben@example.org', 32),
        (3, 'Cid', 'N/A', 'cid@example.org', 33), (4, 'Dan', 'Oslo', 'dan@example.org', NULL),
        (5, 'Eva', 'Oslo', 'eva@example.org', 35)"""


@dataclass(frozen=True)
class PostgresBench(Workbench):
    """A workspace and its dataset `people`, which lies in PostgreSQL."""

    url: str = ""

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What somebody who knows nothing of Ostler does in the database."""
        return ask(self.url, statement, *values)

    def city(self, row: int) -> str | None:
        """A cell, as PostgreSQL has it."""
        return self.sql('SELECT city FROM "Sales Dept".people WHERE id = %s', row)[0][0]

    def mirrored(self) -> list[tuple[Any, ...]]:
        """The mirror's rows, by key."""
        view = self.table.view()
        return view.query(f"SELECT * FROM {view.source} ORDER BY id")

    def rows(self) -> list[tuple[Any, ...]]:
        """PostgreSQL's rows, by key."""
        return self.sql('SELECT * FROM "Sales Dept".people ORDER BY id')

    def entered(self) -> list[str]:
        """Names in the ledger that stand for a change, in their order."""
        if self.sql("SELECT to_regclass('ostler.ledger')") == [(None,)]:
            return []
        found = self.sql("SELECT proposal FROM ostler.ledger WHERE patch <> '' ORDER BY number")
        return [name for (name,) in found]

    def faults(self) -> tuple[str, ...]:
        parts = self.parts
        found = verify_workspace(
            parts.store,
            parts.objects,
            parts.patches,
            parts.datasets(),
            connections=parts.workspace.settings.connections,
        )
        return tuple(f"{fault.subject}: {fault.message}" for fault in found)


def ask(url: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Run something in a database, at once."""
    with psycopg.connect(url, autocommit=True) as session:
        cursor = session.execute(statement, values or None)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def workspace_at(folder: Path) -> Opened:
    """An empty workspace."""
    workspace = create_workspace(folder)
    for name, text in default_site().items():
        (workspace.policies / name).write_text(text, encoding="utf-8")
    return Opened(workspace)


def take_table(
    parts: Opened, where: str, table: str, name: str, key: tuple[str, ...] = ()
) -> tuple[int, int]:
    """Take a table under care."""
    return take_postgres(parts, where, table, name, owner="ana", key=key, value=3, protect=())


def build_postgres(folder: Path, url: str) -> PostgresBench:
    """A workspace in a folder, with five people in a database under care."""
    ask(url, PEOPLE)
    parts = workspace_at(folder)
    take_table(parts, url, "Sales Dept.people", "people")
    return PostgresBench(parts, url)

"""A place: where rows lie that an engine of somebody else's reads, and how to ask it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ostler.core.datasets import Column
from ostler.tables.engine import Row

Engine = Literal["postgresql", "spark"]


@dataclass(frozen=True)
class Place:
    """The rows of one table as they are now, behind a connection that only reads."""

    engine: Engine
    name: str
    """For sentences."""
    columns: tuple[Column, ...]
    """All of them, those of the key too; `type` is DuckDB's."""
    key: tuple[str, ...]
    source: str
    """SELECT in the engine's SQL that gives column after column as c0, c1 and so on."""
    run: Callable[[str], list[Row]]
    """Runs a query of the engine's SQL; raises BadInput or Conflict with what the engine says."""

    def ask(self, query: str) -> list[Row]:
        """The rows of a query over the relation `ostler`, which is the source."""
        # PostgreSQL would otherwise write the whole table down before it is read.
        once = "NOT MATERIALIZED " if self.engine == "postgresql" else ""
        return self.run(f"WITH ostler AS {once}({self.source}) SELECT * FROM ({query}) AS q")

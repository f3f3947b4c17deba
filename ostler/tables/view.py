"""A view: one readable state of a table, pinned or staged, that tools query with SQL."""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from ostler.core.canonical import digest_of
from ostler.core.datasets import Column
from ostler.core.errors import InternalError
from ostler.tables.disk import reaching
from ostler.tables.engine import Row, arrow_of, connect
from ostler.tables.sql import quoted, row_id

if TYPE_CHECKING:
    from ostler.tables.layout import DataFile, Layout

Parameter = str | int | float | bool | None | Sequence[str | None]


@dataclass(frozen=True)
class View:
    """One state of a table inside a DuckDB connection; reading it never changes anything."""

    connection: duckdb.DuckDBPyConnection
    name: str
    """Name of the relation in the connection."""
    columns: tuple[Column, ...]
    """What a person sees: the hidden key is left out, a declared one is not."""
    key: tuple[str, ...]
    version: int
    layout: "Layout | None" = field(default=None, compare=False, repr=False)
    """The data files whose rows these are, exactly and all; None for anything staged."""

    @property
    def files(self) -> "tuple[DataFile, ...]":
        """The immutable files that its rows are the union of, sorted; none for anything staged."""
        return self.layout.data_files if self.layout else ()

    def of_files(self, files: "Iterable[DataFile]", *, numbered: bool = False) -> "View":
        """The rows of some of its files alone, in the same connection; InternalError without.

        With `numbered` the relation has the layout's `number_column` as well.
        """
        if self.layout is None:
            raise InternalError(f"{self.name} is not made of data files")
        wanted = tuple(sorted(files, key=lambda file: file.path))
        part = digest_of([numbered, *(file.digest for file in wanted)])
        name = f"{self.name}: part {part[:16]}"
        self.layout.create_view(
            self.connection, name, [file.path for file in wanted], with_number=numbered
        )
        return replace(self, name=name, layout=replace(self.layout, data_files=wanted))

    @property
    def source(self) -> str:
        """The quoted relation, for the FROM of a query."""
        return quoted(self.name)

    @property
    def row(self) -> str:
        """The SQL expression of the row's id."""
        return row_id(self.key)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the visible columns, in order."""
        return tuple(column.name for column in self.columns)

    def type_of(self, column: str) -> str:
        """DuckDB's type of a visible column."""
        return next(c.type for c in self.columns if c.name == column)

    def query(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[Row]:
        """Run a query whose values are bound (`?`) and whose identifiers came from `quoted`."""
        with reaching(f"the data of {self.name}"):
            return self.connection.execute(sql, list(parameters)).fetchall()

    def one(self, sql: str, parameters: Sequence[Parameter] = ()) -> Row:
        """The first row of a query that has one."""
        return self.query(sql, parameters)[0]

    def batches(
        self, sql: str, parameters: Sequence[Parameter] = (), rows: int = 1 << 17
    ) -> Generator[pa.RecordBatch]:
        """The result of a query in Arrow batches, as it is computed; to be read to its end."""
        with reaching(f"the data of {self.name}"):
            yield from self.connection.sql(sql, params=list(parameters)).to_arrow_reader(rows)

    def arrow(self, sql: str, parameters: Sequence[Parameter] = ()) -> pa.Table:
        """The result of a query as an Arrow table."""
        with reaching(f"the data of {self.name}"):
            return arrow_of(self.connection.sql(sql, params=list(parameters)))

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return int(self.one(f"SELECT count(*) FROM {self.source}")[0])


def view_of(
    data: pa.Table | str,
    key: tuple[str, ...],
    *,
    hidden: tuple[str, ...] = (),
    version: int = 0,
    name: str = "t",
    connection: duckdb.DuckDBPyConnection | None = None,
) -> View:
    """A view over an Arrow table, or over a relation that the connection has already."""
    connection = connection or connect()
    if isinstance(data, str):
        name = data
    else:
        connection.register(name, data)
    relation = connection.table(name) if isinstance(data, str) else connection.view(name)
    columns = tuple(
        Column(name=column, type=str(kind))
        for column, kind in zip(relation.columns, relation.types, strict=True)
        if column not in hidden
    )
    return View(connection, name, columns, key, version)

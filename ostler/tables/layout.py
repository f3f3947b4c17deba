"""How data files make up a table: its columns, and what each file's partition adds to its rows.

A data file of a partitioned table does not hold the partition columns; the log says their values,
as text, for each file. A column that was added later is missing from older files and reads as NULL.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from ostler.core.canonical import Digest, digest_of
from ostler.core.datasets import Column
from ostler.tables.disk import reaching
from ostler.tables.engine import computed, connect, reach
from ostler.tables.sql import quoted

Values = tuple[str | None, ...]
"""A partition: the text of each partition column, in the form that Delta's log has."""

_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class DataFile:
    """A file of rows that never changes, so what was measured on it stays true."""

    path: str
    """Path or address."""
    digest: Digest
    """Of what names it: the table's id, and what the log says of the file; nothing was read."""
    rows: int | None
    """How many rows it holds, where the log says so."""


@dataclass(frozen=True)
class Layout:
    """What there is to know of a table's data files beside what they hold."""

    root: str
    """Path or address of the table's folder, with a slash at its end."""
    columns: tuple[Column, ...]
    """All of them, the hidden key too, in the table's order."""
    partitioned_by: tuple[str, ...]
    files: Mapping[str, Values]
    """Path or address of each data file, sorted, with its partition."""
    data_files: tuple[DataFile, ...] = ()
    """The same files with what the log says of them; empty for files that no log has yet."""

    @property
    def stored(self) -> tuple[str, ...]:
        """The columns that data files hold."""
        return tuple(c.name for c in self.columns if c.name not in self.partitioned_by)

    @property
    def file_column(self) -> str:
        """The column that names a row's file in views that are asked for it."""
        name = "ostler_file"
        while name in {column.name.lower() for column in self.columns}:
            name += "_"
        return name

    @property
    def number_column(self) -> str:
        """The column that numbers a row's file, from 0, in views that are asked for it."""
        return f"{self.file_column}_number"

    def with_files(self, files: Mapping[str, Values]) -> "Layout":
        """The same table made up of other files."""
        return replace(self, files=files, data_files=())

    def relative(self, file: str) -> str:
        """A file's path within the table."""
        return file.removeprefix(self.root)

    def folder(self, values: Values) -> str:
        """The folder of a partition within the table, as other writers name it; '' for none."""
        return "".join(
            f"{quote(column, safe=_PLAIN)}={_NULL if v is None else quote(v, safe=_PLAIN)}/"
            for column, v in zip(self.partitioned_by, values, strict=True)
        )

    def values_sql(self) -> tuple[str, ...]:
        """SQL expressions of a row's partition, in the order of the columns."""
        kinds = {column.name: column.type for column in self.columns}
        return tuple(_as_text(quoted(name), kinds[name]) for name in self.partitioned_by)

    def create_view(
        self,
        connection: duckdb.DuckDBPyConnection,
        name: str,
        files: Iterable[str] | None = None,
        *,
        with_file: bool = False,
        with_number: bool = False,
    ) -> None:
        """Make a view of the rows of some of the files, of all when none are named.

        Files are numbered as they are sorted.
        """
        paths = sorted(self.files if files is None else files)
        if not paths:
            nothing = ", ".join(
                f"CAST(NULL AS {kind}) AS {quoted(name)}"
                for name, kind in (
                    *((c.name, c.type) for c in self.columns),
                    *([(self.file_column, "VARCHAR")] if with_file else []),
                    *([(self.number_column, "INTEGER")] if with_number else []),
                )
            )
            body = f"SELECT {nothing} LIMIT 0"
        else:
            body = self._rows(connection, name, paths, with_file, with_number)
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {body}")

    def _rows(
        self,
        connection: duckdb.DuckDBPyConnection,
        name: str,
        paths: Sequence[str],
        with_file: bool,
        with_number: bool,
    ) -> str:
        raw = f"{name}: files"
        named = with_file or bool(self.partitioned_by)
        number = quoted(self.number_column)
        reach(paths)
        with reaching(self.root.rstrip("/")):
            relation = connection.sql(
                f"""SELECT *{f", CAST(file_index AS INTEGER) AS {number}" if with_number else ""}
                    FROM read_parquet(?, union_by_name = true, hive_partitioning = false
                                               {", filename = ?" if named else ""})""",
                params=[list(paths), self.file_column] if named else [list(paths)],
            )
            relation.create_view(raw, replace=True)
        selected = [self._cell(column, set(relation.columns)) for column in self.columns]
        if with_file:
            selected.append(f"f.{quoted(self.file_column)}")
        if with_number:
            selected.append(f"f.{number}")
        body = f"SELECT {', '.join(selected)} FROM {quoted(raw)} f"
        if self.partitioned_by:
            partitions = f"{name}: partitions"
            connection.register(partitions, self._partitions(paths))
            body += f" JOIN {quoted(partitions)} p ON p.file = f.{quoted(self.file_column)}"
        return body

    def _cell(self, column: Column, present: set[str]) -> str:
        name = quoted(column.name)
        if column.name in self.partitioned_by:
            position = self.partitioned_by.index(column.name)
            return f"CAST(p.p{position} AS {column.type}) AS {name}"
        return f"f.{name}" if column.name in present else f"CAST(NULL AS {column.type}) AS {name}"

    def _partitions(self, paths: Sequence[str]) -> pa.Table:
        fields = [("file", pa.string())]
        columns: dict[str, list[str | None]] = {"file": list(paths)}
        for position, _ in enumerate(self.partitioned_by):
            fields.append((f"p{position}", pa.string()))
            columns[f"p{position}"] = [self.files[path][position] for path in paths]
        return pa.table(columns, pa.schema(fields))


_PLAIN = "-_.~"
"""Characters beside letters and digits that stand in a partition's folder as they are."""


def layout_of(handle: DeltaTable) -> Layout:
    """The layout of one version of a table."""
    partitioned_by = tuple(handle.metadata().partition_columns)
    columns = _columns(handle)
    actions = pa.table(handle.get_add_actions(flatten=True))
    kinds = {column.name: column.type for column in columns}
    # A partition whose every value is missing has no column of its own here.
    values = "".join(
        f", {_as_text(quoted(f'partition.{name}'), kinds[name])}"
        if f"partition.{name}" in actions.column_names
        else ", NULL"
        for name in partitioned_by
    )
    root = root_of(handle)
    found = computed(
        f"SELECT path, size_bytes, modification_time, num_records{values} FROM a ORDER BY path",
        a=actions,
    )
    table = str(handle.metadata().id)
    files: dict[str, Values] = {}
    data_files: dict[str, DataFile] = {}
    for path, size, modified, count, *partition in zip(*found.to_pydict().values(), strict=True):
        address = root + unquote(path)
        files[address] = tuple(partition)
        digest = digest_of([table, path, size, modified, partition])
        data_files[address] = DataFile(address, digest, count)
    return Layout(
        root,
        columns,
        partitioned_by,
        dict(sorted(files.items())),
        tuple(file for _, file in sorted(data_files.items())),
    )


def root_of(handle: DeltaTable) -> str:
    """A table's folder, as a path or an address that is not encoded, with a slash at its end."""
    uri = unquote(handle.table_uri)
    return uri.removeprefix("file://").rstrip("/") + "/"


def _columns(handle: DeltaTable) -> tuple[Column, ...]:
    connection = connect()
    schema = pa.schema(handle.schema())
    connection.register("ostler_schema", schema.empty_table())
    relation = connection.view("ostler_schema")
    return tuple(
        Column(name=name, type=str(kind))
        for name, kind in zip(relation.columns, relation.types, strict=True)
    )


def _as_text(expression: str, kind: str) -> str:
    """A partition value as the log has it: moments of time in UTC without saying so."""
    text = f"CAST(CAST({expression} AS {kind}) AS VARCHAR)"
    return f"regexp_replace({text}, '[+]00$', '')" if kind.endswith("TIME ZONE") else text

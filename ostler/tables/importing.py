"""Files become managed tables: streamed in file order, each row with its hidden id."""

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import CommitProperties, write_deltalake
from deltalake.exceptions import DeltaError

from ostler.core.canonical import canonical_json
from ostler.core.datasets import ROW_ID
from ostler.core.errors import BadInput, Conflict
from ostler.storage.paths import path_of, remove_tree
from ostler.storage.refusals import plain, refusal
from ostler.storage.remote import delta_options
from ostler.tables.delta import METADATA, VersionedTable
from ostler.tables.engine import connect
from ostler.tables.files import as_readable, open_file, reading_error, with_row_ids
from ostler.tables.sql import quoted

TARGET_FILE_SIZE = 16 * 1024 * 1024
"""Bytes; small files keep the cost of a fix near what it touches."""

PROPERTIES = {
    # By default the log forgets after 30 days; revert, replay and audit need it for ever.
    "delta.enableExpiredLogCleanup": "false",
    "delta.targetFileSize": str(TARGET_FILE_SIZE),
}


def import_file(
    path: Path,
    uri: str,
    key: tuple[str, ...],
    *,
    encoding: str = "utf-8",
    sheet: str = "",
    mark: str = "",
    progress: Callable[[int], None] = lambda _rows: None,
) -> VersionedTable:
    """Copy a file into a new managed table, in file order, with bounded memory.

    `progress` hears how many rows have been read; `sheet` chooses from a workbook. `mark` is what
    the log announces the commit under. Raises BadInput,
    and leaves nothing behind, when the file cannot be read to its end.
    """
    target = path_of(uri)
    if target.exists():
        raise Conflict(f"there is a table at {uri} already")
    connection = connect()
    # Nothing can be renamed in object storage; there a table begins to be with its first commit.
    staging = Path(f"{uri}.importing") if isinstance(target, Path) else target
    remove_tree(staging)
    whole = False
    try:
        with as_readable(path, encoding, sheet) as text:
            relation = with_row_ids(open_file(connection, text))
            write_deltalake(
                str(staging),
                _counted(relation.to_arrow_reader(100_000), progress),
                configuration=PROPERTIES,
                target_file_size=TARGET_FILE_SIZE,
                commit_properties=CommitProperties(custom_metadata={METADATA: _own(mark)}),
                storage_options=delta_options(uri),
            )
        if isinstance(staging, Path):
            staging.rename(uri)
        whole = True
    except duckdb.Error as error:
        raise reading_error(path, error) from None
    except (DeltaError, OSError, ValueError) as error:
        if "CSV Error" in str(error) or "Invalid Input Error" in str(error):
            raise reading_error(path, duckdb.Error(str(error))) from None
        known = refusal(error, uri)
        raise known or BadInput(f"{path} cannot be imported: {plain(error)}") from error
    finally:
        if not whole:
            remove_tree(staging)
    return VersionedTable(uri, key)


def _own(mark: str) -> str:
    return canonical_json({"mark": mark} if mark else {})


def _counted(reader: pa.RecordBatchReader, progress: Callable[[int], None]) -> pa.RecordBatchReader:
    rows = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for batch in reader:
            rows += batch.num_rows
            progress(rows)
            yield batch

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


def append_file(
    path: Path,
    table: VersionedTable,
    *,
    encoding: str = "utf-8",
    sheet: str = "",
    mark: str = "",
    progress: Callable[[int], None] = lambda _rows: None,
) -> int:
    """Add a file's rows to a managed table, in one commit; returns how many.

    Columns are matched by name and must be the table's; values must fit its types. `mark` is what
    the log announces the commit under. Raises BadInput
    and changes nothing otherwise.
    """
    view = table.view()
    with as_readable(path, encoding, sheet) as text:
        relation = open_file(connect(), text)
        odd = sorted(set(relation.columns) ^ set(view.column_names))
        if odd:
            where = "the table" if odd[0] in relation.columns else "the file"
            raise BadInput(
                f"{path}: column {odd[0]!r} is not in {where}",
                f"the table has: {', '.join(view.column_names)}",
            )
        [last] = view.one(f"SELECT coalesce(max({quoted(ROW_ID)}), 0) FROM {view.source}")
        casts = ", ".join(
            f"CAST({quoted(c.name)} AS {c.type}) AS {quoted(c.name)}" for c in view.columns
        )
        rows = relation.project(f"{int(last)} + row_number() OVER () AS {quoted(ROW_ID)}, {casts}")
        try:
            write_deltalake(
                table.uri,
                _counted(rows.to_arrow_reader(100_000), progress),
                mode="append",
                target_file_size=TARGET_FILE_SIZE,
                commit_properties=CommitProperties(custom_metadata={METADATA: _own(mark)}),
                storage_options=delta_options(table.uri),
            )
        except duckdb.Error as error:
            raise reading_error(path, error) from None
        except (DeltaError, OSError, ValueError) as error:
            known = refusal(error, table.uri)
            raise known or BadInput(f"{path} cannot be appended: {plain(error)}") from error
    return table.view().row_count - view.row_count

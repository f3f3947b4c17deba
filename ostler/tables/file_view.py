"""A data file as a view, without importing it: for checks of what is no dataset yet."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ostler.core.datasets import ROW_ID
from ostler.tables.engine import connect
from ostler.tables.files import as_readable, open_file, reading_error, with_row_ids
from ostler.tables.view import View, view_of


@contextmanager
def file_view(path: Path, *, encoding: str = "utf-8", sheet: str = "") -> Generator[View]:
    """A file's rows, named by their number from 1 on; read when they are asked for.

    BadInput for what `ostler add` would refuse, as early as the reading gets there.
    """
    with as_readable(path, encoding, sheet) as readable:
        connection = connect()
        try:
            with_row_ids(open_file(connection, readable)).create_view(path.name)
            yield view_of(path.name, (ROW_ID,), hidden=(ROW_ID,), connection=connection)
        except duckdb.Error as error:
            # A line in the middle can be wrong, which only reading it shows.
            raise reading_error(path, error) from None
        finally:
            connection.close()

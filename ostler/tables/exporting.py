"""A version of a table as a file that other tools read."""

import re
from collections.abc import Callable, Collection
from pathlib import Path

import duckdb

from ostler.core.errors import BadInput
from ostler.core.masks import MASK
from ostler.tables.sql import quoted
from ostler.tables.view import View

# What a spreadsheet takes for the start of a formula.
_FORMULA = r"^[=+@\t\r-]"


def export(
    view: View, path: Path, *, spreadsheet_safe: bool = False, masked: Collection[str] = ()
) -> int:
    """Write the visible columns in key order; returns the number of rows.

    The ending says the format: CSV (missing values empty), Parquet or JSON lines. With
    `spreadsheet_safe` a text that a spreadsheet would run as a formula gets a quote before it. Of
    `masked` columns only what is missing is told. The file appears whole or not at all.
    """

    def cell(column: str, kind: str) -> str:
        if column in masked:
            return f"CASE WHEN {quoted(column)} IS NULL THEN NULL ELSE '{MASK}' END"
        return _guarded(column, kind) if spreadsheet_safe else quoted(column)

    columns = ", ".join(f"{cell(c.name, c.type)} AS {quoted(c.name)}" for c in view.columns)
    # By the key as it is, not as it is written.
    order = ", ".join(f"{view.source}.{quoted(column)}" for column in view.key)
    relation = view.connection.sql(f"SELECT {columns} FROM {view.source} ORDER BY {order}")
    writers: dict[str, Callable[[str], None]] = {
        ".csv": lambda part: relation.write_csv(part, header=True, na_rep=""),
        ".parquet": lambda part: relation.write_parquet(part, compression="zstd"),
        ".jsonl": lambda part: _write_json(view, columns, order, part),
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise BadInput(
            f"{path}: cannot tell the format from its ending", "use .csv, .parquet or .jsonl"
        )
    if not path.parent.is_dir():
        raise BadInput(f"{path}: there is no folder {path.parent}", "make it first")
    part = path.with_name(f".{path.name}.part")
    try:
        writer(str(part))
        part.replace(path)
    except (duckdb.Error, OSError) as error:
        raise BadInput(f"{path} cannot be written: {str(error).splitlines()[0]}") from error
    finally:
        part.unlink(missing_ok=True)
    return view.row_count


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run a text; a number is none."""
    if re.match(_FORMULA, text) is None:
        return False
    try:
        float(text)
    except ValueError:
        return True
    return False


def _guarded(column: str, kind: str) -> str:
    name = quoted(column)
    if kind != "VARCHAR":
        return name
    return (
        f"CASE WHEN regexp_matches({name}, '{_FORMULA}') AND TRY_CAST({name} AS DOUBLE) IS NULL "
        f"THEN chr(39) || {name} ELSE {name} END"
    )


def _write_json(view: View, columns: str, order: str, part: str) -> None:
    view.connection.execute(
        f"COPY (SELECT {columns} FROM {view.source} ORDER BY {order}) TO ? (FORMAT json)", [part]
    )

"""How a query for changed cells is put together; the table is always called `t` in it."""

from collections.abc import Sequence
from typing import NamedTuple

from ostler.tables.sql import quoted, row_id
from ostler.tables.view import Parameter, View

BY_ROW = 'TRY_CAST("row" AS DECIMAL(38, 9)) NULLS LAST, "row"'
"""Order of rows: by number where the key is one, then by text."""


class Cells(NamedTuple):
    """A query for cells (op, row, column, old, new), and the values bound in it."""

    sql: str
    parameters: list[Parameter]


def text_of(column: str) -> str:
    """The SQL expression of a cell's canonical text."""
    return f"CAST(t.{quoted(column)} AS VARCHAR)"


def row_of(view: View) -> str:
    """The SQL expression of the row's id."""
    return row_id(view.key, "t")


def numbered_cells(view: View, columns: Sequence[str]) -> str:
    """A query for the row's id as "row" and columns as c0, c1, …, so that no name clashes."""
    cells = ", ".join(f"t.{quoted(column)} AS c{place}" for place, column in enumerate(columns))
    return f'SELECT {row_of(view)} AS "row", {cells} FROM {view.source} AS t'


def set_cells(view: View, column: str, new: str, joined: str = "", where: str = "true") -> str:
    """A query that sets one column to an expression; binds the column's name before all else."""
    return f"""SELECT 'set' AS op, {row_of(view)} AS "row", CAST(? AS VARCHAR) AS "column",
        {text_of(column)} AS old, {new} AS new FROM {view.source} AS t {joined} WHERE {where}"""


def delete_rows(view: View, doomed: str) -> str:
    """A query that deletes the rows that the query `doomed` names; binds the columns' names."""
    values = ", ".join(text_of(column) for column in view.column_names)
    return f"""SELECT 'delete' AS op, {row_of(view)} AS "row",
        unnest(CAST(? AS VARCHAR[])) AS "column", unnest([{values}]) AS old,
        CAST(NULL AS VARCHAR) AS new
        FROM {view.source} AS t WHERE {row_of(view)} IN ({doomed})"""


def fits(value: str, kind: str) -> str:
    """The SQL condition that a type takes a value as it is: no failed cast, no lost digits."""
    typed = f"TRY_CAST({value} AS {kind})"
    if "INT" not in kind and not kind.startswith("DECIMAL"):
        return f"{typed} IS NOT NULL"
    exact = "DECIMAL(38, 9)"
    return f"coalesce(TRY_CAST({value} AS {exact}) = TRY_CAST({typed} AS {exact}), false)"

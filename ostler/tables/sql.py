"""SQL that is safe by construction: identifiers quoted by DuckDB itself, values always bound."""

import duckdb

from ostler.core.base import RowId


def quoted(identifier: str) -> str:
    """An identifier as DuckDB writes it; it may hold any character."""
    return str(duckdb.ColumnExpression(identifier))


def row_id(key: tuple[str, ...], alias: str = "") -> str:
    """The SQL expression of a row's id: the key as text, or a JSON array for several columns."""
    prefix = f"{alias}." if alias else ""
    parts = [f"CAST({prefix}{quoted(column)} AS VARCHAR)" for column in key]
    return parts[0] if len(parts) == 1 else f"CAST(json_array({', '.join(parts)}) AS VARCHAR)"


def row_id_of(values: tuple[str, ...]) -> RowId:
    """The row id of key values that are text already, as `row_id` writes it."""
    import json

    if len(values) == 1:
        return values[0]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

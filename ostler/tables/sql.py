"""SQL that is safe by construction: identifiers quoted by DuckDB itself, values always bound."""

import duckdb


def quoted(identifier: str) -> str:
    """An identifier as DuckDB writes it; it may hold any character."""
    return str(duckdb.ColumnExpression(identifier))


def row_id(key: tuple[str, ...], alias: str = "") -> str:
    """The SQL expression of a row's id: the key as text, or a JSON array for several columns."""
    prefix = f"{alias}." if alias else ""
    parts = [f"CAST({prefix}{quoted(column)} AS VARCHAR)" for column in key]
    return parts[0] if len(parts) == 1 else f"CAST(json_array({', '.join(parts)}) AS VARCHAR)"

"""The columns that a table has, held against those that a contract declares."""

from collections.abc import Iterator

from ostler.core.datasets import Column
from ostler.core.table_rules import Declared, Schema
from ostler.tables.view import View
from ostler.tools.quality.outcome import Outcome

_SYNONYMS: dict[str, str] = {
    "STRING": "VARCHAR",
    "TEXT": "VARCHAR",
    "CHAR": "VARCHAR",
    "INT": "INTEGER",
    "INT4": "INTEGER",
    "INT8": "BIGINT",
    "LONG": "BIGINT",
    "INT2": "SMALLINT",
    "SHORT": "SMALLINT",
    "FLOAT8": "DOUBLE",
    "DOUBLE PRECISION": "DOUBLE",
    "FLOAT4": "FLOAT",
    "REAL": "FLOAT",
    "BOOL": "BOOLEAN",
    "NUMERIC": "DECIMAL",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
}
_STORED = (*_SYNONYMS.values(), "TINYINT", "HUGEINT", "DATE", "TIME", "TIMESTAMP_NTZ")

_MEANS: dict[str, str] = {
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "HUGEINT": "integer",
    "DECIMAL": "number",
    "FLOAT": "number",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "TIME": "time",
}
"""The logical type of what is stored; text may hold any of them."""

_SHOWN = 5
"""Faults that are told one by one."""

_FITS = {("integer", "number"), ("date", "timestamp")}
"""What is stored more narrowly than it is declared."""


def conforming(rule: Schema, view: View) -> Outcome:
    """Whether a table's columns are the declared ones.

    A physical type that is not one of DuckDB's or Delta's names is not judged.
    """
    faults = list(_faults(rule, {column.name: column for column in view.columns}))
    if not faults:
        return Outcome(0, f"{len(view.columns):,} columns as declared")
    more = f" and {len(faults) - _SHOWN:,} more" if len(faults) > _SHOWN else ""
    return Outcome(1, "; ".join(faults[:_SHOWN]) + more)


def _faults(rule: Schema, columns: dict[str, Column]) -> Iterator[str]:
    for declared in rule.declared:
        if declared.column not in columns:
            yield f"{declared.column!r} is missing"
        elif fault := _of_type(declared, columns[declared.column].type):
            yield fault
    if rule.extra == "refused":
        known = {declared.column for declared in rule.declared}
        yield from (f"{name!r} is not declared" for name in columns if name not in known)


def _of_type(declared: Declared, stored: str) -> str:
    found, wanted = _plain(stored), _plain(declared.stored)
    if wanted in _STORED and _parts(declared.stored, wanted) not in (
        _parts(stored, found),
        (found, ""),
    ):
        return f"{declared.column!r} is stored as {stored}, not {declared.stored}"
    means = _MEANS.get(found, "")
    if means and declared.type and means != declared.type and (means, declared.type) not in _FITS:
        return f"{declared.column!r} is stored as {stored}, which is no {declared.type}"
    return ""


def _plain(kind: str) -> str:
    """A type's name without what stands in parentheses, by one of its names."""
    name = kind.upper().partition("(")[0].strip()
    return _SYNONYMS.get(name, name)


def _parts(kind: str, plain: str) -> tuple[str, str]:
    """A type's name, and what it has in parentheses where that is part of the type."""
    inside = kind.partition("(")[2].replace(" ", "").upper() if plain == "DECIMAL" else ""
    return plain, inside

"""The types that a person can give a column, by the names that people use for them."""

import re

from ostler.core.errors import BadInput

_TYPES = {
    "VARCHAR": ("text", "string", "varchar"),
    "BIGINT": ("int", "integer", "long", "bigint"),
    "DOUBLE": ("double", "float", "number"),
    "BOOLEAN": ("boolean", "bool"),
    "DATE": ("date",),
    "TIMESTAMP WITH TIME ZONE": ("timestamp", "timestamptz", "datetime"),
}
_BY_NAME = {name: kind for kind, names in _TYPES.items() for name in names}
_DECIMAL = re.compile(r"(?:decimal|numeric)\((\d{1,2}),(\d{1,2})\)")
_MOST_DIGITS = 38

_PLAIN = frozenset(
    {*_TYPES, "TINYINT", "SMALLINT", "INTEGER", "FLOAT", "TIMESTAMP", "TIMESTAMP_NS"}
)


def stored_type(written: str) -> str:
    """DuckDB's name of a type that a person wrote; BadInput for one that no column can have."""
    name = re.sub(r"\s+", "", written.lower())
    if name in _BY_NAME:
        return _BY_NAME[name]
    match = _DECIMAL.fullmatch(name)
    if match:
        digits, decimals = int(match[1]), int(match[2])
        if 1 <= digits <= _MOST_DIGITS and decimals <= digits:
            return f"DECIMAL({digits},{decimals})"
    raise BadInput(
        f"{written!r} is not a type that a column can be given",
        "use text, int, double, decimal(10,2), boolean, date or timestamp",
    )


def is_plain(kind: str) -> bool:
    """Whether values of a type can be kept as text and brought back from it exactly."""
    return kind in _PLAIN or kind.startswith("DECIMAL(")


def is_number(kind: str) -> bool:
    """Whether a type holds numbers."""
    return is_whole(kind) or kind in ("FLOAT", "DOUBLE") or kind.startswith("DECIMAL(")


def is_whole(kind: str) -> bool:
    """Whether a type holds whole numbers only."""
    return kind in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")

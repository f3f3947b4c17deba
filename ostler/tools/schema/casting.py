"""Casting a column: every value's new text, and what is lost, by a table of rules."""

from ostler.core.schema import CastReport, Loss
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.schema.types import is_number, is_whole

IMPOSSIBLE = "cannot be converted"
_EXAMPLES = 3

_EXACT = "TRY_CAST(s AS DECIMAL(38, 15))"
_DIGITS = r"length(ltrim(regexp_replace(regexp_replace(s, '[eE].*$', ''), '[^0-9]', '', 'g'), '0'))"
_OFFSET = r"regexp_extract(s, ':\d\d(?:\.\d+)?\s*([+-]\d\d(?::?\d\d)?)$', 1)"

_RULES = (
    ("any", IMPOSSIBLE, "n IS NULL"),
    ("number", "leading zeros", r"regexp_matches(trim(s), '^[+-]?0[0-9]')"),
    ("whole", "fraction", f"{_EXACT} <> trunc({_EXACT})"),
    ("number", "precision", f"{_EXACT} <> TRY_CAST(n AS DECIMAL(38, 15))"),
    # Beyond what a decimal holds, digits are counted: a double keeps seventeen.
    ("number", "precision", f"{_EXACT} IS NULL AND {_DIGITS} > 17"),
    ("number", "precision", "isinf(TRY_CAST(n AS DOUBLE)) AND s NOT ILIKE '%inf%'"),
    ("DATE", "time of day", r"regexp_matches(s, '[1-9][0-9:.]*\s*(Z|[+-]\d\d(:?\d\d)?)?$')"
     r" AND regexp_matches(s, '\d\d:\d\d') AND NOT regexp_matches(s, '[ T]00:00(:00(\.0+)?)?')"),
    ("time", "time zone", f"regexp_matches({_OFFSET}, '[1-9]')"),
    ("time", "precision", r"regexp_matches(s, '\.\d{6}\d*[1-9]')"),
)  # fmt: skip
"""For which target, what is lost, and the SQL that says so of the old text `s` and the new `n`.

The first that holds counts."""


def _applies(target: str, kind: str) -> bool:
    return (
        target in ("any", kind)
        or (target == "number" and is_number(kind))
        or (target == "whole" and is_whole(kind))
        or (target == "time" and (kind == "DATE" or kind.startswith("TIMESTAMP")))
    )


def converted(view: View, column: str, kind: str) -> str:
    """A query of a column's values: `id`, old text `s`, new text `n`, and what is `lost`."""
    value = f"t.{quoted(column)}"
    text = f"CAST({value} AS VARCHAR)"
    if view.type_of(column) == "BOOLEAN" and is_number(kind):
        given = f"CAST(CAST({value} AS INTEGER) AS VARCHAR)"
    else:
        given = text
    new = f"CAST(TRY_CAST({given} AS {kind}) AS VARCHAR)"
    rules = " ".join(
        f"WHEN {condition} THEN '{lost}'"
        for target, lost, condition in _RULES
        if _applies(target, kind)
    )
    return f"""SELECT id, shown AS s, n,
                      CASE WHEN s IS NULL OR s = n THEN NULL {rules} END AS lost
               FROM (SELECT {view.row} AS id, {text} AS shown, {given} AS s, {new} AS n
                     FROM {view.source} t)"""


def report(view: View, column: str, kind: str) -> CastReport:
    """What casting a column does to its values, counted, with examples."""
    values = converted(view, column, kind)
    missing, exact, rewritten = view.one(
        f"""SELECT count(*) FILTER (s IS NULL), count(*) FILTER (s = n),
                   count(*) FILTER (s <> n AND lost IS NULL) FROM ({values})"""
    )
    counts = view.query(
        f"SELECT lost, count(*) FROM ({values}) WHERE lost IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    shown = view.query(
        f"""SELECT lost, id, s, n FROM ({values}) WHERE lost IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY lost ORDER BY TRY_CAST(id AS BIGINT), id)
                    <= {_EXAMPLES}
            ORDER BY lost, TRY_CAST(id AS BIGINT), id"""
    )
    return CastReport(
        column=column,
        before=view.type_of(column),
        after=kind,
        missing=missing,
        exact=exact,
        rewritten=rewritten,
        losses=tuple(
            Loss(
                kind=lost,
                values=count,
                examples=tuple((row, s, n) for of, row, s, n in shown if of == lost),
            )
            for lost, count in counts
        ),
    )

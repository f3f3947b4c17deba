"""Find values that stand for a missing one: markers, blanks, and fillers that gather in a spike."""

from ostler.core.actions import Replacement, ReplaceValues
from ostler.core.checks import RejectedValues
from ostler.core.proposals import Draft
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.repair.profile import ColumnProfile, drafted, profiles

TOOL = "repair.missing/1"

_MARKERS = (
    *("", "-", "--", "---", ".", "..", "...", "?", "??", "???", "*", "_"),
    *("n/a", "#n/a", "n.a.", "n.a", "n\\a", "#na", "na", "nan", "nil", "null", "<null>", "(null)"),
    *("<na>", "(blank)", "<blank>", "#value!", "#ref!", "#div/0!", "\\n", "undefined"),
)
"""Never a value of anything, in lower case."""
_WORDS = (
    *("none", "unknown", "empty", "missing", "blank", "not available", "not applicable"),
    *("not specified", "not known", "unspecified", "tbd", "tba", "no data", "no value", "void"),
)
"""Words that may as well be a category of their own."""
_DATES = ("1900-01-01", "1899-12-30", "1970-01-01", "0001-01-01", "9999-12-31", "1901-01-01")
_SPIKE = 3
"""A filler occurs at least so often; and a number so many times as often as any other value."""


def mine_missing(view: View) -> tuple[Draft, ...]:
    """Propose to set values that hide a missing one to missing."""
    columns = profiles(view)
    return tuple(
        draft for column in columns for draft in (*_markers(view, column), *_fillers(view, column))
    )


def _markers(view: View, column: ColumnProfile) -> tuple[Draft, ...]:
    if not column.is_text:
        return ()
    name = quoted(column.name)
    bare = rf"lower(regexp_replace({name}, '^[\s\p{{Z}}]+|[\s\p{{Z}}]+$', '', 'g'))"
    found = view.query(
        f"""SELECT {name}, {bare}, count(*) FROM {view.source}
        WHERE {bare} IN (SELECT unnest(CAST(? AS VARCHAR[])))
        GROUP BY ALL ORDER BY count(*) DESC, {name}""",
        [[*_MARKERS, *_WORDS]],
    )
    sure = [(value, held) for value, bare, held in found if bare in _MARKERS]
    words = [(value, held) for value, bare, held in found if bare in _WORDS]
    others = column.filled - sum(held for _, held in (*sure, *words))
    if column.numbers >= 0.9 * others:
        # Among numbers a word is no category.
        return _draft(column, [*sure, *words], 0.97)
    return _draft(column, sure, 0.93) + _draft(column, words, _category(column, words))


def _category(column: ColumnProfile, words: list[tuple[str, int]]) -> float:
    """How likely words such as 'none' mean that a value is missing."""
    held = sum(count for _, count in words)
    many = held > 0.02 * column.filled
    return 0.35 if many and column.distinct <= 20 else 0.6 if many else 0.8


def _draft(
    column: ColumnProfile, values: list[tuple[str, int]], confidence: float
) -> tuple[Draft, ...]:
    held = sum(count for _, count in values)
    if not held:
        return ()
    share = held / column.filled
    shown = ", ".join(repr(value) for value, _ in values[:5])
    return drafted(
        TOOL,
        ReplaceValues(
            column=column.name,
            mapping=tuple(Replacement(old=value, new=None) for value, _ in values),
        ),
        RejectedValues(column=column.name, values=tuple(value for value, _ in values)),
        # A column that is little else than the marker may mean something by it.
        confidence * (1.0 if share <= 0.6 else 0.5 if share <= 0.9 else 0.2),
        f"{held:,} of {column.filled:,} values of {column.name} are {shown}, which stand for none",
        support=held,
    )


def _fillers(view: View, column: ColumnProfile) -> tuple[Draft, ...]:
    name = quoted(column.name)
    text = f"CAST({name} AS VARCHAR)"
    counted = view.query(
        f"""WITH counts AS (SELECT {text} AS v, count(*) AS held FROM {view.source}
            WHERE {name} IS NOT NULL GROUP BY ALL)
        SELECT v, held, (SELECT max(o.held) FROM counts AS o WHERE o.v <> c.v
                AND lower(o.v) NOT IN (SELECT unnest(CAST(? AS VARCHAR[])))) FROM counts AS c
        WHERE (v IN (SELECT unnest(CAST(? AS VARCHAR[]))) OR v = '-1' OR regexp_full_match(
            regexp_replace(v, '[^\\p{{L}}\\p{{N}}]', '', 'g'), '9{{3,}}|0{{3,}}'))
        ORDER BY held DESC, v""",
        [[*_MARKERS, *_WORDS], _DATES],
    )
    values = [
        (value, held)
        for value, held, next_most in counted
        if held >= _SPIKE
        # Dates repeat; that of a clock at zero is suspicious without being the most frequent.
        and (value in _DATES or held >= _SPIKE * (next_most or 0))
        and _apart(view, column, value)
    ]
    return _draft(column, values, 0.85)


def _apart(view: View, column: ColumnProfile, value: str) -> bool:
    """Whether a value stands outside of what the other values span, or is no number at all."""
    name = quoted(column.name)
    kind = "DOUBLE" if column.is_numeric else "DATE"
    low, high, read, others = view.one(
        f"""SELECT min(x), max(x), count(x), count(*) FROM (
            SELECT TRY_CAST(CAST({name} AS VARCHAR) AS {kind}) AS x FROM {view.source}
            WHERE {name} IS NOT NULL AND CAST({name} AS VARCHAR) <> ?)""",
        [value],
    )
    if read < 0.9 * others:
        return True
    inside = view.one(
        f"SELECT TRY_CAST(? AS {kind}) BETWEEN CAST(? AS {kind}) AND CAST(? AS {kind})",
        [value, str(low), str(high)],
    )
    return not inside[0]

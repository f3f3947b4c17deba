"""Rows counted: every column of a view as numbers and texts, in a few streamed scans."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from ostler.tables.disk import reaching
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.drift import numbers as of_numbers
from ostler.tools.drift.buckets import Floats, Ints, Tally
from ostler.tools.drift.counted import MOST_TEXTS, Counted, Looked
from ostler.tools.drift.numbers import Numbers
from ostler.tools.quality.reading import number, reads_as, text

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_WHOLE_TYPES = (*_WHOLE, *(f"U{name}" for name in _WHOLE))
_FIRST = 10_000
"""Rows that are looked at to see what a text column holds."""
_TOGETHER = 32
"""Columns that are streamed at once; each needs eight MB."""


def count_columns(view: View, columns: Sequence[str], *, exact: bool) -> dict[str, Counted]:
    """Columns of a view, counted; numbers by themselves when `exact`, otherwise by buckets.

    Memory does not grow with the rows unless `exact`. Texts are counted one by one where the first
    rows have few different ones, or when `exact`.
    """
    rows = view.row_count
    typed = [name for name in columns if is_number(view.type_of(name))]
    written = [name for name in columns if name not in typed]
    tabled = written if exact else _repeating(view, written)
    found = {name: _tabled(view, name, rows) for name in tabled}
    streamed = [name for name in columns if name not in tabled]
    for start in range(0, len(streamed), _TOGETHER):
        some = streamed[start : start + _TOGETHER]
        for name, (numbers, unread) in _streamed(view, some, exact=exact).items():
            found[name] = (
                Counted(rows, unread, numbers, None, typed=True)
                if name in typed
                else _free(view, name, rows, numbers)
            )
    return {name: found[name] for name in columns}


def is_number(kind: str) -> bool:
    """Whether a DuckDB type is a number's."""
    return kind in (*_WHOLE_TYPES, "FLOAT", "DOUBLE") or kind.startswith("DECIMAL")


def _repeating(view: View, columns: Sequence[str]) -> list[str]:
    """The columns whose first values are few different ones."""
    if not columns:
        return []
    counts = ", ".join(f"count(DISTINCT {quoted(column)})" for column in columns)
    row = view.one(f"SELECT {counts} FROM {_first(view, columns)}")
    return [c for c, different in zip(columns, row, strict=True) if different <= _FIRST / 10]


def _first(view: View, columns: Sequence[str]) -> str:
    names = ", ".join(quoted(column) for column in columns)
    return f"(SELECT {names} FROM {view.source} LIMIT {_FIRST})"


def _reads(value: str) -> tuple[str, str, str]:
    """Whether there is a text, and whether it is a padded number, or a time."""
    padded = f"coalesce(regexp_matches({value}, '^0[0-9]'), FALSE)"
    return f"{value} IS NOT NULL", padded, reads_as("timestamp", value)


def _tabled(view: View, column: str, rows: int) -> Counted:
    """A column of which each different text is counted."""
    table = view.arrow(
        f"SELECT value, n, {number('value')}, {', '.join(_reads('value'))} FROM"
        f" (SELECT {text(column)} AS value, count(*) AS n FROM {view.source} GROUP BY ALL)"
        " ORDER BY value NULLS LAST"
    )
    values = table.column(0).to_pylist()
    times = table.column(1).to_numpy().astype(np.int64)
    looked = Looked(*(int(times[table.column(i).to_numpy().astype(bool)].sum()) for i in (3, 4, 5)))
    numbers = _weighted(table.column(2).to_numpy().astype(np.float64), times)
    texts = {v: n for v, n in zip(values, times.tolist(), strict=True) if v is not None}
    counted = texts if len(texts) <= MOST_TEXTS else None
    return Counted(rows, rows - looked.present, numbers, counted, looked=looked)


def _free(view: View, column: str, rows: int, numbers: Numbers) -> Counted:
    """A column of many texts, whose numbers are counted already."""
    present = int(view.one(f"SELECT count({quoted(column)}) FROM {view.source}")[0])
    counts = ", ".join(f"count(*) FILTER (WHERE {part})" for part in _reads(text(column)))
    looked = view.one(f"SELECT {counts} FROM {_first(view, [column])}")
    return Counted(rows, rows - present, numbers, None, looked=Looked(*looked))


def _weighted(values: Floats, times: Ints) -> Numbers:
    finite = np.isfinite(values)
    numbers, place = np.unique(values[finite] + 0.0, return_inverse=True)
    count = np.zeros(len(numbers), np.int64)
    np.add.at(count, place, times[finite])
    return Numbers(numbers, numbers, count)


def _streamed(view: View, columns: Sequence[str], *, exact: bool) -> dict[str, tuple[Numbers, int]]:
    """The numbers of columns, and how many rows have none."""
    tallies = {name: Tally() for name in columns if not exact}
    pieces: dict[str, list[Floats]] = {name: [] for name in columns}
    missing = dict.fromkeys(columns, 0)
    for batch in _batches(view, columns):
        for place, name in enumerate(columns):
            column = batch.column(place)
            missing[name] += column.null_count
            if exact:
                pieces[name].append(_floats(column))
            else:
                tallies[name].add(_floats(column))
    found: dict[str, tuple[Numbers, int]] = {}
    for name in columns:
        if exact:
            numbers = of_numbers.counted(np.concatenate([np.zeros(0), *pieces[name]]))
        else:
            whole = view.type_of(name) in _WHOLE_TYPES
            numbers = of_numbers.bucketed(tallies[name], whole=whole)
        found[name] = numbers, missing[name]
    return found


def _batches(view: View, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The columns as DOUBLE, missing where they are no numbers, some rows at a time."""
    values = ", ".join(
        f"CAST({quoted(name)} AS DOUBLE)" if is_number(view.type_of(name)) else number(text(name))
        for name in columns
    )
    with reaching(f"the data of {view.name}"):
        relation = view.connection.sql(f"SELECT {values} FROM {view.source}")
        yield from pa.RecordBatchReader.from_stream(relation)


def _floats(values: pa.Array) -> Floats:
    """Numbers of Arrow as an array, NaN where they are missing."""
    return values.to_numpy(zero_copy_only=False)

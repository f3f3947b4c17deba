"""Rows counted: every column of a view as numbers and texts, in a few streamed scans."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ostler.tables.disk import reaching
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.drift import numbers as of_numbers
from ostler.tools.drift.buckets import Floats, Tally
from ostler.tools.drift.column import Column, Looked
from ostler.tools.drift.numbers import Numbers
from ostler.tools.drift.texts import KEPT, Texts, kept, uncounted
from ostler.tools.quality.reading import number, reads_as, text

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_WHOLE_TYPES = (*_WHOLE, *(f"U{name}" for name in _WHOLE))
_FIRST = 50_000
"""Rows that are looked at to see what a text column holds."""
_TOGETHER = 32
"""Columns that are streamed at once; each needs eight MB."""
_BATCH = 122_880


def count_columns(view: View, columns: Sequence[str], *, exact: bool) -> dict[str, Column]:
    """Columns of a view, counted; numbers by themselves when `exact`, otherwise by buckets.

    Memory does not grow with the rows unless `exact`. Texts are counted one by one where the first
    rows have few of them, or when `exact`.
    """
    rows = view.row_count
    typed = [name for name in columns if is_number(view.type_of(name))]
    looks = _look(view, [name for name in columns if name not in typed])
    tabled = [name for name, (_, different) in looks.items() if exact or different <= KEPT]
    streamed = [name for name in columns if name not in tabled]
    found = {name: _tabled(view, name, rows, looks[name][0]) for name in tabled}
    for start in range(0, len(streamed), _TOGETHER):
        some = streamed[start : start + _TOGETHER]
        for name, (numbers, missing) in _streamed(view, some, exact=exact).items():
            if name in typed:
                found[name] = Column(rows, missing, numbers, None)
            else:
                texts = uncounted(rows - missing)
                found[name] = Column(rows, missing, numbers, texts, looks[name][0])
    return {name: found[name] for name in columns}


def is_number(kind: str) -> bool:
    """Whether a DuckDB type is a number's."""
    return kind in (*_WHOLE_TYPES, "FLOAT", "DOUBLE") or kind.startswith("DECIMAL")


def _look(view: View, columns: Sequence[str]) -> dict[str, tuple[Looked, int]]:
    """What the first values of text columns are, and how many of them differ."""
    if not columns:
        return {}
    parts: list[str] = []
    for column in columns:
        value = text(column)
        parts += [
            f"count({value})",
            f"count(*) FILTER (WHERE regexp_matches({value}, '^0[0-9]'))",
            f"count(*) FILTER (WHERE {reads_as('timestamp', value)})",
            f"count(DISTINCT {value})",
        ]
    names = ", ".join(quoted(column) for column in columns)
    row = view.one(
        f"SELECT {', '.join(parts)} FROM (SELECT {names} FROM {view.source} LIMIT {_FIRST})"
    )
    cells = [row[place : place + 4] for place in range(0, len(row), 4)]
    return {c: (Looked(*cell[:3]), cell[3]) for c, cell in zip(columns, cells, strict=True)}


def _tabled(view: View, column: str, rows: int, looked: Looked) -> Column:
    """A column of which each different text is counted."""
    value = text(column)
    counts = view.arrow(
        f"SELECT value, {number('value')} AS x, n FROM"
        f" (SELECT {value} AS value, count(*) AS n FROM {view.source} GROUP BY ALL) ORDER BY value"
    )
    values, times = counts.column("value").to_pylist(), counts.column("n").to_pylist()
    pairs = list(zip(values, times, strict=True))
    missing = sum(n for value, n in pairs if value is None)
    numbers, _ = _weighted(_floats(counts.column("x")), np.array(times, np.int64))
    texts: Texts = kept((value, n) for value, n in pairs if value is not None)
    return Column(rows, missing, numbers, texts, looked)


def _weighted(values: Floats, times: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[Numbers, int]:
    finite = np.isfinite(values)
    kept_values, place = np.unique(values[finite] + 0.0, return_inverse=True)
    count = np.zeros(len(kept_values), np.int64)
    np.add.at(count, place, times[finite])
    return Numbers(kept_values, kept_values, count), int(times[~finite].sum())


def _streamed(
    view: View, columns: Sequence[str], *, exact: bool
) -> dict[str, tuple[Numbers, int]]:
    """The numbers of columns, and how many rows miss a value."""
    missing = dict.fromkeys(columns, 0)
    tallies = {name: Tally() for name in columns if not exact}
    pieces: dict[str, list[Floats]] = {name: [] for name in columns}
    for batch in _batches(view, columns):
        for place, name in enumerate(columns):
            missing[name] += batch.column(len(columns) + place).null_count
            values = _floats(batch.column(place))
            if exact:
                pieces[name].append(values)
            else:
                tallies[name].add(values)
    found: dict[str, tuple[Numbers, int]] = {}
    for name in columns:
        if exact:
            numbers, _ = of_numbers.counted(np.concatenate([np.zeros(0), *pieces[name]]))
        else:
            whole = view.type_of(name) in _WHOLE_TYPES
            numbers, _ = of_numbers.bucketed(tallies[name], whole=whole)
        found[name] = numbers, missing[name]
    return found


def _batches(view: View, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    ...


def _floats(values: pa.Array | pa.ChunkedArray) -> Floats:
    ...

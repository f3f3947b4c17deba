"""Rows counted: every column of a view as numbers and texts, in a few streamed scans."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ostler.core.errors import InternalError
from ostler.tables.disk import reaching
from ostler.tables.layout import DataFile
from ostler.tables.sql import quoted
from ostler.tables.view import Parameter, View
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


def is_number(kind: str) -> bool:
    """Whether a DuckDB type is a number's."""
    return kind in (*_WHOLE_TYPES, "FLOAT", "DOUBLE") or kind.startswith("DECIMAL")


def repeating(view: View, columns: Sequence[str]) -> frozenset[str]:
    """The columns of texts whose first values are few different ones."""
    written = [name for name in columns if not is_number(view.type_of(name))]
    if not written:
        return frozenset()
    counts = ", ".join(f"count(DISTINCT {quoted(column)})" for column in written)
    row = view.one(f"SELECT {counts} FROM {_first(view, written)}")
    return frozenset(c for c, n in zip(written, row, strict=True) if n <= _FIRST / 10)


@dataclass(frozen=True)
class Parts:
    """The rows of a view in parts: by its data files, or all in one."""

    view: View
    rows: tuple[int, ...]
    """Of each part."""
    files: tuple[DataFile, ...] = ()
    """The parts, when they are data files."""

    @property
    def place(self) -> str:
        """SQL that says to which part a row belongs, from 1 on; takes `parameters`."""
        if self.view.layout is None or not self.files:
            return "1"
        return f"list_position(?, {quoted(self.view.layout.file_column)})"

    @property
    def parameters(self) -> list[Parameter]:
        """What `place` takes."""
        return [[file.path for file in self.files]] if self.files else []

    def alone(self, part: int) -> View:
        """The rows of one part; they count from 0 on."""
        return self.view.of_files([self.files[part]]) if self.files else self.view


def by_file(view: View, files: Sequence[DataFile]) -> Parts:
    """Some of the data files of a view, each a part."""
    named = view.of_files(files)
    if named.layout is None:
        raise InternalError(f"{view.name} is not made of data files")
    paths = [file.path for file in files]
    named.layout.create_view(named.connection, named.name, paths, with_file=True)
    rows = [view.of_files([f]).row_count if f.rows is None else f.rows for f in files]
    return Parts(named, tuple(rows), tuple(files))


def whole(view: View) -> Parts:
    """A view as one part."""
    return Parts(view, (view.row_count,))


def count_parts(
    parts: Parts, columns: Sequence[str], *, exact: bool, tabled: frozenset[str]
) -> list[dict[str, Counted]]:
    """The columns of each part, counted.

    Numbers are counted by themselves when `exact`, otherwise by buckets, and then memory does not
    grow with the rows. Texts are counted one by one in `tabled` columns, and when `exact`.
    """
    view = parts.view
    found: dict[str, list[Counted]] = {}
    streamed: list[str] = []
    for name in columns:
        if name in tabled or (exact and not is_number(view.type_of(name))):
            found[name] = _by_text(parts, name)
        else:
            streamed.append(name)
    for start in range(0, len(streamed), _TOGETHER):
        found |= _by_number(parts, streamed[start : start + _TOGETHER], exact)
    return [{name: found[name][place] for name in columns} for place in range(len(parts.rows))]


def _by_text(parts: Parts, column: str) -> list[Counted]:
    view = parts.view
    table = view.arrow(
        f"SELECT part, value, count(*) AS n FROM (SELECT {parts.place} AS part,"
        f" {text(column)} AS value FROM {view.source}) WHERE value IS NOT NULL"
        " GROUP BY ALL ORDER BY part, value",
        parts.parameters,
    )
    part: Ints = table.column(0).to_numpy().astype(np.int64)
    values: list[str] = table.column(1).to_pylist()
    times: Ints = table.column(2).to_numpy().astype(np.int64)
    readings = _readings(view, sorted(set(values)))
    ends = np.searchsorted(part, np.arange(1, len(parts.rows) + 2))
    found: list[Counted] = []
    for rows, first, end in zip(parts.rows, ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        found.append(_read(rows, values[first:end], times[first:end], readings))
    return found


_Readings = Mapping[str, tuple[float, bool, bool]]


def _read(rows: int, values: Sequence[str], times: Ints, readings: _Readings) -> Counted:
    """A part whose texts were counted, with what they read as."""
    x = np.array([readings[value][0] for value in values], np.float64)
    padded = np.array([readings[value][1] for value in values], bool)
    timely = np.array([readings[value][2] for value in values], bool)
    present = int(times.sum())
    return Counted(
        rows,
        rows - present,
        of_numbers.weighted(x, times),
        dict(zip(values, times.tolist(), strict=True)) if len(values) <= MOST_TEXTS else None,
        looked=Looked(present, int(times[padded].sum()), int(times[timely].sum())),
    )


def _readings(view: View, values: Sequence[str]) -> _Readings:
    """How texts read: as which number, whether as a padded one, whether as a time."""
    name = "ostler: texts"
    view.connection.register(name, pa.table({"value": pa.array(values, pa.string())}))
    rows = view.query(
        f"SELECT value, coalesce({number('value')}, CAST('nan' AS DOUBLE)), {_padded('value')},"
        f" {reads_as('timestamp', 'value')} FROM {quoted(name)}"
    )
    view.connection.unregister(name)
    return {value: (x, padded, timely) for value, x, padded, timely in rows}


def _by_number(parts: Parts, columns: Sequence[str], exact: bool) -> dict[str, list[Counted]]:
    view = parts.view
    found: dict[str, list[Counted]] = {}
    for name, pieces in _streamed(parts, columns, exact).items():
        if is_number(view.type_of(name)):
            found[name] = [
                Counted(rows, rows - read, numbers, None, typed=True)
                for rows, (numbers, read) in zip(parts.rows, pieces, strict=True)
            ]
            continue
        present = dict(
            view.query(
                f"SELECT {parts.place} AS part, count({quoted(name)}) FROM {view.source}"
                " GROUP BY ALL",
                parts.parameters,
            )
        )
        found[name] = [
            Counted(
                rows,
                rows - present.get(place + 1, 0),
                numbers,
                None,
                looked=_looked(parts.alone(place), name),
            )
            for place, (rows, (numbers, _)) in enumerate(zip(parts.rows, pieces, strict=True))
        ]
    return found


def _streamed(
    parts: Parts, columns: Sequence[str], exact: bool
) -> dict[str, list[tuple[Numbers, int]]]:
    """For each column and part its numbers, and how many rows have a value to be read."""
    counters = [_Counter(exact, parts.view.type_of(name) in _WHOLE_TYPES) for name in columns]
    pieces = [[[of_numbers.NONE] for _ in parts.rows] for _ in columns]
    read = [[0 for _ in parts.rows] for _ in columns]
    current = 0
    for batch in _batches(parts, columns):
        places: Ints = batch.column(len(columns)).to_numpy() - 1
        starts = [0, *(np.flatnonzero(np.diff(places)) + 1).tolist()]
        for start, end in zip(starts, [*starts[1:], len(places)], strict=True):
            place = int(places[start])
            if place != current:
                _take(counters, pieces, current)
                current = place
            for number_of, counter in enumerate(counters):
                column = batch.column(number_of).slice(start, end - start)
                read[number_of][place] += len(column) - column.null_count
                counter.add(column.to_numpy(zero_copy_only=False))
    _take(counters, pieces, current)
    return {
        name: [
            (one[1] if len(one) == 2 else of_numbers.added(one), n)
            for one, n in zip(pieces[place], read[place], strict=True)
        ]
        for place, name in enumerate(columns)
    }


def _take(counters: Sequence["_Counter"], pieces: list[list[list[Numbers]]], part: int) -> None:
    """What was counted so far belongs to a part."""
    for counter, mine in zip(counters, pieces, strict=True):
        mine[part].append(counter.emptied())


class _Counter:
    """Counts the numbers of a column, by themselves or by buckets."""

    def __init__(self, exact: bool, whole: bool) -> None:
        self._tally = None if exact else Tally()
        self._whole = whole
        self._values: list[Floats] = []

    def add(self, values: Floats) -> None:
        """Count some more; a missing one stands as NaN."""
        if self._tally is None:
            self._values.append(values)
        else:
            self._tally.add(values)

    def emptied(self) -> Numbers:
        """What was counted since the last time."""
        if self._tally is not None:
            return of_numbers.bucketed(self._tally, whole=self._whole)
        values, self._values = self._values, []
        return of_numbers.counted(np.concatenate([np.zeros(0), *values]))


def _looked(view: View, column: str) -> Looked:
    """What the first values of a column of many texts are."""
    value = text(column)
    kinds = (f"{value} IS NOT NULL", _padded(value), reads_as("timestamp", value))
    counts = ", ".join(f"count(*) FILTER (WHERE {kind})" for kind in kinds)
    return Looked(*view.one(f"SELECT {counts} FROM {_first(view, [column])}"))


def _padded(value: str) -> str:
    return f"coalesce(regexp_matches({value}, '^0[0-9]'), FALSE)"


def _first(view: View, columns: Sequence[str]) -> str:
    names = ", ".join(quoted(column) for column in columns)
    return f"(SELECT {names} FROM {view.source} LIMIT {_FIRST})"


def _batches(parts: Parts, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The columns as DOUBLE, missing where they are no numbers, and the part, in batches."""
    view = parts.view
    values = ", ".join(
        f"CAST({quoted(name)} AS DOUBLE)" if is_number(view.type_of(name)) else number(text(name))
        for name in columns
    )
    with reaching(f"the data of {view.name}"):
        relation = view.connection.sql(
            f"SELECT {values}, CAST({parts.place} AS INTEGER) FROM {view.source}",
            params=parts.parameters,
        )
        yield from pa.RecordBatchReader.from_stream(relation)

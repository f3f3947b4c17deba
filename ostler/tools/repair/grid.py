"""The grid: a table as the miners read it, each column a list of values and where they stand."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ostler.core.actions import Correction
from ostler.core.base import Cell, RowId
from ostler.tables.view import View
from ostler.tools.repair.cells import BY_ROW, row_of, text_of

Codes = NDArray[np.int32]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class GridColumn:
    """One column: its distinct values, most frequent first, and which of them each row holds."""

    name: str
    place: int
    kind: str
    """DuckDB's type."""
    texts: pa.Array
    """The distinct values in canonical text, by frequency, then in the order of the rows."""
    counts: Whole
    """Rows that hold each."""
    codes: Codes
    """For each row the place of its value in `texts`; -1 where it is missing."""
    changeable: bool
    """Whether a repair may touch it: it is neither part of the key nor protected."""

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The distinct values; a million of them are a hundred megabytes."""
        texts: list[str] = self.texts.to_pylist()
        return tuple(texts)

    @cached_property
    def code_of(self) -> dict[Cell, int]:
        """The code of each value, and -1 for a missing one."""
        return {None: -1, **{value: code for code, value in enumerate(self.values)}}

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """Each distinct value as a number; NaN where it is none."""
        plain = pc.match_substring_regex(
            self.texts, r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
        )
        read = pc.cast(pc.if_else(plain, self.texts, None), pa.float64())
        return read.to_numpy(zero_copy_only=False)

    @property
    def is_text(self) -> bool:
        """Whether it is stored as text, and so can hold anything."""
        return self.kind == "VARCHAR"

    @property
    def filled(self) -> int:
        """Rows with a value."""
        return int(self.counts.sum())

    @property
    def distinct(self) -> int:
        """Different values."""
        return len(self.counts)

    @property
    def numeric(self) -> float:
        """Share of the filled rows that hold a number."""
        return float(self.counts[~np.isnan(self.numbers)].sum() / max(1, self.filled))

    @property
    def repeats(self) -> bool:
        """Whether values occur twice or more on average, as categories do and names do not."""
        return 2 * self.distinct <= self.filled

    def cell(self, row: int) -> Cell:
        """The value in a row."""
        code = int(self.codes[row])
        return None if code < 0 else self.values[code]

    def ordered(self) -> "GridColumn":
        """The same with its values counted anew, most frequent first; unused ones go."""
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts))
        order = np.argsort(-counts, kind="stable")
        order = order[: np.count_nonzero(counts)]
        # The extra place is where -1 leads.
        rank = np.full(len(self.texts) + 1, -1, np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return replace(
            self,
            texts=self.texts.take(pa.array(order)),
            counts=counts[order].astype(np.int64),
            codes=rank[self.codes],
        )


@dataclass(frozen=True)
class Grid:
    """A table at one version, in the order of its rows."""

    columns: tuple[GridColumn, ...]
    """What a person sees, in order, the declared key too."""
    ids: pa.Array
    """Of the rows."""

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.ids)

    def rows_of(self, correction: Correction) -> Whole:
        """The rows in which a correction finds its old value."""
        column = self.column(correction.column)
        held = column.codes == column.code_of.get(correction.old, -2)
        if correction.rows:
            named = [self.row_of[row] for row in correction.rows if row in self.row_of]
            rows = np.array(named, np.int64)
            return rows[held[rows]]
        return np.flatnonzero(held)

    def row_ids(self, rows: Whole) -> list[RowId]:
        """The ids of some rows."""
        return self.ids.take(pa.array(rows)).to_pylist()

    @cached_property
    def row_of(self) -> dict[RowId, int]:
        """Where each row stands."""
        return {row: place for place, row in enumerate(self.ids.to_pylist())}

    def column(self, name: str) -> GridColumn:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def changeable(self) -> tuple[GridColumn, ...]:
        """The columns that a repair may touch."""
        return tuple(column for column in self.columns if column.changeable)


def grid_of(view: View, protected: frozenset[str] = frozenset()) -> Grid:
    """Read a table once."""
    cells = ", ".join(f"{text_of(c.name)} AS c{place}" for place, c in enumerate(view.columns))
    table = view.arrow(
        f"""SELECT {row_of(view)} AS "row", {cells} FROM {view.source} AS t ORDER BY {BY_ROW}"""
    )
    columns = tuple(
        _column(
            table.column(f"c{place}").combine_chunks(),
            column.name,
            place,
            column.type,
            changeable=column.name not in view.key and column.name not in protected,
        )
        for place, column in enumerate(view.columns)
    )
    return Grid(columns, table.column("row").combine_chunks())


def _column(cells: pa.Array, name: str, place: int, kind: str, *, changeable: bool) -> GridColumn:
    encoded = cells.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    nothing = np.zeros(0, np.int64)
    return GridColumn(name, place, kind, encoded.dictionary, nothing, codes, changeable).ordered()

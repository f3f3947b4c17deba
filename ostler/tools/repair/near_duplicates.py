"""Find rows that are copies of another one up to small differences."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import OSA

from ostler.core.base import Cell
from ostler.tools.repair.grid import GridColumn, Whole

_DISTINCTIVE = 0.7
"""A column names things, not kinds of things, when so many of its values are distinct."""
_GROUP = 4
"""Rows that share a distinctive value with more others are no copies of one another."""
_PAIRS = 50_000
"""Pairs that are compared, some microseconds each; what is beyond the next run finds."""
_SIMILAR = 0.75
_MOST = 0.6
"""Share of the columns in which a copy says exactly the same."""
_MOMENT = r"^(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}:\d\d)"


class _Match(Enum):
    SAME = 1
    SIMILAR = 2
    MISSING = 3
    """One of the two is missing."""
    NEITHER = 4
    """Both are missing."""
    OTHER = 5


class NearCopies(NamedTuple):
    """Rows that are nearly copies, each beside the one that stays."""

    rows: Whole
    firsts: Whole
    copies: int
    compared: int
    """Of so many pairs that share a name, so many are copies; equal rows do not count."""
    sharing: tuple[str, ...]
    """The columns that name the rows."""


def near_copies(columns: Sequence[GridColumn]) -> NearCopies | None:
    """The later ones of two rows that share a distinctive value and most others."""
    naming = [place for place, column in enumerate(columns) if _is_distinctive(column)]
    if not naming or len(columns) < 3:
        return None
    pairs = _pairs([columns[place] for place in naming])
    rows, where = np.unique(pairs, return_inverse=True)
    held = [_cells(column, rows) for column in columns]
    cells: list[tuple[Cell, ...]] = list(zip(*held, strict=True))
    measured = [column.numeric >= 0.9 for column in columns]
    kept: dict[int, int] = {}
    compared = copies = 0
    ends: list[int] = where.ravel().tolist()
    for first, second in zip(ends[0::2], ends[1::2], strict=True):
        left, right = cells[first], cells[second]
        # Equal rows are found elsewhere, whatever their values are.
        if left == right:
            continue
        compared += 1
        matches = [_match(a, b, m) for a, b, m in zip(left, right, measured, strict=True)]
        if _is_copy(matches, naming):
            copies += 1
            if second not in kept:
                kept[second] = kept.get(first, first)
    if not kept:
        return None
    seconds, firsts = rows[list(kept)], rows[list(kept.values())]
    return NearCopies(
        seconds, firsts, copies, compared, tuple(columns[place].name for place in naming)
    )


def _is_distinctive(column: GridColumn) -> bool:
    # Measurements and dates are nearly all distinct, too, but two equal ones mean nothing.
    if column.distinct < _DISTINCTIVE * column.filled:
        return False
    if not column.is_text and column.numeric >= 0.9:
        return False
    moments = pc.match_substring_regex(column.texts, _MOMENT).to_numpy(zero_copy_only=False)
    return int(column.counts[moments].sum()) < 0.8 * column.filled


def _pairs(naming: Sequence[GridColumn]) -> Whole:
    """Pairs of rows in small groups that share a distinctive value, the earlier row first."""
    found = [np.zeros((0, 2), np.int64), *(_sharing(column) for column in naming)]
    return np.unique(np.concatenate(found), axis=0)[:_PAIRS]


def _sharing(column: GridColumn) -> Whole:
    bare = pc.replace_substring_regex(pc.utf8_lower(column.texts), r"[^\p{L}\p{N}]", "")
    alike = pc.if_else(pc.match_substring_regex(bare, "."), bare, None).dictionary_encode()
    codes = alike.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    shared = np.r_[codes, -1][column.codes]
    rows = np.flatnonzero(shared >= 0)
    rows = rows[np.argsort(shared[rows], kind="stable")]
    _, starts, sizes = np.unique(shared[rows], return_index=True, return_counts=True)
    some = (sizes >= 2) & (sizes <= _GROUP)
    starts, sizes = starts[some], sizes[some]
    return np.concatenate(
        [
            np.stack([rows[starts[sizes > b] + a], rows[starts[sizes > b] + b]], axis=1)
            for a in range(_GROUP)
            for b in range(a + 1, _GROUP)
        ]
    )


def _cells(column: GridColumn, rows: Whole) -> list[Cell]:
    """What a column holds in some rows."""
    codes, where = np.unique(column.codes[rows], return_inverse=True)
    texts: list[Cell] = column.texts.take(pa.array(codes[codes >= 0])).to_pylist()
    if len(codes) and codes[0] < 0:
        texts = [None, *texts]
    return [texts[place] for place in where.tolist()]


def _match(left: Cell, right: Cell, measured: bool) -> _Match:
    if left is None or right is None:
        return _Match.NEITHER if left is None and right is None else _Match.MISSING
    left, right = _bare(left), _bare(right)
    if left == right:
        return _Match.SAME
    if not measured and OSA.normalized_similarity(left, right) >= _SIMILAR:
        return _Match.SIMILAR
    return _Match.OTHER


def _bare(value: str) -> str:
    return "".join(c for c in value.casefold() if c.isalnum()) or value


def _is_copy(matches: list[_Match], naming: list[int]) -> bool:
    """Whether nothing that names the row differs, hardly anything else does, and most is equal."""
    told = [match for match in matches if match is not _Match.NEITHER]
    other = sum(match is _Match.OTHER for match in told)
    named = [matches[place] for place in naming]
    if _Match.OTHER in named:
        return False
    same = sum(match is _Match.SAME for match in told)
    allowed = 1 if sum(match is _Match.SAME for match in named) >= 2 else 0
    return other <= allowed and same >= _MOST * len(told) and len(told) >= 3

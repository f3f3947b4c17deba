"""Belonging: how likely a value is in each column, by what the column holds and how that looks."""

from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ostler.tools.repair.candidates import Shares
from ostler.tools.repair.grid import Grid, GridColumn, Whole

_MOST = 100_000
"""Distinct values beyond which only the looks of a column's values are compared."""
_ONE_OF = 1_000
"""So many other values are taken to look like one that is new."""
_CATEGORIES = 30
"""Different numbers beyond which a column measures."""
_MEASURED = 0.8
"""Share of new values among measurements, at least: the very number says little there."""
_ALIEN = 1e-6
"""How likely any text is in any column, by an error of some other kind."""
_HALF = 0.5
"""What a look or a missing cell counts that a column has never shown."""


class Belonging:
    """The log likelihood of the values of each column, in their own column and in others."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._profiles: dict[int, _Profile] = {}
        self._own: dict[int, Shares] = {}

    def own(self, column: GridColumn) -> Shares:
        """For each row how likely its value is in its column, not counting itself."""
        if column.place not in self._own:
            profile = self._profile(column)
            self._own[column.place] = profile.rows(
                column, profile.looks, column.counts, leave_out=1
            )
        return self._own[column.place]

    def there(self, column: GridColumn, other: GridColumn) -> Shares:
        """For each row how likely its value of `column` would be in `other`."""
        profile = self._profile(other)
        counts = np.zeros(column.distinct, np.int64)
        if column.distinct <= _MOST and other.distinct <= _MOST:
            counts = np.append(other.counts, 0)[_places(column.texts, other.texts)]
        return profile.rows(column, self._profile(column).looks, counts, leave_out=0)

    def _profile(self, column: GridColumn) -> "_Profile":
        if column.place not in self._profiles:
            self._profiles[column.place] = _Profile(column)
        return self._profiles[column.place]


class _Profile:
    """How a column's values look, how often they are new, and how often they are missing."""

    def __init__(self, column: GridColumn) -> None:
        self._column = column
        self.looks = looks(column.texts)

    @cached_property
    def _seen(self) -> tuple[pa.Array, Whole]:
        encoded = self.looks.dictionary_encode()
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        return encoded.dictionary, np.bincount(codes, self._column.counts).astype(np.int64)

    def rows(self, column: GridColumn, looked: pa.Array, counts: Whole, leave_out: int) -> Shares:
        """The log likelihood of each row's value, from its look and how often it occurs here."""
        filled = max(1, self._column.filled)
        single = int((self._column.counts == 1).sum())
        new = (single + 1) / (filled + 2)
        if self._column.numeric > _HALF and self._column.distinct > _CATEGORIES:
            new = max(new, _MEASURED)
        known, often = self._seen
        alike = np.maximum(0, np.append(often, 0)[_places(looked, known)] - leave_out)
        look = (alike + _HALF) / (filled + 1)
        value = (1 - new) * np.maximum(0, counts - leave_out) / filled + new * look / _ONE_OF
        value = value + _ALIEN
        missing = (len(column.codes) - self._column.filled + _HALF) / (len(column.codes) + 1)
        return np.log(np.append(value, missing))[column.codes]


def _places(texts: pa.Array, among: pa.Array) -> Whole:
    """Where each text stands among others that are all different; -1 where it does not."""
    encoded = pa.concat_arrays([among, texts]).dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)[len(among) :]
    return np.where(codes < len(among), codes, -1)


def looks(texts: pa.Array) -> pa.Array:
    """How values look: words as a letter each, digits by their number, all other signs."""
    worded = pc.replace_substring_regex(texts, r"\p{L}+", "a")
    return pc.replace_substring_regex(worded, r"\d", "9")

"""Numbers: columns that measure or count, read from their text and written back in its form."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ostler.tools.repair.candidates import Shares
from ostler.tools.repair.grid import Grid, GridColumn, Whole

_NUMBER = (
    r"^(?P<before>(?:[^\d+\-.,]*[^\d+\-.,\pL])?)(?P<number>[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)"
    r"(?P<behind>[^\d.,][^\d]*)?$"
)
_MOMENTS = {
    r"^\d{4}-\d\d-\d\d$": "%Y-%m-%d",
    r"^\d{4}-\d\d-\d\d \d\d:\d\d$": "%Y-%m-%d %H:%M",
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d$": "%Y-%m-%dT%H:%M",
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$": "%Y-%m-%d %H:%M:%S",
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$": "%Y-%m-%dT%H:%M:%S",
}
"""Ways to write a moment that sort as they are read; other ways are the business of forms."""
_MOSTLY = 0.6
"""Share of the filled rows that must be numbers; a dirty column is numeric all the same."""
_FRAME = 0.05
"""Share of the rows that a frame (`$`, ` min`) needs to belong to the column's form."""
_FIXED = 0.8
"""Share of the numbers that have the same places behind the point, where that is the form."""
_START = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86400


@dataclass(frozen=True)
class Numbers:
    """A column whose values are numbers or moments, in the forms that the column uses."""

    column: GridColumn
    kind: Literal["number", "moment"]
    known: Shares
    """Of each distinct value; NaN where it is not a number in one of the column's forms."""
    frames: tuple[tuple[str, str], ...]
    """What stands before and behind each distinct value's number."""
    frame: tuple[str, str]
    """The column's most frequent one."""
    decimals: int
    """Places behind the point that the column usually has."""
    fixed: bool
    """Whether nearly all values have exactly so many places."""
    grouped: bool
    """Whether thousands are set apart by commas."""
    form: str = ""
    """How a moment is written."""

    @property
    def place(self) -> int:
        """Of the column in the grid."""
        return self.column.place

    @property
    def name(self) -> str:
        """Of the column."""
        return self.column.name

    @cached_property
    def rows(self) -> Shares:
        """The number in each row; NaN where there is none."""
        return np.append(self.known, np.nan)[self.column.codes]

    @property
    def step(self) -> float:
        """The least difference that the column's form can show."""
        return 1.0 if self.kind == "moment" else 10.0**-self.decimals

    def written(self, number: float, like: int = -1) -> str:
        """A number in the column's form, framed like the value of a code."""
        if self.kind == "moment":
            seconds = number * _DAY if self.form == "%Y-%m-%d" else number * 60
            return (_START + timedelta(seconds=round(seconds))).strftime(self.form)
        before, behind = self.frames[like] if like >= 0 else self.frame
        if like >= 0 and np.isnan(self.known[like]):
            before, behind = self.frame
        comma = "," if self.grouped else ""
        text = f"{number:{comma}.{self.decimals}f}"
        if not self.fixed and "." in text:
            text = text.rstrip("0").rstrip(".")
        return f"{before}{text}{behind}"


def numbers_of(grid: Grid) -> list[Numbers]:
    """The columns of a grid that hold numbers or moments."""
    read = (_moments(column) or _numbers(column) for column in grid.columns)
    return [one for one in read if one is not None]


def _numbers(column: GridColumn) -> Numbers | None:
    if not column.distinct:
        return None
    parts = pc.extract_regex(column.texts, _NUMBER)
    texts = pc.struct_field(parts, "number")
    if pc.sum(pc.is_valid(texts)).as_py() in (None, 0):
        return None
    before = _listed(pc.struct_field(parts, "before"))
    behind = _listed(pc.struct_field(parts, "behind"))
    frames = tuple(zip(before, behind, strict=True))
    plain = pc.replace_substring(texts, ",", "")
    known = pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False).copy()
    usual = _usual_frames(column, frames, known)
    if not usual:
        return None
    if len(set(frames)) > 1:
        known[np.array([frame not in usual for frame in frames])] = np.nan
    held = np.where(np.isnan(known), 0, column.counts)
    if held.sum() < _MOSTLY * column.filled:
        return None
    decimals = _decimals(plain)
    spread = np.bincount(decimals[held > 0], held[held > 0])
    places = int(np.argmax(spread))
    if spread[places] < _FIXED * held.sum():
        places = int(np.flatnonzero(np.cumsum(spread) >= 0.97 * held.sum())[0])
    commas = np.asarray(pc.fill_null(pc.match_substring(texts, ","), False))
    return Numbers(
        column,
        "number",
        known,
        frames,
        usual[0],
        places,
        fixed=bool(spread[places] >= _FIXED * held.sum()),
        grouped=bool(held[commas].sum() > 0.3 * held.sum()),
    )


def _listed(texts: pa.Array) -> list[str]:
    return pc.fill_null(texts, "").to_pylist()


def _decimals(texts: pa.Array) -> NDArray[np.int64]:
    """Places behind the point of each number; 0 for what is none."""
    point = pc.find_substring(texts, ".")
    behind = pc.subtract(pc.subtract(pc.utf8_length(texts), point), 1)
    return np.asarray(pc.fill_null(pc.if_else(pc.less(point, 0), 0, behind), 0), np.int64)


def _usual_frames(
    column: GridColumn, frames: Sequence[tuple[str, str]], known: Shares
) -> list[tuple[str, str]]:
    held: dict[tuple[str, str], int] = {}
    for frame, count, number in zip(frames, column.counts.tolist(), known.tolist(), strict=True):
        if number == number:
            held[frame] = held.get(frame, 0) + count
    least = _FRAME * column.filled
    usual = [frame for frame, count in held.items() if count >= least]
    return sorted(usual, key=lambda frame: (-held[frame], frame))


def _moments(column: GridColumn) -> Numbers | None:
    """Days since 1970 where the column has days only, minutes otherwise."""
    for pattern, form in _MOMENTS.items():
        matches = np.asarray(pc.match_substring_regex(column.texts, pattern))
        if not len(matches) or column.counts[matches].sum() < _MOSTLY * column.filled:
            continue
        fitting = pc.if_else(pa.array(matches), column.texts, None)
        read = pc.cast(pc.strptime(fitting, format=form, unit="s", error_is_null=True), pa.int64())
        seconds = pc.cast(read, pa.float64()).to_numpy(zero_copy_only=False).copy()
        known = seconds / (_DAY if form == "%Y-%m-%d" else 60)
        frames = (("", ""),) * column.distinct
        return Numbers(column, "moment", known, frames, ("", ""), 0, True, False, form)
    return None


def whole(rows: NDArray[np.bool_]) -> Whole:
    """The places where something is true."""
    return np.flatnonzero(rows).astype(np.int64)

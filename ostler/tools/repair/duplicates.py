"""Find rows that say what another row says already: exactly, or nearly."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc

from ostler.core.actions import DeleteDuplicates, DeleteRows
from ostler.core.checks import AnyRule, NearDuplicates, Unique
from ostler.core.experience import Experience
from ostler.core.proposals import Basis, Draft, Evidence
from ostler.tools.repair.asking import PASSES, chance_of
from ostler.tools.repair.grid import Grid, GridColumn, Whole
from ostler.tools.repair.learning import belief
from ostler.tools.repair.near_duplicates import near_copies

PRINCIPLE = "duplicates"

NAMED = 10_000
"""One action names at most so many rows; the next run finds the rest."""

_CODE = r"^[\p{L}\p{N}_#:/-]*\d[\p{L}\p{N}_#:/-]*$"
_MOMENT = r"^(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}:\d\d)"
_ALL_DIFFER = 0.98
"""Share of the values of a column that differ, and so tell the rows apart, errors aside."""
_KEYED, _KEYLESS, _NEAR = 0.97, 0.85, 0.85
"""How sure copies are: where their rows are told apart by a value that they share, where nothing
tells rows apart, and where they differ a little."""
_FEW = 0.02
"""Share of the rows up to which equal rows may be accidents in a table without such a column."""
_MANY = 0.3
"""Share of the rows above which equal ones are more likely how the table is than an accident."""


class _Copies(NamedTuple):
    """Rows that repeat others, each beside the one that stays."""

    rows: Whole
    firsts: Whole
    confidence: float
    keyed: bool
    """Whether something tells all rows apart but these."""


def mine_duplicates(
    grid: Grid,
    dataset: str,
    experience: Experience = Experience(),  # noqa: B008  # frozen
) -> tuple[Draft, ...]:
    """Propose to delete rows that repeat another one; columns that number the rows do not count."""
    columns = [one for one in grid.columns if one.filled and not _numbers_rows(grid, one)]
    if len(columns) < 2 or grid.rows < 2:
        return ()
    found = (*_exact(grid, dataset, columns, experience), _near(grid, dataset, columns, experience))
    return tuple(draft for draft in found if draft is not None and chance_of(draft) >= PASSES)


def _numbers_rows(grid: Grid, column: GridColumn) -> bool:
    """Whether it only tells the rows apart: every row has a code of its own."""
    if not column.filled == grid.rows == column.distinct:
        return False
    codes = pc.match_substring_regex(column.texts, _CODE).to_numpy(zero_copy_only=False)
    moments = pc.match_substring_regex(column.texts, _MOMENT).to_numpy(zero_copy_only=False)
    return not column.changeable or int((codes & ~moments).sum()) >= 0.9 * grid.rows


def _exact(
    grid: Grid, dataset: str, columns: Sequence[GridColumn], experience: Experience
) -> Iterator[Draft | None]:
    """Rows equal in all columns; where some are missing in both, the rows are named one by one."""
    copies = _equal(grid, columns)
    if not len(copies.rows):
        return
    names = tuple(column.name for column in columns)
    complete = np.all([column.codes[copies.rows] >= 0 for column in columns], axis=0)
    said = f"equal an earlier one in all of {len(names)} columns"
    if complete.any():
        whole = copies._replace(rows=copies.rows[complete], firsts=copies.firsts[complete])
        said_of = f"{len(whole.rows):,} rows {said}"
        rule = Unique(on=names)
        yield _draft(dataset, DeleteDuplicates(on=names), rule, whole, said_of, experience)
    if not complete.all():
        rest = copies._replace(
            rows=copies.rows[~complete][:NAMED], firsts=copies.firsts[~complete][:NAMED]
        )
        said_of = f"{len(rest.rows):,} rows {said}, of which some are missing in both"
        yield _named(grid, dataset, names, rest, said_of, experience)


def _equal(grid: Grid, columns: Sequence[GridColumn]) -> _Copies:
    """The rows that equal an earlier one, and how sure it is that they ought not to be there."""
    group = np.zeros(grid.rows, np.int64)
    first = np.zeros(1, np.int64)
    # With the most telling columns first it is soon clear where no rows are equal.
    for column in sorted(columns, key=lambda one: (-one.distinct, one.place)):
        _, first, group = np.unique(
            group * (column.distinct + 1) + column.codes + 1,
            return_index=True,
            return_inverse=True,
        )
        if len(first) == grid.rows:
            break
    firsts = first[group]
    rows = np.flatnonzero(firsts != np.arange(grid.rows))
    if not len(rows):
        return _Copies(rows, rows, 0.0, keyed=False)
    keyed = any(_tells_apart(column, first) for column in columns)
    share = len(rows) / grid.rows
    # Rows of few columns with few values repeat without being copies; so do rows of a table that
    # has nearly more copies than rows, and those of which a number is all that tells them apart.
    by_chance = prod([grid.rows**2 / 2, *(_meeting(column) for column in columns)])
    confidence = (_KEYED if keyed else _KEYLESS) * max(0.0, 1 - by_chance / len(rows))
    if share > (_MANY if keyed else _FEW) or (not keyed and len(columns) < len(grid.columns)):
        confidence *= 0.4
    return _Copies(rows, firsts[rows], confidence, keyed)


def _tells_apart(column: GridColumn, rows: Whole) -> bool:
    """Whether hardly any two of some rows, all different, hold the same."""
    codes = column.codes[rows]
    codes = codes[codes >= 0]
    enough = len(codes) >= 0.9 * len(rows)
    return enough and len(np.unique(codes)) >= _ALL_DIFFER * len(codes)


def _meeting(column: GridColumn) -> float:
    """How likely two rows taken at random have the same value of a column."""
    return float(np.square(column.counts / column.filled).sum())


def _near(
    grid: Grid, dataset: str, columns: Sequence[GridColumn], experience: Experience
) -> Draft | None:
    """Rows that share what names them with an earlier one and differ from it by little."""
    near = near_copies(columns)
    if near is None:
        return None
    # A name that other rows share without being copies of one another is no name.
    confidence = _NEAR * (near.copies + 1) / (near.compared + 1)
    if len(near.rows) > 0.1 * grid.rows:
        confidence *= 0.6
    copies = _Copies(near.rows[:NAMED], near.firsts[:NAMED], confidence, keyed=False)
    said = (
        f"{len(copies.rows):,} rows share {' or '.join(near.sharing[:3])} with an earlier row"
        " and differ from it by little"
    )
    names = tuple(column.name for column in columns)
    return _named(grid, dataset, names, copies, said, experience, direction="near copies go")


def _named(
    grid: Grid,
    dataset: str,
    names: tuple[str, ...],
    copies: _Copies,
    said: str,
    experience: Experience,
    direction: str = "",
) -> Draft:
    rows = grid.row_ids(copies.rows)
    action = DeleteRows(rows=tuple(zip(rows, grid.row_ids(copies.firsts), strict=True)))
    rule = NearDuplicates(on=names, rows=tuple(rows))
    return _draft(dataset, action, rule, copies, said, experience, direction)


def _draft(
    dataset: str,
    action: DeleteDuplicates | DeleteRows,
    rule: AnyRule,
    copies: _Copies,
    said: str,
    experience: Experience,
    direction: str = "",
) -> Draft:
    count = len(copies.rows)
    basis = Basis(principle=PRINCIPLE, columns=rule.columns, direction=direction)
    known = belief(basis, copies.confidence, dataset, experience.answers)
    sure = copies.keyed and known.share >= 0.9
    return Draft(
        action=action,
        rule=rule,
        evidence=Evidence(
            confidence=round(known.share, 4), summary=said, support=count, against=count
        ),
        tool="repair.duplicates/2",
        basis=basis.model_copy(
            update={
                "band": "sure" if sure else "likely",
                "expected": round(known.share * count, 1),
                "experience": known.says,
            }
        ),
    )

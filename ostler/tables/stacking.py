"""Many patches and one state of a table, with one look at it for all of them."""

from collections.abc import Sequence

import pyarrow as pa

from ostler.core.proposals import Change
from ostler.tables.engine import compute, computed
from ostler.tables.patches import Patch, Stale, compose, normal
from ostler.tables.staging import misfits, moved, touched_cells
from ostler.tables.view import View


def stacked(
    under: Patch, patches: Sequence[Patch], view: View
) -> tuple[Patch, tuple[Stale | None, ...]]:
    """One patch of `under` and those that fit on it, in order; and why the others do not.

    `under` is known to fit the view.
    """
    if not patches:
        return under, ()
    every = numbered(patches)
    cells = touched_cells(every, view)
    refused: list[Stale | None] = [None] * len(patches)
    sharing = _sharing_rows(under, every) if len(patches) > 1 else [0]
    whole = under
    if len(sharing) < len(patches):
        alone = _rows_of(every, [i for i in range(len(patches)) if i not in sharing])
        for number, cell in _first_misfits(alone, cells):
            refused[number] = moved(cell)
        fitting = _rows_of(alone, [i for i, stale in enumerate(refused) if stale is None])
        whole = compose(under, normal(_plain(fitting)))
    for number in sharing:
        try:
            whole = _stack(whole, patches[number], cells)
        except Stale as stale:
            refused[number] = stale
    return whole, tuple(refused)


def moved_under(patches: Sequence[Patch], view: View) -> tuple[Change | None, ...]:
    """For each patch by itself, the first of its cells that is not what it was made from."""
    if not patches:
        return ()
    every = numbered(patches)
    found = compute(
        """SELECT number, min(row(TRY_CAST(p."row" AS BIGINT), p."row", p."column", op, old, new))
           FROM p LEFT JOIN cells c ON p."row" = c."row" AND p."column" = c."column"
           WHERE CASE WHEN p.op = 'insert' THEN c."row" IS NOT NULL
                      ELSE c."row" IS NULL OR c.v IS DISTINCT FROM p.old END
           GROUP BY 1""",
        p=every,
        cells=touched_cells(every, view),
    )
    wrong = {
        int(number): Change(op=op, row=row, column=column, old=old, new=new)
        for number, (_, row, column, op, old, new) in found
    }
    return tuple(wrong.get(number) for number in range(len(patches)))


def numbered(patches: Sequence[Patch]) -> pa.Table:
    """The changes of all patches, each with its patch's number."""
    parts = {f"p{number}": patch.changes for number, patch in enumerate(patches)}
    each = (f"SELECT {number} AS number, * FROM p{number}" for number in range(len(patches)))
    return computed(" UNION ALL ".join(each), **parts)


def _sharing_rows(under: Patch, every: pa.Table) -> list[int]:
    """Numbers of the patches that touch a row which another one touches; order matters to them."""
    found = compute(
        """WITH touched AS (SELECT DISTINCT number, "row" FROM every
                            UNION ALL SELECT DISTINCT -1, "row" FROM under),
                shared AS (SELECT "row" FROM touched GROUP BY 1 HAVING count(*) > 1)
           SELECT DISTINCT number FROM touched JOIN shared USING ("row")
           WHERE number >= 0 ORDER BY 1""",
        every=every,
        under=under.changes,
    )
    return [int(number) for (number,) in found]


def _rows_of(every: pa.Table, numbers: Sequence[int]) -> pa.Table:
    return computed(
        "SELECT * FROM every WHERE list_contains(CAST(? AS BIGINT[]), number)",
        [list(numbers)],
        every=every,
    )


def _plain(numbered: pa.Table) -> pa.Table:
    return computed("SELECT * EXCLUDE (number) FROM p", p=numbered)


def _first_misfits(changes: pa.Table, cells: pa.Table) -> list[tuple[int, Change]]:
    """The first change of each patch whose old value is not there."""
    wrong = misfits(_plain(changes), cells, changes.num_rows)
    numbers = compute('SELECT DISTINCT "row", number FROM p', p=changes)
    owner = {str(row): int(number) for row, number in numbers} if wrong else {}
    first: dict[int, Change] = {}
    for change in wrong:
        first.setdefault(owner[change.row], change)
    return sorted(first.items(), key=lambda pair: pair[0])


def _stack(whole: Patch, patch: Patch, cells: pa.Table) -> Patch:
    """One more patch on what is stacked; raises Stale when it no longer fits."""
    untouched = patch.changes if whole.empty else _beside(patch, whole)
    wrong = misfits(untouched, cells, limit=1)
    if wrong:
        raise moved(wrong[0])
    try:
        return compose(whole, patch)
    except Stale as stale:
        raise Stale(f"{stale.message}: another one was approved first", stale.hint) from None


def _beside(patch: Patch, whole: Patch) -> pa.Table:
    """The changes of cells that are not in what is stacked."""
    return computed(
        """SELECT p.* FROM p ANTI JOIN whole w ON p."row" = w."row" AND p."column" = w."column" """,
        p=patch.changes,
        whole=whole.changes,
    )

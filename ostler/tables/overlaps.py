"""Where patches meet: the cells that two have in common, and the part of one that still fits."""

import pyarrow as pa

from ostler.core.proposals import Change
from ostler.tables.engine import compute, computed
from ostler.tables.patches import Patch, normal

_ORDER = """ORDER BY TRY_CAST(p."row" AS BIGINT), p."row", p."column" """


def meets(patch: Patch, cells: pa.Table) -> int:
    """How many of the cells (`row`, `column`) a patch changes."""
    [[found]] = compute(
        """SELECT count(*) FROM p SEMI JOIN c ON p."row" = c."row" AND p."column" = c."column" """,
        p=patch.changes,
        c=cells,
    )
    return int(found)


def meeting(patch: Patch, cells: pa.Table, limit: int) -> tuple[Change, ...]:
    """Some of a patch's changes on the cells, in order."""
    found = computed(
        f"""SELECT p.* FROM p SEMI JOIN c ON p."row" = c."row" AND p."column" = c."column"
            {_ORDER} LIMIT ?""",
        [limit],
        p=patch.changes,
        c=cells,
    )
    return tuple(Change.model_validate(change) for change in found.to_pylist())


def joined(one: pa.Table, other: pa.Table) -> pa.Table:
    """The cells of two tables of them, each once."""
    return computed(
        """SELECT "row", "column" FROM a UNION SELECT "row", "column" FROM b""", a=one, b=other
    )


def parted(patch: Patch, moved: pa.Table) -> tuple[Patch, Patch]:
    """The part of a patch that misses the moved cells, and the rest.

    A row is inserted or deleted whole or not at all: one moved cell keeps all of it back.
    """
    hit = """(EXISTS (FROM c WHERE c."row" = p."row" AND c."column" = p."column")
              OR (op <> 'set' AND EXISTS (FROM c WHERE c."row" = p."row")))"""
    untouched = computed(f"SELECT * FROM p WHERE NOT {hit}", p=patch.changes, c=moved)
    rest = computed(f"SELECT * FROM p WHERE {hit}", p=patch.changes, c=moved)
    return normal(untouched), normal(rest)

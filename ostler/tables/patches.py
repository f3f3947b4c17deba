"""Patch algebra on content: make, digest, invert, compose, conflicts. Pure functions.

A patch is a set of changes, one per cell: `(op, row, column, old, new)`, all as text. A deleted or
inserted row is a change of each of its cells. DuckDB does the work, so a patch of a million cells
costs no Python loop.

A schema patch has a shape as well: the columns that it finds and leaves. Its changes say the
content that comes or goes; what they do not name keeps its text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from ostler.core.base import RowId
from ostler.core.canonical import Digest, canonical_json, digest_of
from ostler.core.datasets import Column
from ostler.core.errors import BadInput, Conflict
from ostler.core.proposals import Change, PatchSummary
from ostler.core.schema import Shape
from ostler.tables.engine import compute, computed

CHANGES = pa.schema(
    [
        ("op", pa.string()),
        ("row", pa.string()),
        ("column", pa.string()),
        ("old", pa.string()),
        ("new", pa.string()),
    ]
)
"""The Arrow schema of a patch's content."""


class Stale(Conflict):
    """The ground has moved: cells are no longer what the patch was made from."""


@dataclass(frozen=True)
class Patch:
    """An exact set of changes, ordered by row and column, without no-ops; named by its digest."""

    changes: pa.Table
    digest: Digest
    shape: Shape | None = None
    """The columns before and after, of a schema patch."""

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return self.changes.num_rows == 0 and self.shape is None

    def summary(self, base_version: int) -> PatchSummary:
        """What it changes, in numbers."""
        [counts] = compute(
            """SELECT count(*) FILTER (op = 'set'), count(DISTINCT "row"),
                      count(DISTINCT "row") FILTER (op = 'insert'),
                      count(DISTINCT "row") FILTER (op = 'delete')
               FROM p""",
            p=self.changes,
        )
        cells, rows, inserted, deleted = (int(n) for n in counts)
        return PatchSummary(
            digest=self.digest,
            base_version=base_version,
            cells=cells,
            rows=rows,
            inserted=inserted,
            deleted=deleted,
            columns=self.columns,
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns in which a cell is set, or that its shape concerns, sorted."""
        found = compute(
            """SELECT DISTINCT "column" FROM p WHERE op = 'set' ORDER BY 1""", p=self.changes
        )
        names = tuple(str(name) for (name,) in found)
        return names if self.shape is None else tuple(sorted({*names, *self.shape.touched}))

    def page(self, limit: int, offset: int = 0) -> tuple[Change, ...]:
        """Some of its changes, in order."""
        return tuple(
            Change.model_validate(change)
            for change in self.changes.slice(offset, limit).to_pylist()
        )


def empty_patch() -> Patch:
    """The patch that changes nothing."""
    return normal(CHANGES.empty_table())


def make(changes: pa.Table, columns: Sequence[Column]) -> Patch:
    """A patch from changes in any order; new values take the canonical text of their column's type.

    Raises BadInput for an unknown column, one of nested values, a value that its column cannot
    hold, or a cell that is changed twice.
    """
    known = {column.name: column.type for column in columns}
    for (name,) in compute("""SELECT DISTINCT "column" FROM p ORDER BY 1""", p=changes):
        if name not in known:
            raise BadInput(f"the patch changes a column that the table does not have: {name!r}")
        if nested(known[name]):
            raise BadInput(
                f"column {name!r} holds nested values ({known[name]}), which a patch cannot change",
                "patch the table's other columns; rows of such a table are not deleted either",
            )
    for kind in sorted({kind for kind in known.values() if kind != "VARCHAR"}):
        names = [name for name, of in known.items() if of == kind]
        changes = _cast_new(changes, names, kind)
    twice = compute(
        """SELECT "row", "column" FROM p GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL LIMIT 1""",
        p=changes,
    )
    if twice:
        raise BadInput(f"the patch changes one cell twice: row {twice[0][0]}, {twice[0][1]!r}")
    return normal(changes)


def nested(kind: str) -> bool:
    """Whether DuckDB's type is one of lists, structs or maps, whose text does not read back."""
    return kind.endswith("]") or kind.startswith(("STRUCT(", "MAP(", "UNION(", "VARIANT"))


def _cast_new(changes: pa.Table, names: list[str], kind: str) -> pa.Table:
    # `kind` is DuckDB's own name of a type, read from a relation, never a value.
    bad = compute(
        f"""SELECT "column", new FROM p
            WHERE list_contains(?, "column") AND new IS NOT NULL AND TRY_CAST(new AS {kind}) IS NULL
            ORDER BY ALL LIMIT 1""",
        [names],
        p=changes,
    )
    if bad:
        raise BadInput(f"{bad[0][1]!r} cannot stand in column {bad[0][0]!r}: it holds {kind}")
    return computed(
        f"""SELECT op, "row", "column", old, CASE WHEN list_contains(?, "column")
                   THEN CAST(TRY_CAST(new AS {kind}) AS VARCHAR) ELSE new END AS new FROM p""",
        [names],
        p=changes,
    )


def normal(changes: pa.Table) -> Patch:
    """The patch of changes that are known to fit: no-ops dropped, ordered, named."""
    ordered = computed(
        """SELECT op, "row", "column", old, new FROM p
           WHERE op <> 'set' OR old IS DISTINCT FROM new
           ORDER BY TRY_CAST("row" AS BIGINT), "row", "column" """,
        p=changes,
    )
    return Patch(ordered, digest_of_changes(ordered))


def shaped(patch: Patch, shape: Shape | None) -> Patch:
    """The patch with a shape; named by both."""
    return replace(patch, shape=shape, digest=digest_of_patch(patch.changes, shape))


def digest_of_patch(changes: pa.Table, shape: Shape | None) -> Digest:
    """The name of a patch: that of its changes, together with its shape where it has one."""
    content = digest_of_changes(changes)
    return content if shape is None else digest_of({"changes": content, "shape": shape})


def digest_of_changes(changes: pa.Table) -> Digest:
    """The name of a set of changes, whatever their order: a two-level SHA-256 over sorted lines."""
    return digest_lines(
        """SELECT sha256(CAST(json_array(op, "row", "column", old, new) AS VARCHAR)) AS h FROM p""",
        p=changes,
    )


def lines_of(patch: Patch) -> bytes:
    """A patch as text: its shape or `null`, then a line per change, as its digest is made of them.

    What checks a digest without an engine for tables reads this.
    """
    lines = compute(
        """SELECT CAST(json_array(op, "row", "column", old, new) AS VARCHAR) FROM p
           ORDER BY op, "row", "column" """,
        p=patch.changes,
    )
    shape = canonical_json(patch.shape)
    return "".join(f"{line}\n" for line in (shape, *(str(line) for (line,) in lines))).encode()


def digest_lines(lines: str, **tables: pa.Table) -> Digest:
    """The digest of a query's column `h` of hashes, whatever their order."""
    # Two levels, so that a large table never becomes one large string.
    [[digest]] = compute(
        f"""WITH lines AS ({lines}),
                 buckets AS (SELECT substr(h, 1, 3) AS b, sha256(string_agg(h, '' ORDER BY h)) AS s
                             FROM lines GROUP BY 1)
            SELECT sha256(coalesce(string_agg(b || s, '' ORDER BY b), '')) FROM buckets""",
        **tables,
    )
    return str(digest)


def invert(patch: Patch) -> Patch:
    """The patch that undoes it: `apply(invert(p), apply(p, t)) = t`."""
    inverse = normal(
        computed(
            """SELECT CASE op WHEN 'insert' THEN 'delete' WHEN 'delete' THEN 'insert' ELSE op END
                      AS op, "row", "column", new AS old, old AS new FROM p""",
            p=patch.changes,
        )
    )
    return shaped(inverse, patch.shape.inverse) if patch.shape else inverse


_COMPOSED = """
    SELECT CASE WHEN p.op IS NULL THEN q.op WHEN q.op IS NULL THEN p.op
                WHEN p.op = 'insert' AND q.op = 'set' THEN 'insert'
                WHEN p.op = 'set' AND q.op = 'set' THEN 'set'
                WHEN p.op = 'set' AND q.op = 'delete' THEN 'delete'
                WHEN p.op = 'delete' AND q.op = 'insert' THEN 'set'
                WHEN p.op = 'insert' AND q.op = 'delete' THEN 'nothing'
                ELSE 'conflict' END AS op,
           coalesce(p."row", q."row") AS "row", coalesce(p."column", q."column") AS "column",
           CASE WHEN p.op IS NULL THEN q.old ELSE p.old END AS old,
           CASE WHEN q.op IS NULL THEN p.new ELSE q.new END AS new,
           p.op IS NOT NULL AND q.op IS NOT NULL AND p.new IS DISTINCT FROM q.old AS broken
    FROM p FULL OUTER JOIN q ON p."row" = q."row" AND p."column" = q."column"
"""


def compose(first: Patch, second: Patch) -> Patch:
    """One patch that does what `first` and then `second` do.

    Raises Stale when `second` does not start from what `first` leaves.
    """
    if first.empty or second.empty:
        return second if first.empty else first
    if first.shape or second.shape:
        raise Stale("a change of columns lies between them")
    both = computed(_COMPOSED, p=first.changes, q=second.changes)
    broken = compute(
        """SELECT "row", "column" FROM b WHERE broken OR op = 'conflict' ORDER BY ALL LIMIT 1""",
        b=both,
    )
    if broken:
        raise Stale(f"row {broken[0][0]}, {broken[0][1]!r} is not as the patch before leaves it")
    return normal(
        computed("""SELECT op, "row", "column", old, new FROM b WHERE op <> 'nothing'""", b=both)
    )


def conflicts(one: Patch, other: Patch) -> tuple[tuple[RowId, str], ...]:
    """The cells on which two patches of one base disagree, ordered; empty when they commute."""
    cells = compute(
        """SELECT p."row", p."column" FROM p JOIN q ON p."row" = q."row" AND p."column" = q."column"
           WHERE p.op <> q.op OR p.new IS DISTINCT FROM q.new ORDER BY ALL""",
        p=one.changes,
        q=other.changes,
    )
    return tuple((str(row), str(column)) for row, column in cells)

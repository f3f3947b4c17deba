"""Schema patches on tables: whether one still fits, and the table with other columns."""

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from ostler.core.datasets import Column
from ostler.core.proposals import Change
from ostler.core.schema import Field, Shape
from ostler.tables.engine import compute, computed
from ostler.tables.patches import Patch, normal, shaped
from ostler.tables.sql import quoted, row_id
from ostler.tables.view import View


def shape_obstacle(shape: Shape, view: View) -> str:
    """Why a table does not have the columns that a schema patch expects; empty when it has.

    Columns that the patch does not concern may have come or gone since.
    """
    types = {column.name: column.type for column in view.columns}
    renamed = dict(shape.renames)
    leaving = [*shape.gone, *(field for field in shape.before if field.name in renamed)]
    for field in (*leaving, *(before for before, _ in shape.cast)):
        if field.name not in types:
            return f"column {field.name!r} is no longer there"
        if types[field.name] != field.type:
            return f"column {field.name!r} is {types[field.name]} now, not {field.type}"
        if field.name in view.key:
            return f"column {field.name!r} belongs to the key that names the rows"
    staying = {*types, *view.key} - {field.name for field in leaving}
    taken = {name.casefold() for name in staying}
    for name in (*(field.name for field in shape.new), *renamed.values()):
        if name.casefold() in taken:
            return f"there is a column {name!r} already"
    return ""


def shape_mismatches(
    patch: Patch, shape: Shape, view: View, limit: int | None = None
) -> tuple[Change, ...]:
    """Cells that are not what the patch expects, where its columns are there.

    In a column that goes or is cast every cell counts: one of which the patch says nothing must
    hold what the shape says, or a text that the new type holds as it is. Else it would be lost.
    """
    joined = _Joined(patch, shape, view)
    wrong = [
        f"""SELECT {joined.row} AS id, CAST({place} AS INTEGER) AS place,
                   {joined.old(column)} AS old, {joined.new(column)} AS new
            FROM {joined.source} WHERE {joined.differs(column)}"""
        for place, column in enumerate(view.columns)
        if joined.concerns(column)
    ]
    wrong.append(
        f"""SELECT p.id, CAST(NULL AS INTEGER), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR)
            FROM {joined.changes} p ANTI JOIN {view.source} t ON p.id = {joined.row}"""
    )
    found = view.query(
        f"""SELECT id, place, old, new FROM ({" UNION ALL ".join(wrong)}) w(id, place, old, new)
            ORDER BY TRY_CAST(id AS BIGINT), id, place LIMIT ?""",
        [limit],
    )
    # A row that is gone has no column; the first one stands for all.
    names: dict[int | None, str] = {None: patch.columns[0], **dict(enumerate(view.column_names))}
    return tuple(
        Change(op="set", row=row, column=names[place], old=old, new=new)
        for row, place, old, new in found
    )


def reshaped(patch: Patch, shape: Shape, view: View) -> View:
    """The view with a schema patch on it that is known to fit; nothing is copied."""
    name = f"staged {patch.digest[:16]} on {view.name}"
    joined = _Joined(patch, shape, view)
    columns = shape.applied_to(view.columns)
    hidden = [f"t.{quoted(key)}" for key in view.key if key not in view.column_names]
    selected = ", ".join([*hidden, *(joined.after(column) for column in columns)])
    view.connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS SELECT {selected} FROM {joined.source}"
    )
    return View(view.connection, name, columns, view.key, view.version)


def for_rows_of(patch: Patch, view: View) -> Patch:
    """A schema patch without what it says of rows that are gone."""
    rows = view.arrow(f"SELECT {view.row} AS id FROM {view.source}")
    kept = computed("""SELECT p.* FROM p SEMI JOIN r ON p."row" = r.id""", p=patch.changes, r=rows)
    return shaped(normal(kept), patch.shape)


@dataclass(frozen=True)
class _Joined:
    """SQL over a view `t`, joined with what a schema patch says of its rows."""

    patch: Patch
    shape: Shape
    view: View

    @cached_property
    def _places(self) -> dict[str, int]:
        named = compute('SELECT DISTINCT "column" FROM p ORDER BY 1', p=self.patch.changes)
        return {str(name): place for place, (name,) in enumerate(named)}

    @cached_property
    def _fills(self) -> dict[str, int]:
        fields = (*self.shape.gone, *self.shape.new)
        return {field.name: place for place, field in enumerate(fields)}

    @cached_property
    def _casts(self) -> dict[str, Field]:
        return {before.name: after for before, after in self.shape.cast}

    @cached_property
    def changes(self) -> str:
        """The changes as a relation of the view's connection, a line per row."""
        pivot = "".join(
            f""", bool_or("column" = ?) AS has_{i}, max(old) FILTER ("column" = ?) AS old_{i},
                 max(new) FILTER ("column" = ?) AS new_{i}"""
            for i in self._places.values()
        )
        lines = computed(
            f"""SELECT "row" AS id{pivot} FROM p GROUP BY "row" """,
            [name for column in self._places for name in (column, column, column)],
            p=self.patch.changes,
        )
        return self._registered("cells", lines)

    @cached_property
    def source(self) -> str:
        """For the FROM of a query: the view as t, the changes as p, the fills as f."""
        fields = (*self.shape.gone, *self.shape.new)
        line = {f"fill_{place}": [field.fill] for place, field in enumerate(fields)}
        schema = pa.schema([(name, pa.string()) for name in ("one", *line)])
        fills = self._registered("fills", pa.table({"one": ["1"], **line}, schema=schema))
        return (
            f"{self.view.source} t CROSS JOIN {fills} f"
            f" LEFT JOIN {self.changes} p ON p.id = {self.row}"
        )

    def _registered(self, what: str, data: pa.Table) -> str:
        name = f"{self.patch.digest[:16]} on {self.view.name}: {what}"
        self.view.connection.register(name, data)
        return quoted(name)

    @property
    def row(self) -> str:
        """A row's id."""
        return row_id(self.view.key, "t")

    def concerns(self, column: Column) -> bool:
        """Whether a column of the view has content that the patch speaks of."""
        gone = {field.name for field in self.shape.gone}
        return column.name in gone or column.name in self._casts or column.name in self._places

    def old(self, column: Column) -> str:
        """What the patch expects in it."""
        return self._of("old", column.name)

    def new(self, column: Column) -> str:
        """What the patch puts into it."""
        return self._of("new", column.name)

    def differs(self, column: Column) -> str:
        """Whether a cell is not what the patch expects."""
        text = f"CAST(t.{quoted(column.name)} AS VARCHAR)"
        unnamed = "false"
        if column.name in self._fills:
            unnamed = f"{text} IS DISTINCT FROM f.fill_{self._fills[column.name]}"
        elif column.name in self._casts:
            again = f"CAST(TRY_CAST({text} AS {self._casts[column.name].type}) AS VARCHAR)"
            unnamed = f"{text} IS DISTINCT FROM {again}"
        place = self._places.get(column.name)
        if place is None:
            return unnamed
        return (
            f"CASE WHEN p.has_{place} THEN {text} IS DISTINCT FROM p.old_{place} ELSE {unnamed} END"
        )

    def after(self, column: Column) -> str:
        """A column of the view as it is with the patch."""
        before = {new: old for old, new in self.shape.renames}.get(column.name, column.name)
        kept = f"t.{quoted(before)}"
        if column.name in self._fills:
            kept = f"CAST(f.fill_{self._fills[column.name]} AS {column.type})"
        elif column.name in self._casts:
            kept = f"CAST(CAST({kept} AS VARCHAR) AS {column.type})"
        place = self._places.get(column.name)
        if place is not None:
            new = f"CAST(p.new_{place} AS {column.type})"
            kept = f"CASE WHEN p.has_{place} THEN {new} ELSE {kept} END"
        return f"{kept} AS {quoted(column.name)}"

    def _of(self, side: str, column: str) -> str:
        place = self._places.get(column)
        return "CAST(NULL AS VARCHAR)" if place is None else f"p.{side}_{place}"

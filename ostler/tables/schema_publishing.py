"""The schema that a Delta table gets by a schema patch, and the proof of the files under it."""

from dataclasses import replace
from typing import Any, cast

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake import Field as DeltaField

from ostler.core.datasets import Column
from ostler.core.schema import Shape
from ostler.tables.engine import arrow_of
from ostler.tables.layout import Layout
from ostler.tables.patches import Patch
from ostler.tables.staging import digest_of_view
from ostler.tables.view import View


def schema_after(handle: DeltaTable, shape: Shape, after: View) -> Schema:
    """The table's schema with a shape on it; fields that stay keep whether they may be missing.

    A new column may always be missing: rows that are appended by who does not know it lack it.
    """
    old = {field.name: field for field in handle.schema().fields}
    before = {new: name for name, new in shape.renames}
    made = _fields(after)
    changed = {field.name for field in shape.new} | {field.name for _, field in shape.cast}
    fields: list[DeltaField] = []
    for name in made:
        known = old.get(before.get(name, name))
        if name in changed or known is None:
            fields.append(made[name])
        else:
            fields.append(DeltaField(name, known.type, nullable=known.nullable))
    return Schema(fields)


def layout_after(layout: Layout, after: View) -> Layout:
    """How data files make up the table with the columns of a staged view, hidden ones too."""
    relation = after.connection.table(after.name)
    named = zip(relation.columns, relation.types, strict=True)
    return replace(layout, columns=tuple(Column(name=n, type=str(kind)) for n, kind in named))


def _fields(view: View) -> dict[str, DeltaField]:
    empty = arrow_of(view.connection.sql(f"SELECT * FROM {view.source} LIMIT 0"))
    # Any: the library asks for a protocol that the stubs of pyarrow do not have.
    plain = pa.schema([pa.field(f.name, f.type, nullable=True) for f in empty.schema])
    return {field.name: field for field in Schema.from_arrow(cast("Any", plain)).fields}


def is_proved(patch: Patch, base: View, staged: View, written: View) -> bool:
    """Whether files hold exactly what is staged, and what was there where nothing changes."""
    same = tuple(
        column
        for column in base.columns
        if column in staged.columns and column.name not in patch.columns
    )
    return digest_of_view(staged) == digest_of_view(written) and digest_of_view(
        replace(base, columns=same)
    ) == digest_of_view(replace(written, columns=same))

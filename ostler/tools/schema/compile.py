"""Compile a change of columns against a pinned view: the exact patch, shape and content."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ostler.core.actions import (
    AddColumn,
    CastColumn,
    DropColumn,
    MergeColumns,
    RenameColumn,
    SchemaAction,
    SplitColumn,
)
from ostler.core.datasets import Column
from ostler.core.errors import BadInput, NotFound
from ostler.core.schema import CastReport, Field, Shape
from ostler.tables.patches import Patch, normal, shaped
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.schema.casting import converted, report
from ostler.tools.schema.types import is_plain, stored_type

_LONGEST = 200


@dataclass(frozen=True)
class Compiled:
    """A schema patch, and what it loses when it casts."""

    patch: Patch
    cast: CastReport | None = None


@dataclass(frozen=True)
class _Content:
    """A query of changes `id, col, old, new`, with the values that are bound in it."""

    sql: str
    parameters: Sequence[str] = ()


@dataclass(frozen=True)
class _Plan:
    shape: Shape
    content: tuple[_Content, ...] = ()
    cast: CastReport | None = None


def compile_schema(action: SchemaAction, view: View) -> Compiled:
    """The exact patch of a change of columns on a view.

    Raises BadInput for a column of the key, a name or type that a column cannot have, a default
    that does not fit its type, or a cast that is refused for what it would lose; NotFound for a
    column that is not there.
    """
    plan = _COMPILERS[action.kind](action, view)
    parts = " UNION ALL ".join(content.sql for content in plan.content) or _NOTHING
    changes = view.arrow(
        f"""SELECT 'set' AS op, id AS "row", col AS "column", CAST(old AS VARCHAR) AS old,
                   CAST(new AS VARCHAR) AS new FROM ({parts})""",
        [value for content in plan.content for value in content.parameters],
    )
    return Compiled(shaped(normal(changes), plan.shape), plan.cast)


_NOTHING = """SELECT '' AS id, '' AS col, '' AS old, '' AS new WHERE false"""


def _rename(action: RenameColumn, view: View) -> _Plan:
    old = _column(view, action.column)
    name = _free(action.to, view, leaving=(old.name,))
    if name == old.name:
        raise BadInput(f"column {old.name!r} has that name already")
    after = [Field(name=name, type=old.type) if f.name == old.name else f for f in _fields(view)]
    return _Plan(_shape(view, after, ((old.name, name),)))


def _cast(action: CastColumn, view: View) -> _Plan:
    old, kind = _column(view, action.column), stored_type(action.to)
    if old.type == kind:
        raise BadInput(f"column {old.name!r} is {kind.lower()} already")
    said = report(view, old.name, kind)
    if said.lossy and action.on_loss == "refuse":
        raise BadInput(
            f"{said.lossy:,} of {said.lossy + said.exact + said.rewritten:,} values of "
            f"{old.name!r} would not come over whole: "
            + ", ".join(f"{loss.kind} {loss.values:,}" for loss in said.losses),
            "see them with ostler schema impact cast; then say --on-loss null or --keep-in COLUMN",
        )
    values = converted(view, old.name, kind)
    content = [
        _Content(f"SELECT id, ? AS col, s AS old, n AS new FROM ({values}) v", [old.name]),
    ]
    after = [Field(name=old.name, type=kind) if f.name == old.name else f for f in _fields(view)]
    if (action.on_loss == "keep") != bool(action.keep_in):
        raise BadInput("the column that keeps what is lost has no name", "say --keep-in COLUMN")
    if action.keep_in:
        name = _free(action.keep_in, view)
        place = next(i for i, field in enumerate(after) if field.name == old.name)
        after.insert(place + 1, Field(name=name, type="VARCHAR"))
        content.append(
            _Content(
                f"SELECT id, ? AS col, NULL AS old, s AS new FROM ({values}) v"
                " WHERE lost IS NOT NULL",
                [name],
            )
        )
    return _Plan(_shape(view, after), tuple(content), said)


def _add(action: AddColumn, view: View) -> _Plan:
    name, kind = _free(action.column, view), stored_type(action.type)
    [fill] = view.one(f"SELECT CAST(TRY_CAST(? AS {kind}) AS VARCHAR)", [action.default])
    if fill is None and action.default is not None:
        raise BadInput(
            f"{action.default!r} cannot stand in a column of type {action.type}",
            "choose another --default or another type",
        )
    return _Plan(_shape(view, [*_fields(view), Field(name=name, type=kind, fill=fill)]))


def _drop(action: DropColumn, view: View) -> _Plan:
    old = _column(view, action.column)
    if len(view.columns) == 1:
        raise BadInput(f"{old.name!r} is the only column; a table without columns holds nothing")
    after = [field for field in _fields(view) if field.name != old.name]
    return _Plan(_shape(view, after), (_gone(view, old.name),))


def _split(action: SplitColumn, view: View) -> _Plan:
    old = _column(view, action.column)
    names = tuple(_free(name, view, leaving=(old.name,)) for name in action.into)
    _distinct(names)
    fields = [Field(name=name, type="VARCHAR") for name in names]
    after = [new for f in _fields(view) for new in (fields if f.name == old.name else [f])]
    text, last = _text(old.name), len(names)
    content = [
        _Content(
            f"""SELECT {view.row} AS id, ? AS col, {_was(name, old.name)} AS old,
                       {_part(text, place, last)} AS new FROM {view.source} t""",
            [name, *_separators(action.separator, place, last)],
        )
        for place, name in enumerate(names, 1)
    ]
    if old.name not in names:
        content.append(_gone(view, old.name))
    return _Plan(_shape(view, after), tuple(content))


def _part(text: str, place: int, last: int) -> str:
    if place < last:
        return f"string_split({text}, ?)[{place}]"
    # What is left, with the separators that stand in it; missing when there are fewer parts.
    rest = f"array_to_string(string_split({text}, ?)[{last}:], ?)"
    return f"CASE WHEN len(string_split({text}, ?)) >= {last} THEN {rest} END"


def _separators(separator: str, place: int, last: int) -> list[str]:
    return [separator] * (1 if place < last else 3)


def _merge(action: MergeColumns, view: View) -> _Plan:
    _distinct(action.columns)
    old = [_column(view, name).name for name in action.columns]
    name = _free(action.into, view, leaving=old)
    after: list[Field] = []
    for field in _fields(view):
        if field.name == old[0]:
            after.append(Field(name=name, type="VARCHAR"))
        if field.name not in old:
            after.append(field)
    texts = ", ".join(_text(column) for column in old)
    merged = f"CASE WHEN coalesce({texts}) IS NOT NULL THEN concat_ws(?, {texts}) END"
    was = _text(name) if name in old else "NULL"
    content = [
        _Content(
            f"SELECT {view.row} AS id, ? AS col, {was} AS old, {merged} AS new"
            f" FROM {view.source} t",
            [name, action.separator],
        ),
        *(_gone(view, column) for column in old if column != name),
    ]
    return _Plan(_shape(view, after), tuple(content))


def _was(name: str, old: str) -> str:
    return _text(old) if name == old else "NULL"


def _gone(view: View, column: str) -> _Content:
    return _Content(
        f"""SELECT {view.row} AS id, ? AS col, {_text(column)} AS old, NULL AS new
            FROM {view.source} t""",
        [column],
    )


def _text(column: str) -> str:
    return f"CAST(t.{quoted(column)} AS VARCHAR)"


def _fields(view: View) -> list[Field]:
    return [Field(name=column.name, type=column.type) for column in view.columns]


def _shape(view: View, after: Sequence[Field], renames: tuple[tuple[str, str], ...] = ()) -> Shape:
    return Shape(before=tuple(_fields(view)), after=tuple(after), renames=renames)


def _column(view: View, name: str) -> Column:
    """A column that may be changed."""
    found = next((column for column in view.columns if column.name == name), None)
    if name in view.key:
        raise BadInput(
            f"{name!r} belongs to the key that names the rows; it stays as it is",
            "patches, votes and the audit log name rows by it",
        )
    if found is None:
        raise NotFound(
            f"there is no column {name!r}", f"the columns are {', '.join(view.column_names)}"
        )
    if not is_plain(found.type):
        raise BadInput(f"column {name!r} is {found.type}, which cannot be kept as text")
    return found


def _free(name: str, view: View, leaving: Sequence[str] = ()) -> str:
    """A name that a new column may have; names that differ only in case are the same."""
    hidden = any(unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" for c in name)
    if not name.strip() or name != name.strip() or hidden or len(name) > _LONGEST:
        raise BadInput(
            f"{name!r} cannot be the name of a column",
            "use visible characters, without blanks at the ends",
        )
    if name.casefold().startswith("_ostler"):
        raise BadInput(f"{name!r}: names that begin with _ostler are Ostler's own")
    taken = {c.casefold(): c for c in (*view.column_names, *view.key) if c not in leaving}
    if name.casefold() in taken:
        raise BadInput(f"there is a column {taken[name.casefold()]!r} already")
    return name


def _distinct(names: Sequence[str]) -> None:
    if len({name.casefold() for name in names}) < len(names):
        raise BadInput(f"a column is named twice: {', '.join(names)}")


# Any: each function takes its own kind of action, and the kind is the key.
_COMPILERS: dict[str, Callable[[Any, View], _Plan]] = {
    "rename_column": _rename,
    "cast_column": _cast,
    "add_column": _add,
    "drop_column": _drop,
    "split_column": _split,
    "merge_columns": _merge,
}

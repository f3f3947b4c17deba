"""What patches do to measures, from the patches: old rows' part out, new rows' in.

The rows that all the patches touch are fetched from the table in one scan, and stand in a table of
their own as they are and as each patch leaves them. What a row fails by itself is counted there.
For groups, the table is asked once for the sizes of those that some patch touches.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from ostler.core.datasets import Column
from ostler.tables.engine import compute, computed
from ostler.tables.patches import Patch
from ostler.tables.sql import quoted, row_id
from ostler.tables.stacking import numbered
from ostler.tables.staging import matching_rows
from ostler.tables.view import View
from ostler.tools.quality.conditions import Ground, list_of, places_of, present, tuple_of
from ostler.tools.quality.duckdb_sql import BITS, Bound, masks_of
from ostler.tools.quality.plan import Conflicts, Found, Measure, Newest, Repeats, RowTest


@dataclass(frozen=True)
class Touched:
    """The rows that some patches touch."""

    rows: View
    """As they are in the table: only columns that were asked for."""
    sides: View
    """Before and after each patch, with two columns besides."""
    number: str
    """The patch's."""
    after: str
    """Whether it is the row afterwards."""

    @property
    def change(self) -> str:
        """SQL of how many rows of a group there are more afterwards."""
        return f"CAST(sum(CASE WHEN {self.after} THEN 1 ELSE -1 END) AS BIGINT)"


@contextmanager
def touched(patches: Sequence[Patch], view: View, columns: Sequence[str]) -> Generator[Touched]:
    """Fetch what cell patches touch, with the columns that they change and some more.

    Whether the old values are those of the patches is not looked at.
    """
    every = numbered(patches)
    changed = {str(name) for (name,) in compute('SELECT DISTINCT "column" FROM p', p=every)}
    wanted = {*columns, *changed, *view.key}
    shown = tuple(column for column in view.columns if column.name in wanted)
    hidden = tuple(key for key in view.key if key not in view.column_names)
    token = uuid4().hex
    rows, sides = (f"ostler: {what} {token}" for what in ("touched", "sides"))
    mine, theirs = matching_rows(view)
    ids, changes = f"{rows}: ids", f"{rows}: changes"
    connection = view.connection
    names = {c.name.lower() for c in view.columns} | {*view.key}
    number, after = (_unused(name, names) for name in ("ostler_patch", "ostler_after"))
    connection.register(ids, computed(f"SELECT DISTINCT {theirs} AS id FROM p", p=every))
    connection.register(changes, every)
    try:
        connection.execute(
            f"""CREATE TEMP TABLE {quoted(rows)} AS
                SELECT {list_of([*hidden, *(column.name for column in shown)])} FROM {view.source}
                WHERE {mine} IN (SELECT id FROM {quoted(ids)})"""
        )
        there = replace(view, name=rows, columns=shown, layout=None)
        sql, bound = _sides(there, quoted(changes), sorted(changed), hidden, (number, after))
        connection.execute(f"CREATE TEMP TABLE {quoted(sides)} AS {sql}", bound.values)
        yield Touched(there, replace(there, name=sides), quoted(number), quoted(after))
    finally:
        for name in (sides, rows):
            connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
        connection.unregister(ids)
        connection.unregister(changes)


def _unused(name: str, names: set[str]) -> str:
    while name in names:
        name += "_"
    return name


def _sides(
    rows: View, changes: str, changed: Sequence[str], hidden: Sequence[str], called: tuple[str, str]
) -> tuple[str, Bound]:
    """The query of the rows before and after each patch."""
    bound = Bound()
    number, after = (quoted(name) for name in called)
    place = {name: position for position, name in enumerate(changed)}
    pivot = "".join(
        f""", bool_or("column" = {bound(name)}) AS has_{position},
              max(new) FILTER ("column" = {bound(name)}) AS new_{position}"""
        for name, position in place.items()
    )

    def cells(set_value: bool) -> str:
        return ", ".join(
            [f"t.{quoted(key)}" for key in hidden]
            + [
                f"CASE WHEN p.has_{place[c.name]} THEN CAST(p.new_{place[c.name]} AS {c.type})"
                f" ELSE t.{quoted(c.name)} END AS {quoted(c.name)}"
                if set_value and c.name in place
                else f"t.{quoted(c.name)}"
                for c in rows.columns
            ]
        )

    def new_cell(column: Column) -> str:
        held = f"p.new_{place[column.name]}" if column.name in place else "NULL"
        return f"CAST({held} AS {column.type}) AS {quoted(column.name)}"

    kinds = _types(rows, hidden)
    new = ", ".join(
        [f'CAST(p."row" AS {kinds[key]}) AS {quoted(key)}' for key in hidden]
        + [new_cell(column) for column in rows.columns]
    )
    found = f'{rows.source} t JOIN p ON p."row" = {_row_of(rows, "t")}'
    return (
        f"""WITH p AS (SELECT number, op, "row"{pivot} FROM {changes} GROUP BY ALL)
            SELECT p.number AS {number}, FALSE AS {after}, {cells(False)} FROM {found}
            WHERE p.op <> 'insert'
            UNION ALL SELECT p.number, TRUE, {cells(True)} FROM {found} WHERE p.op = 'set'
            UNION ALL SELECT p.number, TRUE, {new} FROM p WHERE p.op = 'insert'""",
        bound,
    )


def _row_of(view: View, alias: str) -> str:
    return row_id(view.key, alias)


def _types(view: View, hidden: Sequence[str]) -> Mapping[str, str]:
    relation = view.connection.table(view.name)
    kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
    return {name: kinds[name] for name in hidden}


@dataclass(frozen=True)
class Effects:
    """What some patches do, by the number of the patch; one that changes nothing is left out."""

    failing: Mapping[Measure, Mapping[int, int]]
    """Rows that fail more or, below nought, less."""
    newest: Mapping[Newest, Mapping[int, Found | None]]
    """What is newest afterwards; None where that does not follow from the patch."""
    rows: Mapping[int, int]
    """Rows that there are more or, below nought, less."""


def effects_of(
    ground: Ground, measures: Sequence[Measure], what: Touched, now: datetime
) -> Effects:
    """What patches do to some measures of the ground's view."""
    failing = _tests(ground, what, [one for one in measures if isinstance(one, RowTest)])
    for one in measures:
        if isinstance(one, Repeats):
            failing[one] = _repeats(ground.view, what, one)
        elif isinstance(one, Conflicts):
            failing[one] = _conflicts(ground.view, what, one)
    return Effects(
        failing,
        {one: _newest(ground, what, one, now) for one in measures if isinstance(one, Newest)},
        _counted(
            what.sides,
            f"SELECT {what.number}, {what.change} FROM {what.sides.source} GROUP BY 1",
        ),
    )


def _counted(view: View, sql: str) -> Mapping[int, int]:
    return {int(number): int(change) for number, change in view.query(sql) if change}


def _tests(
    ground: Ground, what: Touched, tests: Sequence[RowTest]
) -> dict[Measure, Mapping[int, int]]:
    if not tests:
        return {}
    bound = Bound()
    writer = Ground(what.sides, ground.keys).writer(bound)
    masks = masks_of([writer.fails(test.fails) for test in tests])
    named = ", ".join(f"{mask} AS m{place}" for place, mask in enumerate(masks))
    patterns = what.sides.query(
        f"""SELECT * FROM (SELECT {what.number} AS number, {what.change} AS change, {named}
                           FROM {what.sides.source} GROUP BY ALL) WHERE change <> 0""",
        bound.values,
    )
    found: dict[Measure, dict[int, int]] = {test: {} for test in tests}
    for number, change, *words in patterns:
        for place, test in enumerate(tests):
            if words[place // BITS] >> place % BITS & 1:
                found[test][number] = found[test].get(number, 0) + int(change)
    return {**found}


def _moved(what: Touched, columns: Sequence[str]) -> str:
    """The query of how many rows more have some values after each patch: columns and `change`."""
    return (
        f"SELECT * FROM (SELECT {what.number} AS number, {places_of(columns)},"
        f" {what.change} AS change FROM {what.sides.source}"
        f" WHERE {present(columns)} GROUP BY ALL) WHERE change <> 0"
    )


def _held(view: View, columns: Sequence[str], wanted: Sequence[str], of: str) -> str:
    """The query of how many rows of a table have some values, of those that are wanted."""
    return (
        f"SELECT {places_of(columns)}, count(*) AS held FROM {view.source}"
        f" WHERE {present(columns)} AND {tuple_of(wanted)} IN (SELECT {of} FROM moved) GROUP BY ALL"
    )


def _repeats(view: View, what: Touched, one: Repeats) -> Mapping[int, int]:
    """The change of failing rows: groups of more than one row, before and after."""
    moved = _moved(what, one.on)
    if not what.sides.query(f"SELECT 1 FROM ({moved}) LIMIT 1"):
        return {}
    names = [f"c{place}" for place, _ in enumerate(one.on)]
    return _counted(
        view,
        f"""WITH moved AS MATERIALIZED ({moved}),
                 held AS ({_held(view, one.on, one.on, _tuple(names))}),
                 sizes AS (SELECT number, change, coalesce(held, 0) AS held
                          FROM moved LEFT JOIN held USING ({", ".join(names)}))
            SELECT number, sum(CASE WHEN held + change > 1 THEN held + change ELSE 0 END
                               - CASE WHEN held > 1 THEN held ELSE 0 END)
            FROM sizes GROUP BY 1""",
    )


def _conflicts(view: View, what: Touched, one: Conflicts) -> Mapping[int, int]:
    """The change of failing rows: those of a group without its most frequent value."""
    moved = _moved(what, one.columns)
    if not what.sides.query(f"SELECT 1 FROM ({moved}) LIMIT 1"):
        return {}
    names = [f"c{place}" for place, _ in enumerate(one.columns)]
    group, value = names[:-1], names[-1]
    grouped = ", ".join(group)
    return _counted(
        view,
        f"""WITH moved AS MATERIALIZED ({moved}),
                 held AS ({_held(view, one.columns, one.determinants, _tuple(group))}),
                 pairs AS (SELECT number, {grouped}, {value}, held, 0 AS change
                           FROM (SELECT DISTINCT number, {grouped} FROM moved)
                           JOIN held USING ({grouped})
                           UNION ALL
                           SELECT number, {grouped}, {value}, 0, change FROM moved),
                 sizes AS (SELECT number, {grouped}, {value}, sum(held) AS held,
                                  sum(held + change) AS left_over
                           FROM pairs GROUP BY ALL)
            SELECT number, sum(change)
            FROM (SELECT number, {grouped}, sum(left_over) - max(left_over)
                         - (sum(held) - max(held)) AS change
                  FROM sizes GROUP BY ALL)
            GROUP BY 1""",
    )


def _tuple(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"row({', '.join(names)})"


def _newest(
    ground: Ground, what: Touched, one: Newest, now: datetime
) -> Mapping[int, Found | None]:
    """The newest moment after each patch that changes moments up to now."""
    utc = now.astimezone(UTC).replace(tzinfo=None).isoformat()
    bound = Bound()
    moment = Ground(what.sides, {}).writer(bound).value(one.of).text
    changes = what.sides.query(
        f"""SELECT number, t, change FROM (
              SELECT {what.number} AS number, {moment} AS t, {what.change} AS change
              FROM {what.sides.source} GROUP BY ALL)
            WHERE change <> 0 AND t <= CAST({bound(utc)} AS TIMESTAMP) ORDER BY ALL""",
        bound.values,
    )
    if not changes:
        return {}
    bound = Bound()
    moment = ground.writer(bound).value(one.of).text
    [(newest, held)] = ground.view.query(
        f"""SELECT max(t), arg_max(n, t) FROM (
              SELECT {moment} AS t, count(*) AS n FROM {ground.view.source} GROUP BY ALL)
            WHERE t <= CAST({bound(utc)} AS TIMESTAMP)""",
        bound.values,
    )
    found: dict[int, Found | None] = {}
    for number in sorted({number for number, _, _ in changes}):
        mine = {t: change for of, t, change in changes if of == number}
        brought = [t for t, change in mine.items() if change > 0]
        if newest is not None and held + mine.get(newest, 0) > 0:
            brought.append(newest)
        latest = max(brought, default=None)
        # Below what was newest and is gone, the patch does not say what else there is.
        known = newest is None or (latest is not None and latest >= newest)
        found[number] = Found(newest=latest) if known else None
    return found

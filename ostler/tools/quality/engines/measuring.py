"""Measuring at a place: what its engine reads as DuckDB does is measured there, the rest here.

A row with a text in doubt is fetched, with the columns that the rules about single rows read, and
measured by DuckDB. So the results are the same, whatever forms the texts have.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from ostler.core.base import RowId
from ostler.core.errors import BadInput
from ostler.tables.engine import compute
from ostler.tables.place import Place
from ostler.tables.view import View, view_of
from ostler.tools.quality import whole
from ostler.tools.quality.conditions import Ground, place_of
from ostler.tools.quality.duckdb_sql import WHOLE
from ostler.tools.quality.engines.dialect import Cannot
from ostler.tools.quality.engines.groups import failing
from ostler.tools.quality.engines.relation import Relation, arrow_type, relation_of
from ostler.tools.quality.expressions import columns_of
from ostler.tools.quality.plan import Found, Measure, Newest, RowTest, Size

DOUBTFUL = 1_000_000
"""Rows that are fetched at most because only DuckDB can read them."""
_ODD = 10_000
"""Failing rows that are fetched at most because only DuckDB knows their place among the others."""
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_MICROSECOND = timedelta(microseconds=1)


def obstacle(place: Place, measure: Measure) -> str:
    """Why an engine cannot measure it with the same meaning; empty when it can."""
    relation = relation_of(place)
    writer = relation.writer()
    try:
        _ = writer.row
        if isinstance(measure, RowTest):
            writer.fails(measure.fails)
        elif isinstance(measure, Newest):
            writer.value(measure.of)
        elif not isinstance(measure, Size):
            failing(measure, relation)
    except Cannot as why:
        return str(why)
    return ""


def measured(
    place: Place, measures: Iterable[Measure], *, now: datetime, sample: int
) -> tuple[int, Mapping[Measure, Found]]:
    """The number of rows, and what each measure gives, as `whole.measured` does for a view.

    Every measure must be free of an `obstacle`. BadInput when more than `DOUBTFUL` rows hold texts
    of forms that only DuckDB reads.
    """
    relation = relation_of(place)
    wanted = [one for one in dict.fromkeys(measures) if not isinstance(one, Size)]
    alone = [one for one in wanted if isinstance(one, RowTest | Newest)]
    writer = relation.writer()
    rows = {one: writer.fails(one.fails) for one in alone if isinstance(one, RowTest)}
    times = {one: writer.value(one.of).value for one in alone if isinstance(one, Newest)}
    doubt = writer.doubt()
    clock = (now.astimezone(UTC).replace(tzinfo=None) - _EPOCH) // _MICROSECOND
    numbered = {f"a{number}": one for number, one in enumerate([*rows.values(), *times.values()])}
    read = relation.table.select(doubt=doubt, **numbered)
    sure = [read[f"a{number}"] for number in range(len(numbered))]
    aggregates = [_count(one & ~read["doubt"]) for one in sure[: len(rows)]]
    # One wrong year in the future must not hide a dead feed.
    aggregates += [
        ibis.cases(((time <= clock) & ~read["doubt"], time), else_=ibis.null("int64")).max()
        for time in sure[len(rows) :]
    ]
    named = {f"a{number}": one for number, one in enumerate(aggregates)}
    total, doubtful, *numbers = relation.ask(
        read.agg(total=read.count(), doubtful=_count(read["doubt"]), **named)
    )[0]
    given = dict(zip([*rows, *times], numbers, strict=True))
    here = _fetched(relation, doubt, alone) if doubtful else None
    more: Mapping[Measure, Found] = {}
    if here is not None:
        _, more = whole.measured(Ground(here, {}), alone, now=now, sample=sample)
    found: dict[Measure, Found] = {}
    for one in wanted:
        other = more.get(one, Found())
        if isinstance(one, Newest):
            newest = None if given[one] is None else _EPOCH + int(given[one]) * _MICROSECOND
            found[one] = Found(newest=max(filter(None, (newest, other.newest)), default=None))
            continue
        if isinstance(one, RowTest):
            table, count = relation.table.filter(rows[one] & ~doubt), int(given[one] or 0)
        else:
            table = failing(one, relation)
            count = int(relation.ask(table.agg(n=table.count()))[0][0])
        ids = _sampled(relation, table, sample) if count and sample else ()
        found[one] = Found(count + other.failing, _first([*ids, *other.rows], sample))
    return int(total), found


def _count(condition: ir.Value) -> ir.Value:
    return ibis.cases((condition, 1), else_=0).sum()


def _fetched(relation: Relation, doubt: ir.Value, alone: Sequence[Measure]) -> View:
    """The rows in doubt, in DuckDB."""
    place = relation.place
    names = {name for one in alone for name in columns_of(one)} | set(place.key)
    columns = [column for column in place.columns if column.name in names]
    query = relation.table.filter(doubt).select([relation.column(c.name) for c in columns])
    rows = relation.ask(query.limit(DOUBTFUL + 1))
    if len(rows) > DOUBTFUL:
        raise BadInput(
            f"more than {DOUBTFUL:,} rows of {place.name} hold numbers or times in forms that"
            f" {place.engine} reads in another way",
            "measure them with DuckDB: --engine duckdb",
        )
    values = list(zip(*rows, strict=True))
    data = {
        column.name: pa.array(part, arrow_type(column.type))
        for column, part in zip(columns, values, strict=True)
    }
    return view_of(pa.table(data), place.key, name="in doubt")


def _sampled(relation: Relation, rows: ir.Table, sample: int) -> Sequence[RowId]:
    """The first ids of failing rows, and those whose place among them only DuckDB knows."""
    failing_rows = replace(relation, table=rows)
    writer, key = failing_rows.writer(), relation.place.key
    row, number = writer.row, ibis.null("int64")
    odd: ir.Value = ibis.literal(False)
    kind = writer.cells[key[0]].kind
    if len(key) == 1 and kind in WHOLE:
        number = writer.cells[key[0]].value.cast("int64")
    elif len(key) == 1 and kind == "VARCHAR":
        number, odd = writer.reader.place(row)
    ids = rows.select(id=row, odd=odd, number=number, text=relation.dialect.in_bytes(row))
    order = [ids["number"].asc(), ids["text"].asc()]
    first = ids.filter(~ids["odd"]).order_by(order).limit(sample).select("id")
    found = relation.ask(first)
    if kind == "VARCHAR":
        found += relation.ask(ids.filter(ids["odd"]).order_by(order).limit(_ODD).select("id"))
    return [id_ for (id_,) in found]


def _first(rows: Sequence[RowId], sample: int) -> tuple[RowId, ...]:
    ids = pa.table({"id": pa.array(rows, pa.string())})
    ordered = f"SELECT id FROM ids ORDER BY {place_of('id')}, id LIMIT {sample:d}"
    return tuple(id_ for (id_,) in compute(ordered, ids=ids)) if rows else ()

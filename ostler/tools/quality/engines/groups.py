"""Rows that fail because of others: repeated values, and values that are not their group's."""

from functools import singledispatch

import ibis
import ibis.expr.types as ir

from ostler.core.errors import InternalError
from ostler.tools.quality.engines.dialect import Cannot
from ostler.tools.quality.engines.readings import double
from ostler.tools.quality.engines.relation import Relation
from ostler.tools.quality.engines.tree import is_missing
from ostler.tools.quality.plan import Conflicts, Measure, Repeats

_COMPARABLE = frozenset(
    {"VARCHAR", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE"}
    | {"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}
)


@singledispatch
def failing(measure: Measure, relation: Relation) -> ir.Table:
    """The rows that fail; InternalError for a measure of rows that stand by themselves."""
    raise InternalError(f"{type(measure).__name__} is not about groups")


@failing.register
def _(measure: Repeats, relation: Relation) -> ir.Table:
    rows = _present(relation, measure.on)
    columns = [rows[column.get_name()] for column in _columns(relation, measure.on)]
    counted = rows.mutate(ostler_n=rows.count().over(group_by=columns))
    return counted.filter(counted["ostler_n"] > 1)


@failing.register
def _(measure: Conflicts, relation: Relation) -> ir.Table:
    on = (*measure.determinants, measure.dependent)
    *group, dependent = [column.get_name() for column in _columns(relation, on)]
    names = list(dict.fromkeys([*group, dependent]))
    rows = _present(relation, on)
    groups = rows.group_by(names).agg(ostler_n=rows.count())
    ranked = groups.mutate(
        ostler_place=ibis.row_number().over(
            group_by=[groups[name] for name in group],
            order_by=[groups["ostler_n"].desc(), groups[dependent].asc()],
        )
    )
    losers = ranked.filter(ranked["ostler_place"] > 0)
    return rows.semi_join(losers, [rows[name] == losers[name] for name in names])


def _columns(relation: Relation, names: tuple[str, ...]) -> list[ir.Value]:
    kinds = {column.name: column.type for column in relation.place.columns}
    for name in names:
        if kinds[name] not in _COMPARABLE and not kinds[name].startswith("DECIMAL("):
            raise Cannot(f"it compares values of {name!r} in another way ({kinds[name]})")
    return [relation.column(name) for name in names]


def _present(relation: Relation, names: tuple[str, ...]) -> ir.Table:
    _columns(relation, names)
    cells = relation.writer().cells
    rows = relation.table.filter(ibis.and_(*(~is_missing(cells[name]) for name in names)))
    floats = [cells[name].value for name in names if cells[name].kind in ("FLOAT", "DOUBLE")]
    # There are two zeros, which some engines put into two groups.
    return rows.mutate(**{one.get_name(): rows[one.get_name()] + double(0) for one in floats})

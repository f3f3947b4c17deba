"""The `slaProperties` of a contract: how old the data may be is a check, all else is kept."""

from collections.abc import Iterator, Mapping, Sequence

from open_data_contract_standard.model import SchemaObject, ServiceLevelAgreementProperty

from ostler.core.checks import Check, Freshness
from ostler.tools.contracts.columns import Columns
from ostler.tools.contracts.report import Report

_AGES = ("latency", "freshness")
"""Properties that say how old the newest value of a time column may be."""
_HOURS: Mapping[str, float] = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1 / 3600),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 1 / 60),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 1.0),
    **dict.fromkeys(("d", "day", "days"), 24.0),
    **dict.fromkeys(("w", "week", "weeks"), 168.0),
    **dict.fromkeys(("y", "yr", "year", "years"), 8766.0),
}


def sla_checks(
    properties: Sequence[ServiceLevelAgreementProperty],
    default: str,
    schema: SchemaObject,
    columns: Columns,
    report: Report,
) -> Iterator[Check]:
    """The checks of a contract's service levels; all of them gate.

    `default` names the column of a property that names none; columns are written `table.column`,
    and those of other tables are left to their own datasets.
    """
    for place, sla in enumerate(properties):
        path = f"slaProperties[{place}]"
        if (sla.property or "").lower() not in _AGES:
            report.skip(f"{path}: {sla.property or 'what has no name'} is not measured")
            continue
        elements = [name.strip() for name in (sla.element or default).split(",") if name.strip()]
        if not elements:
            report.skip(f"{path}: it names no column (element), so it is not measured")
            continue
        hours = _hours(sla, path, report)
        for element in elements if hours is not None else ():
            table, dot, column = element.rpartition(".")
            if dot and table not in (schema.name, schema.physicalName):
                continue
            rule = Freshness(column=column, max_age_hours=hours or 0.0)
            resolved = columns.resolved(rule, f"{path}.element", report)
            if resolved is not None:
                yield Check(rule=resolved, name=sla.description or "")


def _hours(sla: ServiceLevelAgreementProperty, path: str, report: Report) -> float | None:
    unit = (sla.unit or "d").lower()
    if unit not in _HOURS:
        report.unknown(f"{path}.unit", unit, _HOURS)
        return None
    try:
        value = float(str(sla.value))
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        report.problem(f"{path}.value: {sla.value!r} is not a number above 0")
        return None
    return value * _HOURS[unit]

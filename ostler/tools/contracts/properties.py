"""What a contract says of a column outside its `quality`, as checks."""

from math import ceil, floor, inf, nextafter
from typing import Any, get_args

from open_data_contract_standard.model import SchemaObject, SchemaProperty

from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Check,
    NotNull,
    Pattern,
    Range,
    Severity,
    TypeIs,
    Unique,
)
from ostler.core.row_rules import Format, FormatName, LengthBetween
from ostler.tools.contracts.keys import suggestion
from ostler.tools.contracts.quality import texts
from ostler.tools.contracts.relationships import foreign_keys
from ostler.tools.contracts.report import Report

_TEXT = ("minLength", "maxLength", "pattern", "format", "enum")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_NUMBER = (*_BOUNDS, "multipleOf", "format", "enum")
_TIME = (*_BOUNDS, "format", "timezone", "defaultTimezone", "enum")
_OPTIONS: dict[str, tuple[str, ...]] = {
    "string": _TEXT,
    "integer": _NUMBER,
    "number": _NUMBER,
    "date": _TIME,
    "timestamp": _TIME,
    "time": _TIME,
    "boolean": ("enum",),
}
"""The logical types that are measured, and the options that each may have."""
_UNMEASURED = ("format", "multipleOf", "timezone", "defaultTimezone")
_NESTED = ("object", "array", "map", "vector")
_LONGEST = 1_000_000_000


def property_checks(
    column: SchemaProperty, stored: str, path: str, report: Report
) -> tuple[Check, ...]:
    """The checks of one column that stand outside its `quality`; all of them gate.

    A critical data element makes each of them severe.
    """
    rules: list[tuple[AnyRule, Severity]] = []
    if column.logicalType not in (None, "string", *_NESTED) and column.logicalType in _OPTIONS:
        kind = TypeIs.model_validate({"column": stored, "type": column.logicalType})
        rules.append((kind, Severity.MEDIUM))
    if column.required or column.primaryKey:
        rules.append((NotNull(column=stored), Severity.MEDIUM))
    if column.unique:
        rules.append((Unique(on=(stored,)), Severity.HIGH))
    rules += [(rule, Severity.MEDIUM) for rule in _options(column, stored, path, report)]
    keys = foreign_keys(column.relationships or [], f"{path}.relationships", report, stored)
    rules += [(rule, Severity.MEDIUM) for rule in keys]
    return tuple(
        Check(rule=rule, severity=Severity.HIGH if column.criticalDataElement else severity)
        for rule, severity in rules
    )


def key_checks(schema: SchemaObject) -> tuple[Check, ...]:
    """The uniqueness of the primary key, whose columns are ordered by their position."""
    key = [
        (column.primaryKeyPosition or place, column.physicalName or column.name or "")
        for place, column in enumerate(schema.properties or [], start=1)
        if column.primaryKey
    ]
    on = tuple(name for _, name in sorted(key))
    return (Check(rule=Unique(on=on), severity=Severity.HIGH),) if on else ()


def _options(column: SchemaProperty, stored: str, path: str, report: Report) -> list[AnyRule]:
    kind = column.logicalType or "string"
    options = column.logicalTypeOptions or {}
    if kind in _NESTED:
        report.skip(f"{path}: values of the logicalType {kind} are not measured")
        return []
    if kind not in _OPTIONS:
        report.unknown(f"{path}.logicalType", kind, (*_OPTIONS, *_NESTED))
        return []
    here = f"{path}.logicalTypeOptions"
    _judge_keys(options, kind, here, report)
    rules: list[AnyRule] = []
    listed = column.enum and [entry.value for entry in column.enum]
    for where, values in ((f"{here}.enum", options.get("enum")), (f"{path}.enum", listed)):
        if values is not None:
            rules.append(AcceptedValues(column=stored, values=texts(values, where, report)))
    if kind == "string":
        rules += _of_text(options, stored, here, report)
    elif kind in ("integer", "number"):
        rules += _of_numbers(options, stored, kind, here, report)
    return rules


def _judge_keys(options: dict[str, Any], kind: str, path: str, report: Report) -> None:
    for key in options:
        if key not in _OPTIONS[kind]:
            report.problem(
                f"{path}.{key} is not an option of the logicalType {kind}"
                f"{suggestion(key, _OPTIONS[kind])}"
            )
        elif (key in _UNMEASURED and kind != "string") or (
            _OPTIONS[kind] is _TIME and key in _BOUNDS
        ):
            report.skip(f"{path}.{key} of a {kind} is not measured")


def _of_text(options: dict[str, Any], stored: str, path: str, report: Report) -> list[AnyRule]:
    rules: list[AnyRule] = []
    if "pattern" in options:
        rules.append(Pattern(column=stored, regex=str(options["pattern"])))
    shortest, longest = options.get("minLength", 0), options.get("maxLength", _LONGEST)
    if not all(type(n) is int and 0 <= n <= _LONGEST for n in (shortest, longest)):
        report.problem(f"{path}: lengths are whole numbers up to {_LONGEST:,}")
    elif shortest > longest:
        report.problem(f"{path}: no length lies between these bounds")
    elif "minLength" in options or "maxLength" in options:
        least, most = options.get("minLength"), options.get("maxLength")
        rules.append(LengthBetween(column=stored, minimum=least, maximum=most))
    if options.get("format") in get_args(FormatName):
        rules.append(Format.model_validate({"column": stored, "format": options["format"]}))
    elif "format" in options:
        report.skip(f"{path}.format {options['format']!r} of a string is not measured")
    return rules


def _of_numbers(
    options: dict[str, Any], stored: str, kind: str, path: str, report: Report
) -> list[AnyRule]:
    given = {key: options[key] for key in _BOUNDS if key in options}
    wrong = [
        key for key, n in given.items() if isinstance(n, bool) or not isinstance(n, int | float)
    ]
    for key in wrong:
        report.problem(f"{path}.{key}: {given[key]!r} is not a number")
    if not given or wrong:
        return []
    # Our bounds are inclusive, so an exclusive one is the next value that can be.
    low = [given["minimum"]] if "minimum" in given else []
    high = [given["maximum"]] if "maximum" in given else []
    if "exclusiveMinimum" in given:
        low.append(_next(given["exclusiveMinimum"], kind, inf))
    if "exclusiveMaximum" in given:
        high.append(_next(given["exclusiveMaximum"], kind, -inf))
    bounds = Range(
        column=stored,
        minimum=max(low) if low else None,
        maximum=min(high) if high else None,
    )
    if low and high and max(low) > min(high):
        report.problem(f"{path}: no number lies between these bounds")
    return [bounds]


def _next(bound: float, kind: str, towards: float) -> float:
    if kind == "integer":
        return floor(bound) + 1 if towards > 0 else ceil(bound) - 1
    return nextafter(bound, towards)

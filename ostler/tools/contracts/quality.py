"""The `quality` rules of a contract as checks: library metrics, and our own by `engine: ostler`."""

from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

from open_data_contract_standard.model import DataQuality
from pydantic import TypeAdapter, ValidationError

from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Check,
    Dimension,
    Drift,
    Learned,
    NearDuplicates,
    NotNull,
    Pattern,
    Range,
    RejectedValues,
    RowCount,
    Unique,
    is_learnable,
)
from ostler.tools.contracts.columns import Columns
from ostler.tools.contracts.keys import suggestion
from ostler.tools.contracts.limits import bearable, limit_of, row_count, strictness
from ostler.tools.contracts.report import Report

ENGINE = "ostler"
_TYPES = ("library", "custom", "sql", "text")
_METRICS = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")
_ARGUMENTS = {
    "missingValues": ("missingValues",),
    "invalidValues": ("validValues", "pattern"),
    "duplicateValues": ("properties",),
}
_NUMERIC = ("integer", "number")
_DIMENSIONS = (*(dimension.value for dimension in Dimension), "coverage")

_RULES: dict[str, type[Any]] = {
    rule.model_fields["kind"].default: rule
    for rule in get_args(get_args(AnyRule)[0])
    if rule is not NearDuplicates  # found by comparing rows, not promised
}
_OWN = {
    "dependency": "dependent",
    "row_rule": "left",
    "balance": "left",
    "foreign_key": "on",
    "unique": "on",
    "condition": "",
}
"""The field that a rule written under a column need not repeat; `column` for all others."""
_LISTS = ("on", "determinants", "references", "by")
_THRESHOLD = "ostler.threshold"
"""The custom property of a rule whose limits are learned."""
_READER: TypeAdapter[AnyRule] = TypeAdapter(AnyRule)


def quality_checks(
    rules: Sequence[DataQuality], path: str, columns: Columns, report: Report, own: str = ""
) -> list[Check]:
    """The checks of a list of rules, of one column when `own` names it."""
    checks: list[Check] = []
    for place, quality in enumerate(rules):
        here = f"{path}[{place}]"
        checks += _checks(quality, here, columns, report, own)
    return checks


def _checks(
    quality: DataQuality, path: str, columns: Columns, report: Report, own: str
) -> list[Check]:
    kind = quality.type or _implied(quality)
    if kind not in _TYPES:
        report.unknown(f"{path}.type", kind, _TYPES)
        return []
    if kind in ("sql", "text"):
        report.skip(f"{path}: a rule of type {kind} is not measured")
        return []
    if kind == "custom" and (quality.engine or "").lower() != ENGINE:
        report.skip(f"{path}: a rule for the engine {quality.engine!r} is not measured")
        return []
    if quality.dimension and quality.dimension.lower() not in _DIMENSIONS:
        report.unknown(f"{path}.dimension", quality.dimension, _DIMENSIONS)
    severity, gate = strictness(quality, path, report)
    found, limits = _judged(quality, kind, path, report, own)
    resolved = [columns.resolved(rule, path, report) for rule in found]
    return [
        Check.model_validate(
            {
                "rule": rule,
                "severity": severity,
                "gate": gate,
                "name": quality.name or "",
                **limits,
            }
        )
        for rule in resolved
        if rule is not None and _fits(rule, path, columns, report)
    ]


def _judged(
    quality: DataQuality, kind: str, path: str, report: Report, own: str
) -> tuple[Sequence[AnyRule], Mapping[str, object]]:
    """The rules of an entry, and how strictly they are meant."""
    learned = _is_learned(quality, path, report)
    if kind == "library" and (quality.metric or quality.rule) == "rowCount":
        rows = RowCount() if learned else row_count(quality, path, report)
        limits: Mapping[str, object] = {}
        found = [rows] if rows else []
    else:
        read = _custom if kind == "custom" else _library
        found = read(quality, path, report, own)
        limits = {} if learned else bearable(quality, path, report, default=kind == "custom")
    if not learned:
        return found, limits
    for rule in found:
        if not is_learnable(rule):
            report.problem(f"{path}: the limits of a rule {rule.kind!r} cannot be learned")
    if limit_of(quality):
        report.problem(f"{path} has {limit_of(quality)} although its limits are learned")
    return found, {"learned": Learned()}


def _is_learned(quality: DataQuality, path: str, report: Report) -> bool:
    for entry in quality.customProperties or []:
        if entry.property == _THRESHOLD:
            if entry.value != "learned":
                report.problem(
                    f"{path}: {_THRESHOLD} is not known as {entry.value!r}; 'learned' is"
                )
            return True
    return False


def _implied(quality: DataQuality) -> str:
    if quality.metric or quality.rule:
        return "library"
    return "sql" if quality.query else "custom" if quality.engine else "text"


def _library(quality: DataQuality, path: str, report: Report, own: str) -> list[AnyRule]:
    metric = quality.metric or quality.rule or ""
    if metric not in _METRICS:
        report.unknown(f"{path}.metric", metric, _METRICS)
        return []
    arguments = quality.arguments or {}
    for key in arguments:
        if key not in _ARGUMENTS.get(metric, ()):
            report.problem(
                f"{path}.arguments.{key} is not an argument of {metric}"
                f"{suggestion(key, _ARGUMENTS.get(metric, ()))}"
            )
    if metric == "duplicateValues" and not own:
        named = cast("object", arguments.get("properties"))
        on = texts(named or [], f"{path}.arguments.properties", report)
        if not on:
            report.problem(f"{path}.arguments.properties must list the columns")
        return [Unique(on=on)] if on else []
    if not own:
        report.problem(f"{path}: {metric} is about one column, so it belongs under that column")
        return []
    return _of_column(metric, arguments, path, report, own)


def _of_column(
    metric: str, arguments: dict[str, Any], path: str, report: Report, own: str
) -> list[AnyRule]:
    match metric:
        case "nullValues":
            return [NotNull(column=own)]
        case "duplicateValues":
            return [Unique(on=(own,))]
        case "missingValues":
            listed = arguments.get("missingValues", [None])
            here = f"{path}.arguments.missingValues"
            markers = texts([m for m in listed if m is not None], here, report)
            rejected = [RejectedValues(column=own, values=markers)] if markers else []
            return [*rejected, *([NotNull(column=own)] if None in listed else [])]
        case _:
            values, pattern = arguments.get("validValues"), arguments.get("pattern")
            if values is None and pattern is None:
                report.problem(f"{path}: invalidValues needs the argument validValues or pattern")
            accepted = texts(values or [], f"{path}.arguments.validValues", report)
            return [
                *([AcceptedValues(column=own, values=accepted)] if values is not None else []),
                *([Pattern(column=own, regex=str(pattern))] if pattern is not None else []),
            ]


def _custom(quality: DataQuality, path: str, report: Report, own: str) -> list[AnyRule]:
    here = f"{path}.implementation"
    if not isinstance(quality.implementation, dict):
        report.problem(f"{here} must be a mapping that begins with rule: and a name")
        return []
    fields = dict(quality.implementation)
    kind = str(fields.pop("rule", ""))
    if kind not in _RULES:
        report.unknown(f"{here}.rule", kind, _RULES)
        return []
    field = _OWN.get(kind, "column")
    if own and field:
        fields.setdefault(field, own)
    if isinstance(fields.get("values"), list):
        fields["values"] = texts(fields["values"], f"{here}.values", report)
    fields |= {key: [fields[key]] for key in _LISTS if isinstance(fields.get(key), str)}
    try:
        return [_READER.validate_python({"kind": kind, **fields})]
    except ValidationError as error:
        for wrong in error.errors():
            key = ".".join(str(part) for part in wrong["loc"][1:])
            known = [name for name in _RULES[kind].model_fields if name != "kind"]
            report.problem(
                f"{here}.{key} is not a key of the rule {kind!r}{suggestion(key, known)}"
                if wrong["type"] == "extra_forbidden"
                else f"{here}{key and '.'}{key}: {_said(wrong['msg'])}"
            )
        return []


def _said(message: str) -> str:
    return message.removeprefix("Input ").removeprefix("Value error, ")


def _fits(rule: AnyRule, path: str, columns: Columns, report: Report) -> bool:
    """Whether a rule about numbers is about a column that the contract calls one.

    It judges only what reads as a number; that all does is the promise of the logical type.
    """
    ordered = isinstance(rule, Range) or (isinstance(rule, Drift) and rule.statistic == "ks")
    if not ordered:
        return True
    by_column = {columns.stored[name]: kind for name, kind in columns.types.items()}
    if by_column.get(rule.columns[0]) in _NUMERIC:
        return True
    report.problem(
        f"{path}: the rule {rule.kind!r} needs column {rule.columns[0]!r} to have the logicalType"
        " integer or number"
    )
    return False


def texts(values: object, path: str, report: Report) -> tuple[str, ...]:
    """Values as the table holds them; one that YAML reads as something else is refused."""
    if not isinstance(values, list):
        report.problem(f"{path} must be a list")
        return ()
    for place, value in enumerate(cast("list[object]", values)):
        if isinstance(value, bool | float) or not isinstance(value, str | int):
            report.problem(f"{path}[{place}] is not read as text; put it in quotes")
    return tuple(str(value) for value in cast("list[object]", values))

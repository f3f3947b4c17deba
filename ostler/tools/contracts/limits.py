"""The operators of ODCS (`mustBe…`) as limits: how many rows may fail, how many there may be."""

from collections.abc import Callable
from typing import Any, cast

from open_data_contract_standard.model import DataQuality

from ostler.core.checks import RowCount, Severity
from ostler.tools.contracts.report import Report

Limits = dict[str, int | float]
"""`max_failing` or `max_share`, as a check takes it."""

_OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)
_STEP = {"rows": 1.0, "percent": 0.0001}
"""By how much `less than` stays below its number; shares are kept to six digits."""

STRICTNESS: dict[str, tuple[Severity, bool]] = {
    "error": (Severity.HIGH, True),
    "warning": (Severity.MEDIUM, False),
    "info": (Severity.LOW, False),
}
"""Per severity of ODCS: how bad a failure is, and whether it stops a pipeline."""


def strictness(quality: DataQuality, path: str, report: Report) -> tuple[Severity, bool]:
    """Severity and gate of a rule; without a severity it is of medium severity and stops."""
    if quality.severity is None:
        return Severity.MEDIUM, True
    if quality.severity.lower() not in STRICTNESS:
        report.unknown(f"{path}.severity", quality.severity, STRICTNESS)
    return STRICTNESS.get(quality.severity.lower(), (Severity.MEDIUM, True))


def bearable(quality: DataQuality, path: str, report: Report, *, default: bool) -> Limits:
    """How many rows, or which share of them, may fail; none where a default is allowed."""
    unit = (quality.unit or "rows").lower()
    if unit not in _STEP:
        report.unknown(f"{path}.unit", unit, _STEP)
        return {}
    operator, value = _operator(quality, path, report, default=default)
    if not operator:
        return {}
    upper = _upper(operator, value, _STEP[unit])
    if upper is None or upper < 0 or (unit == "percent" and upper > 100):
        report.problem(
            f"{path}.{operator}: {value!r} is no upper limit for failures; write mustBe: 0,"
            " mustBeLessThan or mustBeLessOrEqualTo"
        )
        return {}
    return {"max_share": upper / 100} if unit == "percent" else {"max_failing": int(upper)}


def row_count(quality: DataQuality, path: str, report: Report) -> RowCount | None:
    """The bounds of a table's number of rows."""
    operator, value = _operator(quality, path, report, default=False)
    if not operator:
        return None
    if operator not in _BOUNDS:
        report.problem(f"{path}.{operator} cannot bound a number of rows")
        return None
    if (quality.unit or "rows") != "rows":
        report.problem(f"{path}.unit: rows are counted in rows")
        return None
    low, high = _BOUNDS[operator](value)
    return RowCount(minimum=low, maximum=high)


_BOUNDS: dict[str, Callable[[Any], tuple[int | None, int | None]]] = {
    "mustBe": lambda n: (int(n), int(n)),
    "mustBeGreaterThan": lambda n: (int(n) + 1, None),
    "mustBeGreaterOrEqualTo": lambda n: (int(n), None),
    "mustBeLessThan": lambda n: (None, int(n) - 1),
    "mustBeLessOrEqualTo": lambda n: (None, int(n)),
    "mustBeBetween": lambda pair: (int(pair[0]), int(pair[1])),
}


def limit_of(quality: DataQuality) -> str:
    """The operator that a rule has; empty when it has none."""
    return next((name for name in _OPERATORS if getattr(quality, name) is not None), "")


def _upper(operator: str, value: Any, step: float) -> float | None:
    match operator, value:
        case "mustBe", 0:
            return 0
        case "mustBeLessOrEqualTo", limit:
            return limit
        case "mustBeLessThan", limit:
            return limit - step
        case "mustBeBetween", [0, limit]:
            return limit
        case _:
            return None


def _operator(quality: DataQuality, path: str, report: Report, *, default: bool) -> tuple[str, Any]:
    """The one operator of a rule and its value; an empty name when there is none to use."""
    given: dict[str, Any] = {name: getattr(quality, name) for name in _OPERATORS}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) > 1:
        report.problem(f"{path} has {' and '.join(given)}; a rule has one limit")
        return "", None
    if not given:
        if not default:
            report.problem(f"{path} has no limit; write for instance mustBe: 0")
        return "", None
    ((name, value),) = given.items()
    numbers = cast("list[object]", value if isinstance(value, list) else [value])
    if not all(type(number) in (int, float) for number in numbers):
        report.problem(f"{path}.{name}: {value!r} is not a number")
        return "", None
    return name, cast("Any", value)

"""dbt's `run_results.json`, versions 4 to 6: https://schemas.getdbt.com/dbt/run-results/v6.json.

It names tests, not what they test. The relations that a test's compiled SQL reads are the names of
its dataset, in their order; the column is what stands behind the model's name in the test's own.
"""

import re
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from ostler.core.checks import Severity
from ostler.core.reports import AlertState, Report
from ostler.triggers.alerts.documents import (
    Part,
    at_most,
    model_of,
    named,
    numbers,
    prose,
    time_of,
    word,
)

_BAD = {"fail": Severity.HIGH, "error": Severity.HIGH, "runtime error": Severity.HIGH}
_BAD["warn"] = Severity.MEDIUM
_GOOD = ("pass", "success")
_PART = r"[`\"\[]?[A-Za-z0-9_$-]{1,200}[`\"\]]?"
_RELATION = re.compile(rf"\b(?:from|join)\s+({_PART}(?:\.{_PART}){{0,3}})", re.IGNORECASE)
_SQL = 50_000
"""Characters of a test's SQL that are searched."""


class _Metadata(Part):
    generated_at: str = ""
    invocation_id: str = ""


class _Result(Part):
    status: str
    unique_id: str
    message: str | None = None
    failures: int | None = None
    compiled_code: str | None = None
    relation_name: str | None = None


class _Results(Part):
    metadata: _Metadata
    results: tuple[_Result, ...]


def fits(document: JsonValue) -> bool:
    """Whether it looks like run results."""
    if not isinstance(document, dict) or "results" not in document:
        return False
    metadata = document.get("metadata")
    return isinstance(metadata, dict) and "dbt_schema_version" in metadata


def read(document: JsonValue, _: Mapping[str, str]) -> Iterator[Report]:
    """Tests and models that failed, and those that passed (BadInput)."""
    whole = model_of(_Results, document)
    at_most(whole.results)
    for result in whole.results:
        severity = _BAD.get(result.status)
        if severity is None and result.status not in _GOOD:
            continue
        kind, _package, name = (*result.unique_id.split(".", 2), "", "")[:3]
        short = name.rsplit(".", 1)[0] if kind == "test" else name
        relations = _relations(result, kind, name)
        yield Report(
            source="dbt",
            names=relations,
            rule=word(short or result.unique_id),
            columns=_column(short, relations, result.compiled_code or ""),
            severity=severity or Severity.MEDIUM,
            summary=prose(f"{kind} {short}: {result.message or result.status}"),
            observed=numbers({"failures": result.failures}),
            state=AlertState.PASSED if severity is None else AlertState.FIRING,
            at=time_of(whole.metadata.generated_at),
            instance=(result.unique_id[:300],),
            message=(whole.metadata.invocation_id[:100],),
        )


def _relations(result: _Result, kind: str, name: str) -> tuple[str, ...]:
    if kind != "test":
        found = [result.relation_name or "", name]
    else:
        found = _RELATION.findall((result.compiled_code or "")[:_SQL])[:8]
    bare = ["".join(c for c in relation if c not in '`"[]') for relation in found]
    return named(*(name for one in bare for name in (one.rsplit(".", 1)[-1], one)))[:20]


def _column(test: str, relations: tuple[str, ...], sql: str) -> tuple[str, ...]:
    for relation in relations:
        _before, found, rest = test.partition(f"_{relation}_")
        column = rest.split("__", 1)[0]
        # dbt shortens long names; what the SQL does not name is no column.
        if found and column and re.search(rf"\b{re.escape(column)}\b", sql[:_SQL]):
            return named(column)
    return ()

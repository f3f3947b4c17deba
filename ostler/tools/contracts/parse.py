"""An ODCS document read as a contract, with every problem of it said at once."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from functools import lru_cache
from typing import Any, cast

from open_data_contract_standard.model import (
    CustomProperty,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
    Team,
)
from pydantic import ValidationError

from ostler.core.canonical import digest_bytes
from ostler.core.checks import AnyRule, Check
from ostler.tools.contracts.columns import Columns, columns_of
from ostler.tools.contracts.contract import Contract
from ostler.tools.contracts.document import Document, read_document
from ostler.tools.contracts.keys import misspelt
from ostler.tools.contracts.properties import key_checks, property_checks
from ostler.tools.contracts.quality import quality_checks
from ostler.tools.contracts.relationships import foreign_keys
from ostler.tools.contracts.report import Report
from ostler.tools.contracts.sla import sla_checks

_VERSION = "v3."
_RESTRICTED = ("restricted", "sensitive")
PROTECTED = "ostler.protected"
"""The custom property of a column that no agent may propose to change."""
DOWNSTREAM = "ostler.downstream"
"""The custom property of a contract that lists who consumes the data."""


@lru_cache(maxsize=64)
def parse_contract(text: str, *, dataset: str, source: str) -> Contract:
    """The contract of a dataset, from an ODCS v3 document in YAML.

    Args:
        text: The document.
        dataset: Which of its schema objects is meant, when it has several.
        source: What the document is called in errors, such as `contracts/people.odcs.yaml`.

    Raises BadInput with a line per problem: a key that ODCS does not have, a value of the wrong
    kind, a rule on a column that is not listed, a metric or rule that is not known.
    """
    report = Report(source)
    model = _model(read_document(text, source), report)
    schema, path = _schema(model, dataset, report)
    columns = columns_of(schema, path, report)
    checks = [*_column_checks(schema, path, columns, report), *key_checks(schema)]
    keys = foreign_keys(schema.relationships or [], f"{path}.relationships", report)
    resolved = (columns.resolved(key, f"{path}.relationships", report) for key in keys)
    checks += [Check(rule=rule) for rule in resolved if rule]
    checks += quality_checks(schema.quality or [], f"{path}.quality", columns, report)
    default = model.slaDefaultElement or ""
    checks += sla_checks(model.slaProperties or [], default, schema, columns, report)
    once = _once(checks, report)
    report.raise_problems()
    return Contract(
        dataset=dataset,
        name=model.name or dataset,
        version=model.version or "",
        owner=_owner(model),
        status=model.status or "",
        checks=once,
        types={columns.stored[name]: kind for name, kind in columns.types.items()},
        columns=tuple(columns.stored.values()),
        protected=tuple(
            columns.stored[column.name or column.physicalName or ""]
            for column in schema.properties or []
            if _is_protected(column)
        ),
        classes={
            columns.stored[column.name or column.physicalName or ""]: column.classification
            for column in schema.properties or []
            if column.classification
        },
        downstream=_downstream(model),
        unmeasured=tuple(report.unmeasured),
        digest=digest_bytes(text.encode()),
    )


def _model(document: Document, report: Report) -> OpenDataContractStandard:
    for sentence in misspelt(document, OpenDataContractStandard):
        report.problem(sentence)
    version = document.get("apiVersion")
    if version is not None and not str(version).startswith(_VERSION):
        report.problem(f"apiVersion: {version!r} is not a version {_VERSION}x of ODCS")
    try:
        return OpenDataContractStandard.model_validate(document)
    except ValidationError as error:
        rest = deepcopy(document)
        for wrong in error.errors():
            path = _path(wrong["loc"], document)
            if wrong["type"] != "extra_forbidden":
                report.problem(f"{_named(path)}: {wrong['msg'].removeprefix('Input ')}")
            _drop(rest, path)
    try:
        # Without what is wrong already, the rest can be judged in the same go.
        return OpenDataContractStandard.model_validate(rest)
    except ValidationError:
        report.raise_problems()
        raise


_Path = tuple[int | str, ...]


def _path(location: _Path, document: Document) -> _Path:
    """A place as it is in the document, without the names of the model's own types."""
    path: list[int | str] = []
    here: Any = document
    for part in location:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            continue
        path.append(part)
    return tuple(path)


def _named(path: _Path) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).lstrip(".")


def _drop(document: Document, path: _Path) -> None:
    """Take the innermost key of a path out of a document; places in lists stay as they are."""
    last = max(place for place, part in enumerate(path) if isinstance(part, str))
    here: Any = document
    for part in path[:last]:
        here = here[part]
    here.pop(path[last], None)


def _schema(
    model: OpenDataContractStandard, dataset: str, report: Report
) -> tuple[SchemaObject, str]:
    objects = model.schema_ or []
    for place, schema in enumerate(objects):
        if dataset in (schema.name, schema.physicalName):
            return schema, f"schema[{place}]"
    if len(objects) != 1:
        names = ", ".join(schema.name or "?" for schema in objects) or "none"
        report.problem(f"schema has no object named {dataset!r}; it has {names}")
        report.raise_problems()
    return objects[0], "schema[0]"


def _column_checks(
    schema: SchemaObject, path: str, columns: Columns, report: Report
) -> Iterable[Check]:
    for place, column in enumerate(schema.properties or []):
        name, here = column.name or column.physicalName, f"{path}.properties[{place}]"
        if name is None:
            continue
        yield from property_checks(column, columns.stored[name], here, report)
        yield from quality_checks(column.quality or [], f"{here}.quality", columns, report, name)


def _once(checks: Sequence[Check], report: Report) -> tuple[Check, ...]:
    """Each rule once; said twice with different limits, neither of them can be believed."""
    kept: dict[AnyRule, Check] = {}
    for check in checks:
        first = kept.setdefault(check.rule, check)
        if (first.max_failing, first.max_share) != (check.max_failing, check.max_share):
            report.problem(
                f"the rule {check.rule.kind!r} on {', '.join(check.rule.columns)} is written twice,"
                " with different limits"
            )
    return tuple(kept.values())


def _is_protected(column: SchemaProperty) -> bool:
    return (column.classification or "").lower() in _RESTRICTED or any(
        entry.value for entry in column.customProperties or [] if entry.property == PROTECTED
    )


def _downstream(model: OpenDataContractStandard) -> tuple[str, ...]:
    named = [e for e in model.customProperties or [] if e.property == DOWNSTREAM]
    return tuple(str(name) for entry in named for name in _listed(entry))


def _listed(entry: CustomProperty) -> list[object]:
    value = cast("object", entry.value)
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _owner(model: OpenDataContractStandard) -> str:
    team = model.team
    members = (team.members or []) if isinstance(team, Team) else team or []
    owners = [member.username or member.name for member in members if member.role == "owner"]
    named = team.name if isinstance(team, Team) else None
    return next(filter(None, [*owners, named]), "")

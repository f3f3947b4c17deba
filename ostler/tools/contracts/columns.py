"""The columns that a contract lists: their names in the contract and in the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from open_data_contract_standard.model import SchemaObject

from ostler.core.checks import AnyRule
from ostler.tools.contracts.keys import suggestion
from ostler.tools.contracts.report import Report

NAMING = ("column", "left", "right", "dependent", "on", "determinants")
"""Fields of rules that name columns of the table itself."""


@dataclass(frozen=True)
class Columns:
    """Name in the table, and logical type, per name in the contract."""

    stored: Mapping[str, str]
    types: Mapping[str, str]

    def resolved(self, rule: AnyRule, path: str, report: Report) -> AnyRule | None:
        """A rule with the names of the table; None when it names a column that is not listed."""
        fields = rule.model_dump()
        renamed: dict[str, Any] = {}
        for field in (field for field in NAMING if field in fields):
            value = fields[field]
            names: Sequence[str] = (value,) if isinstance(value, str) else value
            unlisted = [name for name in names if name not in self.stored]
            for name in unlisted:
                report.problem(
                    f"{path} names column {name!r}, which the schema does not list"
                    f"{suggestion(name, self.stored)}"
                )
            if unlisted:
                return None
            stored = tuple(self.stored[name] for name in names)
            renamed[field] = stored[0] if isinstance(value, str) else stored
        return rule.model_copy(update=renamed)


def columns_of(schema: SchemaObject, path: str, report: Report) -> Columns:
    """The columns of a schema object; a name that is missing or stands twice is a problem."""
    stored: dict[str, str] = {}
    types: dict[str, str] = {}
    for place, column in enumerate(schema.properties or []):
        name = column.name or column.physicalName
        if not name:
            report.problem(f"{path}.properties[{place}] has no name")
            continue
        if name in stored:
            report.problem(f"{path}.properties[{place}]: column {name!r} is listed twice")
        stored[name] = column.physicalName or name
        if column.logicalType:
            types[name] = column.logicalType
    return Columns(stored, types)

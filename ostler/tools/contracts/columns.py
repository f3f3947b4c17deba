"""The columns that a contract lists: their names in the contract and in the table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from open_data_contract_standard.model import SchemaObject

from ostler.core.checks import AnyRule
from ostler.core.formula import names_in, renamed
from ostler.core.formula_reading import read
from ostler.core.formula_writing import written
from ostler.core.masks import is_masked
from ostler.core.table_rules import Declared, Fairness, Schema
from ostler.tools.contracts.keys import suggestion
from ostler.tools.contracts.report import Report

NAMING = ("column", "left", "right", "dependent", "on", "determinants", "by")
"""Fields of rules that name columns of the table itself."""
FORMULAS = ("when", "holds", "outcome")
"""Fields of rules that are formulas over columns of the table itself."""


@dataclass(frozen=True)
class Columns:
    """Name in the table, and logical type, per name in the contract."""

    stored: Mapping[str, str]
    types: Mapping[str, str]
    physical: Mapping[str, str] = field(default_factory=dict[str, str])
    """The type that the table stores, where the contract says it."""
    classes: Mapping[str, str] = field(default_factory=dict[str, str])
    """The classification, where the contract has one."""

    def resolved(self, rule: AnyRule, path: str, report: Report) -> AnyRule | None:
        """A rule with the names of the table; None when it names a column that is not listed."""
        if isinstance(rule, Schema):
            return rule.model_copy(update={"declared": self._declared})
        unlisted = [name for name in columns_named(rule) if name not in self.stored]
        for name in unlisted:
            report.problem(
                f"{path} names column {name!r}, which the schema does not list"
                f"{suggestion(name, self.stored)}"
            )
        if unlisted:
            return None
        if isinstance(rule, Fairness) and is_masked(self.classes.get(rule.column, "")):
            rule = rule.model_copy(update={"anonymous": True})
        return renamed_rule(rule, self.stored)

    @property
    def _declared(self) -> tuple[Declared, ...]:
        return tuple(
            Declared(
                column=stored, type=self.types.get(name, ""), stored=self.physical.get(name, "")
            )
            for name, stored in self.stored.items()
        )


def columns_named(rule: AnyRule) -> tuple[str, ...]:
    """The columns of the table itself that a rule names, each once."""
    fields = rule.model_dump(include={*NAMING, *FORMULAS})
    names: list[str] = []
    for key, value in fields.items():
        if key in FORMULAS:
            names += names_in(read(value))
        else:
            names += (value,) if isinstance(value, str) else value
    return tuple(dict.fromkeys(names))


def renamed_rule(rule: AnyRule, names: Mapping[str, str]) -> AnyRule:
    """A rule on columns under other names; those that are not mapped keep theirs."""
    changes: dict[str, Any] = {}
    for key, value in rule.model_dump(include={*NAMING, *FORMULAS}).items():
        if key in FORMULAS:
            changes[key] = renamed_formula(value, names)
        elif isinstance(value, str):
            changes[key] = names.get(value, value)
        else:
            changes[key] = tuple(names.get(name, name) for name in value)
    return rule.model_copy(update=changes)


def renamed_formula(text: str, names: Mapping[str, str]) -> str:
    """A formula's text on columns under other names."""
    return written(renamed(read(text), names))


def columns_of(schema: SchemaObject, path: str, report: Report) -> Columns:
    """The columns of a schema object; a name that is missing or stands twice is a problem."""
    stored: dict[str, str] = {}
    types: dict[str, str] = {}
    physical: dict[str, str] = {}
    classes: dict[str, str] = {}
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
        if column.physicalType:
            physical[name] = column.physicalType
        if column.classification:
            classes[name] = column.classification
    return Columns(stored, types, physical, classes)

"""What a rule needs before it can be measured: its columns, other tables, a usable pattern."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager

import duckdb

from ostler.core.canonical import Digest, digest_of
from ostler.core.checks import AnyRule, Check, Drift, ForeignKey, Pattern, formulas_of
from ostler.core.errors import BadInput, InternalError
from ostler.core.formula import Matches, parts_of
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.quality.conditions import Ground
from ostler.tools.quality.duckdb_sql import EXACT, WHOLE, Keys
from ostler.tools.quality.expressions import Cell, Known
from ostler.tools.quality.reading import text


def obstacle(rule: AnyRule, view: View, others: Mapping[str, View]) -> str:
    """Why a rule cannot be measured here, or nothing.

    Raises InternalError for a drift rule without the view of its reference version: whoever
    measures has to bring it.
    """
    missing = _missing(rule.columns, view)
    if missing:
        return missing
    dataset, columns = rule.reads
    if dataset:
        if dataset not in others:
            return f"dataset {dataset!r} is missing"
        missing = _missing(columns, others[dataset])
        return missing and f"{missing} in {dataset!r}"
    if isinstance(rule, Drift):
        missing = _missing(rule.columns, reference_of(rule, others))
        return missing and f"{missing} in version {rule.reference}"
    return ""


def _missing(columns: Sequence[str], view: View) -> str:
    absent = [column for column in columns if column not in view.column_names]
    return f"column {absent[0]!r} is missing" if absent else ""


def reference_of(rule: Drift, others: Mapping[str, View]) -> View:
    """The view that a drift rule compares with, among the others as `@<version>`."""
    reference = others.get(f"@{rule.reference}")
    if reference is None:
        raise InternalError(
            f"drift of {rule.column!r} is measured against version {rule.reference},"
            " and no view of it was given"
        )
    return reference


def refuse_bad_patterns(view: View, checks: Iterable[Check]) -> None:
    """Raise BadInput for the first regular expression that RE2 cannot use."""
    for check in checks:
        for column, regex in _patterns(check.rule):
            try:
                view.query("SELECT regexp_full_match('', ?)", [regex])
            except duckdb.InvalidInputException as error:
                raise BadInput(
                    f"check {check.name or check.id} on column {column!r} has a pattern that"
                    f" cannot be used: {regex!r} ({str(error).partition(': ')[2]})",
                    "patterns are written in RE2 syntax: no look-ahead, no back-reference",
                ) from error


def _patterns(rule: AnyRule) -> list[tuple[str, str]]:
    """The regular expressions in a rule, each with the column that it is about."""
    if isinstance(rule, Pattern):
        return [(rule.column, rule.regex)]
    return [
        (part.value.column, part.regex)
        for formula in formulas_of(rule)
        for part in parts_of(formula)
        if isinstance(part, Matches)
    ]


@contextmanager
def ground_of(
    view: View, rules: Iterable[AnyRule], others: Mapping[str, View]
) -> Generator[Ground]:
    """A view with the keys that its foreign keys may use in reach of its connection.

    The other datasets may be open in other connections, so their keys are carried over, and taken
    away at the end.
    """
    keys: dict[Known, Keys] = {}
    try:
        for rule in dict.fromkeys(rule for rule in rules if isinstance(rule, ForeignKey)):
            other, name = others[rule.dataset], f"ostler: keys {len(keys)}"
            stored = tuple(
                _alike(view.type_of(mine), other.type_of(theirs))
                for mine, theirs in zip(rule.on, rule.references, strict=True)
            )
            columns = ", ".join(
                f"{quoted(column) if as_stored else text(column)} AS {quoted(str(place))}"
                for place, (column, as_stored) in enumerate(
                    zip(rule.references, stored, strict=True)
                )
            )
            present = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in rule.references)
            view.connection.register(
                name, other.arrow(f"SELECT DISTINCT {columns} FROM {other.source} WHERE {present}")
            )
            keys[_known(rule)] = Keys(name, stored)
        yield Ground(view, keys)
    finally:
        for carried in keys.values():
            view.connection.unregister(carried.relation)


def _alike(mine: str, theirs: str) -> bool:
    """Whether values of two types are equal exactly when their texts are."""
    return (mine == theirs and mine in EXACT) or (mine in WHOLE and theirs in WHOLE)


def _known(rule: ForeignKey) -> Known:
    return Known(tuple(map(Cell, rule.on)), rule.dataset, rule.references)


def sources_of(
    rules: Iterable[AnyRule], others: Mapping[str, View]
) -> Mapping[Known, Digest | None]:
    """What the keys of other datasets come from; None where no files of theirs are known."""
    return {
        _known(rule): digest_of([file.digest for file in others[rule.dataset].files])
        if others[rule.dataset].files
        else None
        for rule in rules
        if isinstance(rule, ForeignKey)
    }
